"""The portal among the hub's processes and JupyterHub's services. Light: the hub imports it at its start."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.hub.environment import catalog_environment
from bioimagehub.hub.errors import SettingsError
from bioimagehub.hub.portal.place import (
    CONFIGURATION_VARIABLE,
    RUNNER_MEMORY,
    RUNNER_USER,
    WEB_USER,
    WORKER_USER,
    Place,
    PortalConfiguration,
)

if TYPE_CHECKING:
    from bioimagehub.hub.settings import Settings
    from bioimagehub.hub.state import StateFolder

PORTAL_NAME = "challenges"
PREFIX = f"/services/{PORTAL_NAME}"


def portal_service(settings: Settings, folder: StateFolder) -> dict[str, Any]:
    """Return the portal as JupyterHub wants to know it: a service with an address and a log-in."""
    return {
        "name": PORTAL_NAME,
        "url": f"http://127.0.0.1:{settings.ports.portal}",
        "api_token": folder.secret("portal"),
        "oauth_redirect_uri": f"{PREFIX}/oauth_callback",
        # It is the hub's own: nobody needs to be asked whether it may know who logs in.
        "oauth_no_confirm": True,
        "display": True,
    }


def portal_address(settings: Settings) -> str:
    """Return where notebooks on this hub find the portal: on loopback, so that it works with and without TLS."""
    return f"http://127.0.0.1:{settings.ports.portal}{PREFIX}"


def portal_role() -> dict[str, Any]:
    """Return what the portal may ask JupyterHub: who is an admin, and who is in which group."""
    return {"name": PORTAL_NAME, "services": [PORTAL_NAME], "scopes": ["read:users:name", "read:users:groups"]}


def database_url(settings: Settings) -> str:
    """Return the URL of the portal's database.

    Raises
    ------
    SettingsError
        If the file of the setting cannot be read, can be read by others, or names no PostgreSQL database.
    """
    path = settings.portal.database_file
    if path is None:
        return f"sqlite:///{settings.state / 'portal' / 'data' / 'portal.sqlite'}"
    try:
        mode = path.stat().st_mode
        url = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        msg = f"Cannot read portal.database_file {path}: {error.strerror}. Write the database's URL there, 0600."
        raise SettingsError(msg) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        msg = (
            f"Cannot use portal.database_file {path}: others may read it (mode {stat.S_IMODE(mode):04o}), expected is "
            f"0600. Run `chmod 600 {path}`."
        )
        raise SettingsError(msg)
    if not url.startswith("postgresql+psycopg://"):
        msg = (
            f"Cannot use portal.database_file {path}: it holds no URL of a PostgreSQL database. Expected is "
            "`postgresql+psycopg://user:password@host/database`. Correct it, or set portal.database_file to null."
        )
        raise SettingsError(msg)
    return url


def portal_configuration(settings: Settings, folder: StateFolder) -> PortalConfiguration:
    """Return what the process that answers the network has to know."""
    portal = settings.portal
    return PortalConfiguration(
        folder=settings.state / "portal",
        database=database_url(settings),
        port=settings.ports.portal,
        prefix=PREFIX,
        hub_api=f"http://127.0.0.1:{settings.ports.hub}/hub/api",
        hub_public="/hub/",
        service=PORTAL_NAME,
        token=folder.secret("portal"),
        cookie_secret=folder.secret("portal-cookies"),
        organisers=portal.organisers,
        submission_size=int(portal.submission_size),
        challenge_size=int(portal.challenge_size),
        attempts_per_day=portal.attempts_per_day,
        score_seconds=portal.score_seconds,
        score_memory=int(portal.score_memory),
        session_hours=portal.session_hours,
        method_seconds=portal.method_seconds,
        method_memory=int(portal.method_memory),
    )


@dataclass(frozen=True)
class PortalProcess:
    """One process of the portal.

    Attributes
    ----------
    name : str
        Its name, also of its log file.
    command : list of str
        What is run.
    environment : dict
        Added to the hub's environment.
    ready_url : str or None
        Answers when it is ready; None for workers, which nobody asks.
    """

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str | None


def portal_processes(settings: Settings, folder: StateFolder) -> list[PortalProcess]:
    """Return the portal's processes, and make their folders."""
    place = Place.of(settings)
    place.make()
    configuration = portal_configuration(settings, folder)
    # What reads submissions shall not be able to speak as the portal.
    private = configuration.model_copy(update={"token": "", "cookie_secret": ""})
    common = {
        **catalog_environment(settings),
        "HOME": str(place.folder / "work"),
        "NUMBA_CACHE_DIR": str(place.folder / "work" / "numba"),
    }
    web = PortalProcess(
        "portal",
        place.command("bioimagehub.hub.portal.web", WEB_USER),
        {CONFIGURATION_VARIABLE: configuration.model_dump_json()},
        f"http://127.0.0.1:{settings.ports.portal}{PREFIX}/health",
    )
    workers = [
        PortalProcess(
            f"portal-worker-{number}",
            place.command("bioimagehub.hub.portal.worker", WORKER_USER),
            {**common, CONFIGURATION_VARIABLE: private.model_dump_json()},
            None,
        )
        for number in range(1, settings.portal.workers + 1)
    ]
    return [web, *workers, *([_runner(settings, place, common, private)] if settings.portal.methods else [])]


def _runner(
    settings: Settings, place: Place, common: dict[str, str], configuration: PortalConfiguration
) -> PortalProcess:
    folder = str(place.folder / "methods")
    memory = int(settings.portal.method_memory) + RUNNER_MEMORY
    return PortalProcess(
        "portal-runner",
        place.command("bioimagehub.hub.portal.runner", RUNNER_USER, memory),
        {
            **common, "HOME": folder, "TMPDIR": folder, "NUMBA_CACHE_DIR": f"{folder}/numba",
            CONFIGURATION_VARIABLE: configuration.model_dump_json(),
        },
        None,
    )  # fmt: skip
