"""The file that gives access to stores: read only where nobody else can, and told of without showing what it holds."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import InvalidCredentialsError
from bioimagehub.catalogs.reader.credentials import TOKEN, Access, Bucket, Credentials, normalize

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KINDS = ({"token"}, {"token_env"}, {"user", "password"})
_BUCKET_KEYS = {"access_key_env", "anonymous", "endpoint", "profile", "region", "secret_key_env", "session_token_env"}
_SHAPES = (
    "'match' with the beginning of an address that ends in '/', and then one of: 'token'; 'token_env'; 'user' and "
    "'password'; or, where 'match' is s3://bucket/ or s3://, any of 'endpoint', 'region', and one of: "
    "'anonymous: true'; 'profile'; 'access_key_env' and 'secret_key_env' with 'session_token_env' if there is one"
)
_PREFIX = re.compile(r"(https?)://((\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?)/[\x21-\x7e]*")
_BUCKET_PREFIX = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]*/)?")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[::1\]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_credentials(file: Path) -> Credentials:
    """Read a file of credentials.

    Raises
    ------
    InvalidCredentialsError
        If others may read the file, or it is not a list as `installed_credentials` tells.
    """
    import yaml

    content = _read_private(file)
    try:
        # Nothing but comments is None.
        entries = yaml.safe_load(content) or []
    except yaml.YAMLError as error:
        # The error itself shows the line, and with it the secret.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        msg = f"The credentials {file} are not YAML{where}. Expected a list of {_SHAPES}. Correct the file."
        raise InvalidCredentialsError(msg) from None
    if not isinstance(entries, list):
        msg = f"The credentials {file} are no list; expected a list of {_SHAPES}. Correct the file."
        raise InvalidCredentialsError(msg)
    parsed = [_parse(entry, number, file) for number, entry in enumerate(entries, 1)]
    prefixes = [each.prefix for each in parsed]
    twice = sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1})
    if twice:
        msg = f"The credentials {file} say twice what opens {twice[0]}; expected one entry for it. Remove the other."
        raise InvalidCredentialsError(msg)
    return Credentials(
        [each for each in parsed if isinstance(each, Access)], [each for each in parsed if isinstance(each, Bucket)]
    )


def _read_private(file: Path) -> bytes:
    """Read a file, after it was made sure that its owner alone can."""
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_uid != os.geteuid():
                msg = (
                    f"The credentials {file} are not used: they belong to user {status.st_uid}, not to you. "
                    "Expected a file of your own: make one, or name another one with BIOIMAGEHUB_CREDENTIALS."
                )
                raise InvalidCredentialsError(msg)
            if status.st_mode & 0o077:
                msg = (
                    f"The credentials {file} are not used: others may read or write them (mode "
                    f"{status.st_mode & 0o777:03o}). Expected mode 600: type chmod 600 {file}, and renew what is in it."
                )
                raise InvalidCredentialsError(msg)
            return opened.read()
    except OSError as error:
        msg = (
            f"The credentials {file} cannot be read: {error.strerror}. Expected a file of your own with mode 600: "
            "correct its permissions, or name another one with BIOIMAGEHUB_CREDENTIALS."
        )
        raise InvalidCredentialsError(msg) from None


def _parse(entry: Any, number: int, file: Path) -> Access | Bucket:
    match = entry.get("match") if isinstance(entry, dict) else None
    if isinstance(match, str) and match.endswith("/"):
        keys = set(entry) - {"match"}
        if _BUCKET_PREFIX.fullmatch(match):
            found: Access | Bucket | None = _parse_bucket(match, entry) if keys <= _BUCKET_KEYS else None
        else:
            found = _parse_access(normalize(match), entry) if keys in _KINDS else None
        if found is not None:
            return found
    msg = (
        f"Entry {number} of the credentials {file} is not as expected: {_SHAPES}. All are text, in quotes where they "
        "look like numbers; addresses begin with https://, or with http:// on this machine alone. Correct that entry."
    )
    raise InvalidCredentialsError(msg)


def _parse_access(prefix: str, entry: Mapping[str, Any]) -> Access | None:
    found = _PREFIX.fullmatch(prefix)
    if found is None or (found[1] == "http" and not _LOOPBACK.fullmatch(found[3])):
        return None
    if "user" in entry:
        user, password = entry["user"], entry["password"]
        if not isinstance(user, str) or not isinstance(password, str) or ":" in user or not user:
            return None
        return Access(prefix, f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}", None)
    name, token = entry.get("token_env"), entry.get("token")
    if isinstance(name, str) and _NAME.fullmatch(name):
        return Access(prefix, None, name)
    return Access(prefix, f"Bearer {token}", None) if isinstance(token, str) and TOKEN.fullmatch(token) else None


def _parse_bucket(prefix: str, entry: Mapping[str, Any]) -> Bucket | None:
    values = {name: value for name, value in entry.items() if name not in ("match", "anonymous")}
    anonymous = entry.get("anonymous", False)
    if not isinstance(anonymous, bool) or not all(isinstance(each, str) and each for each in values.values()):
        return None
    if "endpoint" in values:
        values["endpoint"] = normalize(values["endpoint"]).rstrip("/")
        if not _PREFIX.fullmatch(values["endpoint"] + "/"):
            return None
    variables = {name for name in values if name.endswith("_env")}
    if variables and not {"access_key_env", "secret_key_env"} <= variables:
        return None
    if bool(variables) + ("profile" in values) + anonymous > 1:
        return None
    return Bucket(prefix, anonymous=anonymous, **values)
