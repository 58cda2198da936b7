"""Who may log in: the workshop's users with passwords, or an identity provider's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from jupyterhub.auth import Authenticator
from traitlets import Instance, Unicode

from bioimagehub.hub.accounts import Accounts
from bioimagehub.hub.errors import AccountError
from bioimagehub.hub.isolation import Isolation
from bioimagehub.hub.processes import end, find_by_uid

if TYPE_CHECKING:
    from jupyterhub.user import User


class LosesEverything(Authenticator):
    """Adds to an authenticator that a deleted user's clusters and processes end with the user."""

    isolation = Instance(Isolation, help="How users are kept apart.").tag(config=True)
    gateway_url = Unicode(help="Dask Gateway's private address.").tag(config=True)
    gateway_secret = Unicode(help="Opens the private part of Dask Gateway.").tag(config=True)

    async def delete_user(self, user: User) -> None:
        """Stop the clusters of a deleted user and, under a private uid, everything else that still runs."""
        super().delete_user(user)
        url = f"{self.gateway_url}/api/private/users/{user.name}/clusters"
        headers = {"Authorization": f"Bearer {self.gateway_secret}"}
        try:
            async with aiohttp.ClientSession() as session, session.delete(url, headers=headers) as answer:
                answer.raise_for_status()
        except aiohttp.ClientError as error:
            self.log.error("The clusters of the deleted user %s may still run: %s", user.name, error)
        if self.isolation.kind == "uid":
            left = find_by_uid(self.isolation.uid(user.name))
            await asyncio.to_thread(end, left, 2.0)


class WorkshopAuthenticator(LosesEverything):
    """Users and passwords of one file, for a hub without an identity provider."""

    accounts_file = Unicode(help="The file of user names and password hashes.").tag(config=True)

    @property
    def accounts(self) -> Accounts:
        """The users, as the file has them now."""
        return Accounts(Path(self.accounts_file))

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:  # noqa: ARG002 (JupyterHub's)
        """Return the name of the user whose password was given, or None."""
        name, password = data["username"], data["password"]
        # The hash takes some 50 ms of processor; the hub serves others meanwhile.
        if await asyncio.to_thread(self.accounts.matches, name, password):
            return name
        return None

    def validate_username(self, username: str) -> bool:
        """Tell whether a name is that of a user. JupyterHub deletes all others when it starts.

        So whoever was removed while the hub was stopped has lost sessions and tokens, too.
        """
        return username in {*self.accounts.names(), *self.admin_users}

    def check_allowed(self, username: str, authentication: Any = None) -> bool:  # noqa: ARG002 (JupyterHub's)
        """Tell whether a user still has an account, and is one of those admitted where nobody is kept apart."""
        settings = self.isolation.settings
        if self.isolation.kind == "shared" and not settings.trust_each_other:
            return username in {*settings.users, *settings.admins} and username in self.accounts.names()
        return username in self.accounts.names()

    async def delete_user(self, user: User) -> None:
        """Remove the account with the user, so that the password opens nothing any more."""
        try:
            self.accounts.remove(user.name)
        except AccountError:
            self.log.info("The deleted user %s had no account any more", user.name)
        await super().delete_user(user)


def provider_class(name: str) -> type[LosesEverything]:
    """Return an authenticator of an identity provider whose deleted users lose everything.

    Parameters
    ----------
    name : str
        Its name among JupyterHub's authenticators, such as ``generic-oauth``.

    Raises
    ------
    AccountError
        If no such authenticator is installed.
    """
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group="jupyterhub.authenticators")}
    if name not in found:
        msg = (
            f"Cannot log users in by {name!r}: no such authenticator is installed; known are "
            f"{', '.join(sorted(found))}. Set oauth.provider to one of them."
        )
        raise AccountError(msg)
    from oauthenticator.oauth2 import OAuthenticator

    base = found[name].load()
    if not issubclass(base, OAuthenticator):
        msg = (
            f"Cannot log users in by {name!r}: it asks no identity provider. Set oauth.provider to one of "
            "oauthenticator's, such as generic-oauth, or leave oauth out for the workshop log-in."
        )
        raise AccountError(msg)
    return type("ProviderAuthenticator", (LosesEverything, base), {"__doc__": base.__doc__})
