"""Profiles of the AWS command line: keys, region and endpoint under a name.

Source: AWS SDKs and tools reference guide, Shared config and credentials files,
https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import InvalidCredentialsError
from bioimagehub.catalogs.reader.signature import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping

_State = tuple[Path, int, int, int]
"""Path, number, time of change and size of a file."""


@dataclass(frozen=True)
class Profile:
    """What is set under a name; None for what is not.

    Attributes
    ----------
    keys : Keys or None
    region : str or None
    endpoint : str or None
        Address of a store other than Amazon's, without the ``/`` at its end.
    """

    keys: Keys | None = None
    region: str | None = None
    endpoint: str | None = None


def read_profile(name: str | None) -> Profile:
    """Read a profile from ``~/.aws/credentials`` and ``~/.aws/config``, which are read again when they change.

    Parameters
    ----------
    name : str or None
        None for the one that ``AWS_PROFILE`` names, or else ``default``, which need not be there.

    Raises
    ------
    InvalidCredentialsError
        If the profile that is named is not there, has half of a key or none that can be used, or a file is damaged.
    """
    named = name or os.environ.get("AWS_PROFILE")
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    return _find_profile(named, _look(credentials), _look(config))


def _look(named: str) -> _State | None:
    """Give path and state of a file; None where there is nothing, or nothing that this user may see."""
    path = _expand(named, os.environ.get("HOME"))
    try:
        status = path.stat()
    except OSError:
        return None
    return path, status.st_ino, status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=8)
def _expand(named: str, _: str | None) -> Path:
    return Path(named).expanduser()


@functools.lru_cache(maxsize=16)
def _find_profile(named: str | None, credentials_file: _State | None, config_file: _State | None) -> Profile:
    """Find a profile; the files are read once in each state."""
    credentials, config = _parse(credentials_file), _parse(config_file)
    profile = named or "default"
    secret = credentials.get(profile)
    public = config.get(f"profile {profile}", config.get(profile) if profile == "default" else None)
    if named is not None and secret is None and public is None:
        known = {*credentials, *(each.removeprefix("profile ") for each in config)}
        msg = (
            f"There is no AWS profile {named!r}; the files of the AWS command line hold: "
            f"{', '.join(sorted(known)) or 'none'}. Correct AWS_PROFILE or the file of credentials of this software."
        )
        raise InvalidCredentialsError(msg)
    values = {**(public or {}), **(secret or {})}
    keys = _parse_keys(profile, values)
    if keys is None and named is not None and any(each in values for each in _LENT):
        msg = (
            f"The AWS profile {named!r} has no keys: it gets them from elsewhere, which is not done here. Expected "
            "aws_access_key_id and aws_secret_access_key. Take them by: "
            f"aws configure export-credentials --profile {named} --format env"
        )
        raise InvalidCredentialsError(msg)
    endpoint = values.get("endpoint_url", "").rstrip("/") or None
    return Profile(keys, values.get("region"), endpoint)


_LENT = ("credential_process", "role_arn", "sso_account_id", "sso_session", "web_identity_token_file")
"""What a profile has that gets its keys from elsewhere."""


def _parse_keys(profile: str, values: Mapping[str, str]) -> Keys | None:
    identifier, secret = values.get("aws_access_key_id"), values.get("aws_secret_access_key")
    if not identifier and not secret:
        return None
    if not identifier or not secret:
        found, missing = ("aws_access_key_id", "aws_secret_access_key")[:: 1 if identifier else -1]
        msg = f"The AWS profile {profile!r} has {found} alone; expected {missing}, too. Add it to the file."
        raise InvalidCredentialsError(msg)
    return Keys(identifier, secret, values.get("aws_session_token") or None)


def _parse(file: _State | None) -> dict[str, dict[str, str]]:
    if file is None:
        return {}
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False, default_section="")
    try:
        parser.read_string(file[0].read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # The error itself shows lines, and with them secrets.
        msg = (
            f"The file {file[0]} of the AWS command line cannot be read ({type(error).__name__}). Expected sections "
            "in brackets, and in them lines with name = value. Correct it; aws configure writes such a file."
        )
        raise InvalidCredentialsError(msg) from None
    return {name: dict(section) for name, section in parser.items() if name}
