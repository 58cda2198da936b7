"""The settings of a hub: one typed object, read from one YAML file.

The reference page ``docs/reference/settings.md`` is generated from the descriptions here.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ByteSize, ConfigDict, Field, ValidationError, model_validator

from bioimagehub.hub.errors import SettingsError

SETTINGS_VARIABLE = "BIOIMAGEHUB_SETTINGS"
STATE_VARIABLE = "BIOIMAGEHUB_STATE"

USER_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def _check_user_name(name: str) -> str:
    if not USER_NAME.fullmatch(name):
        msg = "is not a user name: wanted are 1 to 31 of a-z, 0-9 and '-', beginning with a letter"
        raise ValueError(msg)
    return name


UserName = Annotated[str, AfterValidator(_check_user_name)]
# Made absolute: the hub's processes and its users' have other working folders.
AbsolutePath = Annotated[Path, AfterValidator(Path.absolute)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ports(_Section):
    """The TCP ports that the hub's own processes listen on, all on the loopback interface."""

    hub: Port = Field(18081, description="JupyterHub's own API; servers and services call it.")
    proxy_api: Port = Field(18001, description="The proxy's routing table; JupyterHub writes it.")
    gateway: Port = Field(18788, description="Dask Gateway over HTTP; notebooks call it.")
    schedulers: Port = Field(18786, description="Dask schedulers over TLS; notebooks connect to it.")
    gateway_api: Port = Field(18789, description="Dask Gateway's private API, behind its proxy.")
    portal: Port = Field(18790, description="The portal of the challenges, behind the proxy.")


class Servers(_Section):
    """Limits of the notebook servers."""

    memory: ByteSize | None = Field(
        ByteSize(2 * 1024**3), description="Memory limit of one server, such as `2G`; null for none."
    )
    cpus: float | None = Field(None, gt=0, description="Processor limit of one server in cores; null for none.")
    idle_seconds: int = Field(
        3600, ge=0, description="A server without activity is stopped after this time; 0 for never."
    )
    start_seconds: int = Field(180, ge=10, description="Time that a server has to start and to answer.")
    starts_at_once: int | None = Field(
        None, ge=1, description="Servers that may be starting at the same time; null for twice the cores."
    )


class Clusters(_Section):
    """Limits of the Dask clusters."""

    worker_memory: ByteSize = Field(ByteSize(1024**3), description="Memory of one worker, such as `1G`.")
    worker_cores: int = Field(1, ge=1, description="Threads of one worker.")
    max_workers: int = Field(4, ge=1, description="Workers that one cluster may have.")
    idle_seconds: int = Field(600, ge=0, description="A cluster without work is stopped after this time; 0 for never.")
    start_seconds: int = Field(60, ge=10, description="Time that a scheduler or a worker has to start.")


class Portal(_Section):
    """The portal of the challenges: who may organise, what may be sent, what scoring may use."""

    enabled: bool = Field(True, description="Whether the hub has a portal, at `/services/challenges/`.")
    organisers: str | None = Field(
        None, description="JupyterHub group whose members may create and replace challenges, beside the admins."
    )
    workers: int = Field(1, ge=1, le=64, description="Processes that score submissions, one at a time each.")
    database_file: AbsolutePath | None = Field(
        None,
        description="File with the URL of a PostgreSQL database, `postgresql+psycopg://…`, readable by the hub alone "
        "(0600); null for SQLite in the state folder.",
    )
    submission_size: ByteSize = Field(
        ByteSize(1024**3), description="Largest submission of any challenge, such as `1G`; a challenge may allow less."
    )
    challenge_size: ByteSize = Field(
        ByteSize(8 * 1024**3), description="Largest challenge with its truth that an organiser may send."
    )
    attempts_per_day: int = Field(
        50, ge=1, description="What one user may send to one challenge a day, with all that is refused."
    )
    score_seconds: int = Field(3600, ge=10, description="Time that checking and scoring one submission may take.")
    score_memory: ByteSize = Field(ByteSize(8 * 1024**3), description="Memory that scoring one submission may take.")
    methods: bool = Field(
        True, description="Whether methods are taken, too, which the hub runs in a sandbox where this machine has one."
    )
    method_seconds: int = Field(600, ge=1, description="Time that a method may take for one image.")
    method_memory: ByteSize = Field(ByteSize(4 * 1024**3), description="Memory that a method may take.")
    session_hours: float = Field(12, gt=0, le=720, description="Time after which a browser logs in again.")


class OAuth(_Section):
    """Log-in through an identity provider in place of passwords."""

    provider: str = Field(
        description="Name of an authenticator of oauthenticator: `generic-oauth`, `github`, `gitlab`, `google`, "
        "`globus`, `cilogon`, …"
    )
    client_id: str = Field(description="The client that the provider knows this hub as.")
    client_secret_file: AbsolutePath = Field(
        description="File with the client's secret, readable by the hub alone (0600)."
    )
    callback_url: str = Field(description="`https://<public address>/hub/oauth_callback`.")
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Further traits of the authenticator, such as `authorize_url`, `token_url`, `username_claim`.",
    )
    allowed_users: list[str] = Field(default_factory=list, description="Users who may log in.")
    allowed_groups: list[str] = Field(
        default_factory=list, description="Groups whose members may log in, where the provider tells groups."
    )

    @model_validator(mode="after")
    def _someone_may_log_in(self) -> OAuth:
        if not self.allowed_users and not self.allowed_groups:
            msg = "allows nobody: name at least one of allowed_users and allowed_groups"
            raise ValueError(msg)
        return self


def default_state() -> Path:
    """Return the state folder that is used when no setting names one.

    Returns
    -------
    Path
        ``$BIOIMAGEHUB_STATE`` where it is set, ``/var/lib/bioimagehub`` for root,
        ``~/.local/state/bioimagehub`` (``$XDG_STATE_HOME``) for everybody else.
    """
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/bioimagehub")
    from platformdirs import user_state_path

    return user_state_path("bioimagehub")


class Settings(_Section):
    """Everything that an operator can set."""

    state: AbsolutePath = Field(
        default_factory=default_state,
        description="Folder for all that the hub keeps: databases, secrets, homes, logs, the sample archive. "
        "Default: `$BIOIMAGEHUB_STATE`, else `/var/lib/bioimagehub` for root and "
        "`~/.local/state/bioimagehub` for everybody else.",
    )
    address: str = Field(
        "127.0.0.1", description="Address that the proxy listens on. Put TLS in front before it is public."
    )
    port: Port = Field(8000, description="Port that the proxy listens on.")
    ports: Ports = Field(default_factory=lambda: Ports(), description="Ports of the hub's own processes.")
    users: list[UserName] = Field(
        default=["researcher"],
        description="Users of the workshop log-in. A user without a password gets one, which is printed once.",
    )
    admins: list[UserName] = Field(default=[], description="Users who see JupyterHub's admin page.")
    oauth: OAuth | None = Field(None, description="Identity provider in place of the workshop log-in.")
    isolation: Literal["auto", "uid", "shared"] = Field(
        "auto",
        description="`uid`: each user runs under a private uid (needs root). `shared`: all users run under the hub's "
        "own uid and can read each other's files. `auto`: `uid` for root, `shared` for everybody else.",
    )
    trust_each_other: bool = Field(
        False, description="Admit more than one user although they are not kept apart (isolation `shared`)."
    )
    uid_base: int = Field(
        200_000,
        ge=1000,
        le=2_000_000_000,
        description="First of the private uids; 10,000 from here are the hub's.",
    )
    servers: Servers = Field(default_factory=lambda: Servers(), description="Limits of the notebook servers.")
    clusters: Clusters = Field(default_factory=lambda: Clusters(), description="Limits of the Dask clusters.")
    portal: Portal = Field(
        default_factory=lambda: Portal(),
        description="The portal of the challenges: who may organise, what may be sent, what scoring may use.",
    )
    notebooks: AbsolutePath | None = Field(
        None, description="Folder of notebooks that every home gets; null for those that come with the hub."
    )
    catalogs: list[AbsolutePath] = Field(
        default=[],
        description="Intake catalogs (YAML) that every notebook's `open_catalog()` finds beside its own.",
    )

    @model_validator(mode="after")
    def _ports_differ(self) -> Settings:
        used = [self.port, *self.ports.model_dump().values()]
        twice = sorted({port for port in used if used.count(port) > 1})
        if twice:
            msg = f"uses a port for two things: {', '.join(map(str, twice))}"
            raise ValueError(msg)
        return self


def _known_names(location: tuple[int | str, ...]) -> list[str]:
    """Return the names of the settings that may stand where an unknown one stood."""
    model: Any = Settings
    for part in location[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
            choices = [*get_args(annotation), annotation]
            model = next((c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)), model)
    return sorted(model.model_fields)


def _explain(error: ValidationError, source: str) -> str:
    lines = []
    for problem in error.errors():
        location = tuple(part for part in problem["loc"])
        name = ".".join(map(str, location)) or "the whole"
        if problem["type"] == "extra_forbidden":
            known = _known_names(location)
            near = difflib.get_close_matches(str(location[-1]), known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
            lines.append(f"  {name}: there is no such setting; {hint}")
        else:
            text = problem["msg"].removeprefix("Value error, ")
            lines.append(f"  {name}: {text} (found {problem['input']!r})")
    count = f"{len(lines)} of the settings are" if len(lines) > 1 else "one of the settings is"
    return (
        f"Cannot use the settings of {source}: {count} not as expected.\n"
        + "\n".join(lines)
        + "\nCorrect the file; docs/reference/settings.md describes every setting."
    )


def parse_settings(values: object, source: str) -> Settings:
    """Return checked settings from the content of a settings file.

    Parameters
    ----------
    values : object
        What the YAML file holds; None (an empty file) means all defaults.
    source : str
        Where the values come from, for messages.

    Raises
    ------
    SettingsError
        If a setting is unknown or its value is not as expected. All problems are listed.
    """
    if values is None:
        values = {}
    if not isinstance(values, dict):
        msg = (
            f"Cannot use the settings of {source}: expected names with values, found {type(values).__name__}. "
            "Write one `name: value` a line."
        )
        raise SettingsError(msg)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, source)) from None


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings of a file, or the defaults where there is none.

    Parameters
    ----------
    path : Path or None
        The YAML file. None means ``$BIOIMAGEHUB_SETTINGS``, else ``settings.yaml`` in the default state
        folder, which need not exist.

    Raises
    ------
    SettingsError
        If the file cannot be read, is not YAML or holds a wrong setting.
    """
    if path is None and (chosen := os.environ.get(SETTINGS_VARIABLE)):
        path = Path(chosen)
    if path is None:
        path = default_state() / "settings.yaml"
        if not path.exists():
            return Settings()
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"Cannot read the settings file {path}: {error.strerror}. Check the path and its permissions."
        raise SettingsError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"Cannot read the settings file {path}: it is not YAML.\n  {error}\nCorrect the file at that place."
        raise SettingsError(msg) from error
    return parse_settings(values, str(path))
