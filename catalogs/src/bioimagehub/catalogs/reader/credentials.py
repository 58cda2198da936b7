"""Access to stores that ask who you are: which secret goes to which address, and to no other.

Secrets are in one file that its owner alone can read, or in variables that it names. They are shown by nothing here:
not by errors, not by ``repr``, and not by what is pickled. A worker on another machine reads its own file.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote

from bioimagehub.catalogs.errors import InvalidCredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE = "BIOIMAGEHUB_CREDENTIALS"

TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a token is made of."""
_STEP = re.compile(r"[/\\]")
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, repr=False)
class Access:
    """What is sent to the addresses that begin with a prefix.

    Attributes
    ----------
    prefix : str
        Ends in ``/``, so that it names a whole host or folder.
    header : str or None
        Value of ``Authorization``; None if it is in a variable.
    variable : str or None
        Name of the variable that holds a token.
    """

    prefix: str
    header: str | None
    variable: str | None

    def authorization(self) -> str:
        """Give the value of the header ``Authorization``."""
        if self.header is not None:
            return self.header
        token = os.environ.get(str(self.variable), "").strip()
        if not TOKEN.fullmatch(token):
            found = "holds what no token is made of" if token else "is not set"
            msg = (
                f"The credentials for {self.prefix} are not there: the variable {self.variable}, which is to hold "
                f"the token, {found}. Set it, or correct token_env in the file of credentials."
            )
            raise InvalidCredentialsError(msg)
        return f"Bearer {token}"

    def __repr__(self) -> str:
        return f"<Access {self.prefix}>"

    def __reduce__(self) -> NoReturn:
        msg = "Credentials are not pickled: they would be written down. Let the other process read its own."
        raise TypeError(msg)


@dataclass(frozen=True)
class Bucket:
    """How a bucket is reached.

    Attributes
    ----------
    prefix : str
        ``s3://`` and the name of the bucket with a ``/``, or ``s3://`` alone for all buckets.
    endpoint : str or None
        Address of the store, without the ``/`` at its end; None for the one of the environment, or Amazon's.
    region, profile : str or None
    access_key_env, secret_key_env, session_token_env : str or None
        Names of variables.
    anonymous : bool
        Whether requests are not signed.
    """

    prefix: str
    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    access_key_env: str | None = None
    secret_key_env: str | None = None
    session_token_env: str | None = None
    anonymous: bool = False


class Credentials:
    """What the file of credentials holds; `installed_credentials` gives those in force."""

    def __init__(self, accesses: Iterable[Access] = (), buckets: Iterable[Bucket] = ()) -> None:
        self._accesses = sorted(accesses, key=lambda each: -len(each.prefix))
        self.buckets = tuple(sorted(buckets, key=lambda each: -len(each.prefix)))

    def headers(self, url: str) -> Mapping[str, str]:
        """Give the headers that open an address; none where nothing is known for it.

        Of several that match, the longest one counts.

        Raises
        ------
        InvalidCredentialsError
            If the variable that is to hold the token is not set.
        """
        if not self._accesses:
            return _NOTHING
        wanted = normalize(url)
        for each in self._accesses:
            if wanted.startswith(each.prefix):
                return _NOTHING if _climbs(wanted[len(each.prefix) :]) else {"Authorization": each.authorization()}
        return _NOTHING

    def bucket(self, address: str) -> Bucket | None:
        """Give how an address that begins with ``s3://`` is reached; None where nothing is said of it."""
        return next((each for each in self.buckets if address.startswith(each.prefix)), None)

    def __repr__(self) -> str:
        prefixes = [*(each.prefix for each in self._accesses), *(each.prefix for each in self.buckets)]
        return f"<Credentials for {', '.join(prefixes) or 'nothing'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return installed_credentials, ()


_Signature = tuple[Path, int, int, int, int, int]
_read: tuple[_Signature, Credentials] | None = None
_NONE = Credentials()


def installed_credentials() -> Credentials:
    """Give the credentials of the file that ``BIOIMAGEHUB_CREDENTIALS`` names, which is read when it changes.

    It is ``credentials.yml`` in the user's configuration folder where the variable is not set. A file that is not
    there gives no credentials. The file is a YAML list::

        - match: https://example.org/private/
          token: 6f1ed002ab
        - match: https://data.example.org/
          token_env: DATA_TOKEN
        - match: https://example.org/old/
          user: researcher
          password: secret
        - match: s3://bucket/
          endpoint: https://minio.example.org
          profile: laboratory

    Raises
    ------
    InvalidCredentialsError
        If others may read the file, or it is not such a list.
    """
    global _read
    named = os.environ.get(VARIABLE)
    file = _find_file(named)
    try:
        status = file.stat()
    except OSError:
        # Nothing there, or nothing that this user may see.
        return _NONE
    signature = (file, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_mode)
    known = _read
    if known is None or known[0] != signature:
        from bioimagehub.catalogs.reader.credentials_file import read_credentials

        known = (signature, read_credentials(file))
        _read = known
    return known[1]


@functools.lru_cache(maxsize=8)
def _find_file(named: str | None) -> Path:
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("bioimagehub") / "credentials.yml"


def normalize(url: str) -> str:
    """Write scheme and host in small letters, and leave out the port that goes without saying."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    scheme, host = scheme.lower(), host.lower()
    host = host.removesuffix({"https": ":443", "http": ":80"}.get(scheme, ":"))
    return f"{scheme}{mark}{host}{slash}{path}"


def _climbs(path: str) -> bool:
    """Tell whether a path may leave the folder that a secret is for."""
    return (".." in path or "%" in path) and ".." in _STEP.split(unquote(path.partition("?")[0]))
