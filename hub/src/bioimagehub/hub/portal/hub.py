"""What the portal asks JupyterHub: whose token it is, and what that person may do."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jupyterhub.services.auth import HubOAuth
from tornado.web import HTTPError

from bioimagehub.hub.errors import HubUnavailableError, NotAllowedError, NotLoggedInError

if TYPE_CHECKING:
    from bioimagehub.hub.portal.place import PortalConfiguration

# How long an answer of the hub is believed: a revoked token opens nothing after this time.
BELIEVED_SECONDS = 20
TOKEN = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Rights:
    """What somebody may do beside taking part.

    Attributes
    ----------
    organiser : bool
        Create challenges, and replace one's own: an admin, or a member of the group of the settings.
    admin : bool
        Replace those of others, too.
    """

    organiser: bool
    admin: bool


class Hub:
    """JupyterHub, as the portal's log-in.

    Every method raises `HubUnavailableError` if JupyterHub does not answer.

    Parameters
    ----------
    configuration : PortalConfiguration
        Where the hub is, and the portal's own token.
    """

    def __init__(self, configuration: PortalConfiguration) -> None:
        self._configuration = configuration
        self._rights: dict[str, tuple[float, Rights]] = {}
        self._access = f"access:services!service={configuration.service}"
        self._auth = HubOAuth(
            api_url=configuration.hub_api,
            api_token=configuration.token,
            base_url=configuration.prefix,
            hub_prefix=configuration.hub_public,
            oauth_client_id=f"service-{configuration.service}",
            oauth_redirect_uri=f"{configuration.prefix}/oauth_callback",
            cache_max_age=BELIEVED_SECONDS,
        )

    def begin_log_in(self, state: str) -> tuple[str, str]:
        """Return the address that a browser goes to, and the secret (PKCE) that its return is checked with."""
        verifier, challenge, method = self._auth.generate_pkce_code_challenge()
        query = {
            "client_id": self._auth.oauth_client_id,
            "redirect_uri": self._auth.oauth_redirect_uri,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": method,
        }
        return f"{self._auth.oauth_authorization_url}?{urlencode(query)}", verifier

    async def trade_code(self, code: str, verifier: str) -> str:
        """Return the token that the hub gives for a code, which it takes once.

        Raises
        ------
        NotAllowedError
            If the hub does not know the code.
        """
        try:
            token: str = await self._auth.token_for_code(code, code_verifier=verifier, sync=False)
        except HTTPError as error:
            if error.status_code == 502 or "connect" in (error.log_message or ""):
                raise _unavailable() from error
            msg = "Cannot log in: the hub does not know this code. Codes hold for a minute, once. Open the page again."
            raise NotAllowedError(msg) from error
        return token

    async def find_user(self, token: str) -> str:
        """Return the name of the user of a token.

        Raises
        ------
        NotLoggedInError
            If the hub does not know the token, or no longer.
        NotAllowedError
            If it is not a user's, or does not open this service.
        """
        if not TOKEN.fullmatch(token):
            raise _unknown_token()
        try:
            model: dict[str, Any] | None = await self._auth.user_for_token(token, sync=False)
        except HTTPError as error:
            raise _unavailable() from error
        if model is None:
            raise _unknown_token()
        if model.get("kind") != "user" or not self._auth.check_scopes({self._access}, model):
            msg = (
                "This token does not open the challenges. Expected is a user's token with the scope "
                f"{self._access!r}; that of a notebook server has it. Make one on the hub's token page."
            )
            raise NotAllowedError(msg)
        name: str = model["name"]
        return name

    async def find_rights(self, user: str) -> Rights:
        """Return what somebody may do beside taking part."""
        known = self._rights.get(user)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            url = f"{self._configuration.hub_api}/users/{quote(user, safe='')}"
            model: dict[str, Any] = await self._auth._api_request("GET", url)
        except HTTPError as error:
            raise _unavailable() from error
        group = self._configuration.organisers
        admin = bool(model.get("admin"))
        rights = Rights(admin or (group is not None and group in model.get("groups", [])), admin)
        if len(self._rights) > 10_000:
            self._rights.clear()
        self._rights[user] = (time.monotonic() + BELIEVED_SECONDS, rights)
        return rights


def _unknown_token() -> NotLoggedInError:
    msg = (
        "The hub does not know this token, or no longer. Expected is `Authorization: token …` with one of yours. Make "
        "one on the hub's token page, or use that of your notebook server."
    )
    return NotLoggedInError(msg)


def _unavailable() -> HubUnavailableError:
    msg = "The hub cannot say who you are: JupyterHub does not answer. Nothing was changed. Try again in a moment."
    return HubUnavailableError(msg)
