"""The proxy's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bcrypt
from traitlets.config import Config

from bioimagehub.hub.isolation import Isolation
from bioimagehub.hub.proxy import update_proxy
from bioimagehub.hub.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_a_request_to_the_proxy_costs_no_slow_hash_and_needs_the_whole_password(tmp_path: Path) -> None:
    isolation = Isolation.of(Settings(state=tmp_path))
    isolation.folder.make()
    c: Any = Config()
    update_proxy(c, isolation)
    password, hashed = c.TraefikProxy.traefik_api_password, c.TraefikProxy.traefik_api_hashed_password
    assert password == isolation.folder.secret("proxy")
    assert len(bytes.fromhex(password)) == 32, "a fast hash is enough for a secret that nobody can guess"
    assert hashed.split("$")[2] == "04"
    assert bcrypt.checkpw(password.encode(), hashed.encode())
    assert not bcrypt.checkpw(password[:-1].encode(), hashed.encode())
