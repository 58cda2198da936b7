"""Log-in through an identity provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from servers.hub import free_ports
from servers.identity import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers.hub import RunningHub

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def hub(
    start_hub: Callable[..., RunningHub], provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory
) -> RunningHub:
    secret = tmp_path_factory.mktemp("secret") / "client-secret"
    secret.write_text(CLIENT_SECRET)
    secret.chmod(0o600)
    (port,) = free_ports(1)
    options = {
        "authorize_url": f"{provider.url}/authorize", "token_url": f"{provider.url}/token",
        "userdata_url": f"{provider.url}/user", "username_claim": "preferred_username",
        "auth_state_groups_key": "oauth_user.groups",
    }  # fmt: skip
    oauth = {
        "provider": "generic-oauth", "client_id": CLIENT_ID, "client_secret_file": str(secret),
        "callback_url": f"http://127.0.0.1:{port}/hub/oauth_callback", "options": options,
        "allowed_users": ["ann"], "allowed_groups": ["lab"],
    }  # fmt: skip
    return start_hub({"port": port, "oauth": oauth})


@pytest.mark.parametrize(
    ("user", "groups", "status"), [("ann", [], 200), ("bob", ["lab"], 200), ("eve", ["others"], 403)]
)
def test_those_allowed_get_in_and_nobody_else(
    hub: RunningHub, provider: IdentityProvider, user: str, groups: list[str], status: int
) -> None:
    provider.user, provider.groups = user, groups
    with requests.Session() as session:
        page = session.get(f"{hub.url}/hub/oauth_login?next=/hub/home", timeout=60)
        assert page.status_code == status
        assert (page.url == f"{hub.url}/hub/home") == (status == 200)


def test_the_secret_stays_secret(hub: RunningHub) -> None:
    assert not [path for path in hub.logs() if CLIENT_SECRET in path.read_text(errors="replace")]
    assert not [line for line in hub.marked().values() if CLIENT_SECRET in line]
