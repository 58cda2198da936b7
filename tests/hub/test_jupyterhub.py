"""Every decision of the hub's set-up, read back from the configuration."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from bioimagehub.hub.errors import AccountError, SettingsError
from bioimagehub.hub.gateway import setup_gateway
from bioimagehub.hub.isolation import SHARED_NOTICE, Isolation
from bioimagehub.hub.jupyterhub import setup_hub
from bioimagehub.hub.settings import Settings, parse_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(state=tmp_path / "state", users=["ann", "bob"], isolation="shared", trust_each_other=True)
    folder = Isolation.of(settings).folder
    folder.make()
    folder.make_secrets()
    return settings


def _hub(settings: Settings) -> Any:
    c = Config()
    umask = os.umask(0)
    try:
        setup_hub(c, settings)
    finally:
        os.umask(umask)
    return c


def test_everything_listens_on_the_loopback_interface(settings: Settings) -> None:
    c = _hub(settings)
    gateway: Any = Config()
    setup_gateway(gateway, settings)
    addresses = [
        c.JupyterHub.bind_url, c.JupyterHub.hub_bind_url, c.TraefikProxy.traefik_api_url, c.Spawner.ip,
        gateway.DaskGateway.address, gateway.Proxy.address, gateway.Proxy.tcp_address,
    ]  # fmt: skip
    assert all("127.0.0.1" in address for address in addresses)


def test_only_those_named_may_log_in(settings: Settings) -> None:
    c = _hub(settings)
    made = c.JupyterHub.authenticator_class(config=c)
    assert type(made).__name__ == "WorkshopAuthenticator"
    assert not made.allow_all
    made.accounts.add("ann")
    assert [made.check_allowed(name) for name in ("ann", "bob", "eve")] == [True, False, False]
    made.accounts.add("eve")
    assert made.check_allowed("eve")
    c = _hub(settings.model_copy(update={"trust_each_other": False, "users": ["ann"]}))
    alone = c.JupyterHub.authenticator_class(config=c)
    assert [alone.check_allowed(name) for name in ("ann", "eve")] == [True, False]


def test_a_servers_token_opens_its_own_server_the_gateway_and_the_portal(settings: Settings) -> None:
    c = _hub(settings)
    assert set(c.Spawner.server_token_scopes) == {
        "users:activity!user", "access:servers!server", "access:services!service=dask-gateway",
        "access:services!service=challenges",
    }  # fmt: skip
    gateway: Any = Config()
    setup_gateway(gateway, settings)
    assert gateway.TokenAuthenticator.jupyterhub_service_name == "dask-gateway"


def test_no_service_has_more_rights_than_it_needs(settings: Settings) -> None:
    roles = {role["name"]: role["scopes"] for role in _hub(settings).JupyterHub.load_roles}
    assert "delete:servers" in roles["idle-culler"]
    assert not any(scope.startswith("admin") for scope in roles["idle-culler"])
    assert "shutdown" not in roles["operator"]


def test_secrets_are_no_settings(settings: Settings) -> None:
    folder = Isolation.of(settings).folder
    folder.keep_settings(settings)
    kept = folder.settings_file
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for path in (folder.private / "secrets").iterdir():
        assert path.read_text() not in kept.read_text()


def test_the_log_in_page_says_what_users_must_know(settings: Settings) -> None:
    assert _hub(settings).JupyterHub.template_vars == {"announcement_login": SHARED_NOTICE}
    apart = settings.model_copy(update={"isolation": "uid"})
    assert "template_vars" not in _hub(apart).JupyterHub


def test_starts_at_once_fit_the_machine(settings: Settings) -> None:
    c = _hub(settings)
    assert c.HubSpawner.starts_at_once == max(2, 2 * (os.cpu_count() or 1))
    assert c.Spawner.http_timeout >= 180
    few = parse_settings({"servers": {"starts_at_once": 3, "start_seconds": 60}, "state": str(settings.state)}, "x")
    c = _hub(few.model_copy(update={"isolation": "shared"}))
    assert (c.HubSpawner.starts_at_once, c.HubSpawner.start_seconds) == (3, 60)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "client-secret"
    path.write_text("hush\n")
    path.chmod(0o600)
    return path


def _oauth(secret: Path, **more: Any) -> dict[str, Any]:
    return {
        "provider": "generic-oauth", "client_id": "hub", "client_secret_file": str(secret),
        "callback_url": "https://hub.example.org/hub/oauth_callback", "allowed_users": ["ann"], **more,
    }  # fmt: skip


def _with_provider(settings: Settings, oauth: dict[str, Any]) -> Settings:
    return parse_settings({"state": str(settings.state), "isolation": "shared", "oauth": oauth}, "x")


def test_an_identity_provider_takes_the_place_of_passwords(settings: Settings, secret: Path) -> None:
    options = {"authorize_url": "https://id.example.org/auth", "username_claim": "sub"}
    oauth = _oauth(secret, options=options, allowed_groups=["lab"])
    c = _hub(_with_provider(settings, oauth))
    assert "OAuthenticator" in [base.__name__ for base in c.JupyterHub.authenticator_class.__mro__]
    made = c.JupyterHub.authenticator_class(config=c)
    assert made.client_secret == "hush"
    assert made.authorize_url == "https://id.example.org/auth"
    assert made.allowed_users == {"ann"}
    assert made.allowed_groups == {"lab"}
    assert not made.allow_all
    assert hasattr(made, "gateway_secret"), "a deleted user loses the clusters here too"


def test_a_client_secret_that_others_can_read_is_refused(settings: Settings, secret: Path) -> None:
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match=r"client-secret: others may read it \(mode 0644\).*chmod 600"):
        _hub(_with_provider(settings, _oauth(secret)))


def test_a_missing_client_secret_is_named(settings: Settings) -> None:
    with pytest.raises(SettingsError, match=r"/no/secret: No such file.*0600"):
        _hub(_with_provider(settings, _oauth(Path("/no/secret"))))


def test_an_unknown_provider_is_named_with_the_known(settings: Settings, secret: Path) -> None:
    with pytest.raises(AccountError, match=r"'dummy': it asks no identity provider.*generic-oauth"):
        _hub(_with_provider(settings, _oauth(secret, provider="dummy")))
    with pytest.raises(AccountError, match=r"'facebook': no such authenticator.*generic-oauth.*Set oauth\.provider"):
        _hub(_with_provider(settings, _oauth(secret, provider="facebook")))
