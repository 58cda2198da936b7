"""Send a submission to the portal of a hub: what a notebook and the command line do at their end."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from bioimagehub.challenges.errors import SubmitError

if TYPE_CHECKING:
    from os import PathLike

ADDRESS_VARIABLE = "BIOIMAGEHUB_PORTAL_URL"
TOKEN_VARIABLES = ("BIOIMAGEHUB_TOKEN", "JUPYTERHUB_API_TOKEN")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SECONDS = 120.0
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK = 2**20


@dataclass(frozen=True)
class Acknowledged:
    """What the portal answered: the submission is kept, and will be scored once.

    Attributes
    ----------
    id : str
        By which it is asked for.
    sha256 : str
        Of the file, in hexadecimal digits; it is that of what was sent.
    ahead : int or None
        Submissions before it in the queue.
    """

    id: str
    sha256: str
    ahead: int | None


def submit(
    path: str | PathLike[str],
    challenge: str,
    phase: str,
    *,
    address: str | None = None,
    token: str | None = None,
    entry: str | None = None,
) -> Acknowledged:
    """Send a submission.

    Parameters
    ----------
    path : path
        A file, or a folder of predictions, which is sent as a zip file.
    challenge, phase : str
        Their names.
    address : str, optional
        Of the portal, such as ``https://hub.example.org/services/challenges``; else ``BIOIMAGEHUB_PORTAL_URL``.
    token : str, optional
        Of the hub; else ``BIOIMAGEHUB_TOKEN``, or ``JUPYTERHUB_API_TOKEN``, which every notebook on a hub has.
    entry : str, optional
        Name on the board, beside that of the user.

    Raises
    ------
    SubmitError
        If there is no such file, no address or token, the portal is not reached, or it refuses the submission.
    """
    place = _portal(address)
    secret = token or next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), None)
    if not secret:
        msg = (
            f"There is no token for {place}. Expected one in {TOKEN_VARIABLES[0]}, or in a file. Make one on the page "
            "of tokens of the hub."
        )
        raise SubmitError(msg)
    path = Path(path)
    if not path.exists():
        msg = f"There is nothing to submit at {path}. Expected a file, or a folder of predictions. Correct the path."
        raise SubmitError(msg)
    asked = {"filename": f"{path.name}.zip" if path.is_dir() else path.name} | ({"entry": entry} if entry else {})
    url = f"{place}/api/challenges/{quote(challenge, safe='')}/phases/{quote(phase, safe='')}/submissions"
    with tempfile.TemporaryDirectory(prefix="submission-") as folder:
        file = pack(path, Path(folder) / "submission.zip") if path.is_dir() else path
        digest = _digest(file)
        values = _post(f"{url}?{urlencode(asked)}", file, secret)
    if values.get("sha256") != digest:
        msg = (
            f"The portal at {place} tells of the SHA-256 {values.get('sha256')!r}, and {path} has {digest}. "
            "What arrived is not what was sent. Look at your submissions there, and submit again."
        )
        raise SubmitError(msg)
    return Acknowledged(str(values["id"]), digest, values.get("ahead"))


def pack(folder: Path, target: Path) -> Path:
    """Write the files of a folder into a zip file: the same files give the same bytes.

    Raises
    ------
    SubmitError
        If there is a link in the folder: what it leads to would be sent.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
            if file.is_symlink():
                msg = (
                    f"{file} is a link. Expected files, so that nothing else is sent by mistake. Copy it in its place."
                )
                raise SubmitError(msg)
            if file.is_file():
                member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                with file.open("rb") as source, archive.open(member, "w", force_zip64=True) as packed:
                    while block := source.read(_BLOCK):
                        packed.write(block)
    return target


def _portal(address: str | None) -> str:
    place = (address or os.environ.get(ADDRESS_VARIABLE) or "").rstrip("/")
    parts = urlsplit(place)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = (
            f"The address of the portal is {place or 'not given'}. Expected one such as "
            f"https://hub.example.org/services/challenges. Give it, or set {ADDRESS_VARIABLE}."
        )
        raise SubmitError(msg)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        msg = f"The address {place} is not encrypted, so that others could read the token. Give it with https://."
        raise SubmitError(msg)
    return place


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _post(url: str, file: Path, token: str) -> dict[str, Any]:
    import urllib3
    from urllib3.exceptions import HTTPError

    headers = {
        "Authorization": f"token {token}",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(file.stat().st_size),
    }
    where = url.partition("?")[0]
    try:
        with urllib3.PoolManager() as pool, file.open("rb") as body:
            # Sent once, and to nobody else: a second try might be a second submission.
            answer = pool.request(
                "POST", url, body=body, headers=headers, retries=False, redirect=False, timeout=SECONDS
            )
            said, status = answer.data, answer.status
    except HTTPError as error:
        msg = (
            f"The portal was not reached at {where}: {error}. Whether the submission was taken is not known: look at "
            "your submissions there before you send it again."
        )
        raise SubmitError(msg) from error
    try:
        values = json.loads(said)
    except ValueError:
        values = None
    if status == 201 and isinstance(values, dict) and "id" in values:
        return values
    detail = values.get("detail") if isinstance(values, dict) else None
    msg = f"The portal did not take the submission at {where} (status {status}): {detail or 'it gave no reason'}"
    raise SubmitError(msg)
