"""The proxy of Dask Gateway: started as Dask Gateway itself would."""

from __future__ import annotations

from pathlib import Path

from dask_gateway_server.proxy.core import Proxy
from traitlets.config import Config

from bioimagehub.hub.gateway import update_addresses
from bioimagehub.hub.gateway_proxy import gateway_proxy_command, gateway_proxy_path
from bioimagehub.hub.settings import Settings
from bioimagehub.hub.state import StateFolder


def test_the_command_is_that_of_dask_gateway(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path)
    folder = StateFolder(tmp_path)
    folder.make()
    config = Config()
    update_addresses(config, settings)
    proxy = Proxy(config=config, gateway_address=f"127.0.0.1:{settings.ports.gateway_api}")
    expected = proxy.get_start_command(is_child_process=False)
    command, environment = gateway_proxy_command(settings, folder)
    assert command == [str(Path(expected[0]).resolve()), *expected[1:]]
    assert environment == {"DASK_GATEWAY_PROXY_TOKEN": proxy.api_token}


def test_it_is_installed() -> None:
    path = gateway_proxy_path()
    assert path is not None
    assert path.stat().st_mode & 0o111
