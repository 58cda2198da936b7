"""Signing a request to an S3 store: AWS Signature Version 4, in the header ``Authorization``.

Source: Amazon S3 API reference, Signature Calculations for the Authorization Header: Transferring Payload in a Single
Chunk, https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, unquote_plus, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "s3"
_EMPTY = hashlib.sha256(b"").hexdigest()
"""Digest of what a request without a body holds."""
_UNSIGNED = {"authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
"""Headers that machines on the way may change."""
_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True)
class Keys:
    """Keys that requests are signed with; they are shown and pickled by nothing.

    Attributes
    ----------
    identifier : str
        Access key ID; it is part of each request.
    secret : str
        Secret access key; it is part of none.
    token : str or None
        Session token, for keys that are lent for some hours.
    """

    identifier: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def __reduce__(self) -> NoReturn:
        msg = "Keys are not pickled: they would be written down. Let the other process read its own."
        raise TypeError(msg)


def sign_request(
    method: str, url: str, headers: Mapping[str, str], keys: Keys, region: str, moment: datetime | None = None
) -> dict[str, str]:
    """Sign a request that has no body.

    Parameters
    ----------
    method : str
        ``GET`` or ``HEAD``.
    url : str
        Address that the request is sent to.
    headers : mapping of str to str
        What else is sent; it is signed, too, but for what machines on the way may change.
    keys : Keys
    region : str
        Where the bucket is, such as ``eu-west-2``.
    moment : datetime or None
        When it is sent; None for now. A store takes it for 15 minutes.

    Returns
    -------
    dict of str to str
        All headers to send.
    """
    time = (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scheme, _, rest = url.partition("#")[0].partition("://")
    before, _, query = rest.partition("?")
    host, _, path = before.partition("/")
    sent = dict(headers)
    sent |= {"X-Amz-Content-SHA256": _EMPTY, "X-Amz-Date": time}
    if keys.token is not None:
        sent["X-Amz-Security-Token"] = keys.token
    signed = {name.lower(): " ".join(value.split()) for name, value in sent.items()}
    signed = {name: value for name, value in signed.items() if name not in _UNSIGNED}
    signed["host"] = host.lower().removesuffix(_PORTS.get(scheme.lower(), ":"))
    names = sorted(signed)
    listed = ";".join(names)
    canonical = "\n".join(
        [
            method,
            "/" + quote(unquote_to_bytes(path), safe="/~"),
            _canonical_query(query),
            *(f"{name}:{signed[name]}" for name in names),
            "",
            listed,
            _EMPTY,
        ]
    )
    scope = f"{time[:8]}/{region}/{_SERVICE}/aws4_request"
    text = "\n".join([_ALGORITHM, time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.digest(_derive_key(keys.secret, time[:8], region), text.encode(), "sha256").hex()
    credential = f"{_ALGORITHM} Credential={keys.identifier}/{scope}"
    sent["Authorization"] = f"{credential},SignedHeaders={listed},Signature={signature}"
    return sent


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = (each.partition("=") for each in query.split("&") if each)
    return "&".join(sorted(f"{_encode(name)}={_encode(value)}" for name, _, value in pairs))


def _encode(text: str) -> str:
    return quote(unquote_plus(text), safe="~")


@functools.lru_cache(maxsize=16)
def _derive_key(secret: str, day: str, region: str) -> bytes:
    key = hmac.digest(f"AWS4{secret}".encode(), day.encode(), "sha256")
    for part in (region, _SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
