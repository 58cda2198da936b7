"""The operator's requests to a running hub, through JupyterHub's API on the loopback interface."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from bioimagehub.hub.settings import Settings
    from bioimagehub.hub.state import StateFolder


class HubApi:
    """Speaks to one hub with the operator's token.

    Every method raises OSError (`urllib.error.URLError`) if the hub does not answer or refuses.

    Parameters
    ----------
    settings : Settings
        The settings in force.
    folder : StateFolder
        The state folder, which holds the token.
    """

    def __init__(self, settings: Settings, folder: StateFolder) -> None:
        self._url = f"http://127.0.0.1:{settings.ports.hub}/hub/api"
        self._folder = folder

    def _ask(self, method: str, path: str, timeout: float = 30.0) -> Any:
        request = urllib.request.Request(  # noqa: S310 (built from the settings)
            f"{self._url}{path}",
            method=method,
            headers={"Authorization": f"token {self._folder.secret('operator')}"},
        )
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 (as above)
            body = answer.read()
        return json.loads(body) if body else None

    def users(self) -> list[dict[str, Any]]:
        """Return JupyterHub's users with their servers."""
        users: list[dict[str, Any]] = self._ask("GET", "/users")
        return users

    def delete_user(self, name: str) -> bool:
        """Delete a user, who loses server, clusters and tokens at once; tell whether there was one."""
        try:
            self._ask("DELETE", f"/users/{quote(name)}", timeout=120.0)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True
