"""Objects of S3 stores: the address that an object is read from, and the signature where there are keys for it.

Sources: Amazon S3 user guide, Virtual hosting of buckets,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html; AWS SDKs and tools reference guide, Shared
config and credentials files, https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from bioimagehub.catalogs.errors import InvalidCredentialsError, MissingFileError
from bioimagehub.catalogs.reader.credentials import Bucket, installed_credentials
from bioimagehub.catalogs.reader.profiles import read_profile
from bioimagehub.catalogs.reader.signature import Keys, sign_request

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME = "s3://"

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST_LABEL = re.compile(r"[a-z0-9][a-z0-9-]*")
"""A bucket that may be part of a host name under a certificate for ``*.s3.amazonaws.com``."""
_AMAZON = re.compile(
    r"https://(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?s3(?:[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-\d)?"
    r"\.amazonaws\.com(?:\.cn)?/(?P<rest>.*)"
)
_NOT_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NO = {"", "0", "false", "no"}
_REGION = "us-east-1"
"""Region that signatures name where none is known, as other clients do."""


def locate(url: str) -> str:
    """Give the address over HTTP of an object or a folder.

    Parameters
    ----------
    url : str
        ``s3://<bucket>/<key>``; the key is percent-encoded, and what may not stand in an address is encoded here.

    Raises
    ------
    MissingFileError
        If there is no bucket in it.
    InvalidCredentialsError
        If what is set for the bucket cannot be used.

    Examples
    --------
    >>> locate("s3://cellpainting-gallery/cpg0000/my image.tif")
    'https://cellpainting-gallery.s3.amazonaws.com/cpg0000/my%20image.tif'
    """
    name, _, key = url.removeprefix(SCHEME).partition("/")
    if not url.startswith(SCHEME) or not _BUCKET.fullmatch(name):
        msg = f"{url} names no bucket; expected s3://bucket/key. Correct the address."
        raise MissingFileError(msg)
    store = _Store.of(url)
    path = quote(_NOT_ENCODED.sub("%25", key), safe="/~%")
    return f"{store.base(name)}/{path}"


def sign(method: str, url: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Sign a request where there are keys for the bucket; else it stays as it is, which a public bucket takes.

    Parameters
    ----------
    method : str
    url : str
        Of `locate`. What is at no S3 store is never signed.
    headers : mapping of str to str

    Returns
    -------
    dict of str to str
        All headers to send. They hold for 15 minutes, and for this request alone.

    Raises
    ------
    InvalidCredentialsError
        If what is set for the bucket cannot be used.
    """
    found = _find_store(url)
    if found is None:
        return dict(headers)
    store, name = found
    keys = store.keys
    # What `locate` does not give is somebody else's, or open to all.
    if keys is None or not url.startswith(store.base(name) + "/"):
        return dict(headers)
    return sign_request(method, url, headers, keys, store.region() or _REGION)


def _find_store(url: str) -> tuple[_Store, str] | None:
    """Give what is set for an address over HTTP, and its bucket; None for one that is at no store that is known."""
    buckets = installed_credentials().buckets
    general = _Store(Bucket(SCHEME))
    for store in (*map(_Store, buckets), general):
        if store.endpoint is not None and url.startswith(f"{store.endpoint}/"):
            address = SCHEME + url[len(store.endpoint) + 1 :]
            break
    else:
        found = _AMAZON.match(url)
        if found is None:
            return None
        address = f"{SCHEME}{found['bucket']}/{found['rest']}" if found["bucket"] else SCHEME + found["rest"]
    name = address.removeprefix(SCHEME).partition("/")[0]
    return (_Store.of(address) if buckets else general), name


class _Store:
    """What is set for an address that begins with ``s3://``: by the file of credentials, then by the environment.

    Attributes
    ----------
    endpoint : str or None
        Address of a store other than Amazon's, without the ``/`` at its end.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        named = bucket.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        self.endpoint = named.rstrip("/") if named else read_profile(bucket.profile).endpoint

    @classmethod
    def of(cls, address: str) -> _Store:
        return cls(installed_credentials().bucket(address) or Bucket(SCHEME))

    def base(self, name: str) -> str:
        """Give the address of a bucket."""
        if self.endpoint is not None:
            return f"{self.endpoint}/{name}"
        # Without keys the host without a region is right for each bucket; it would be wrong to guess another.
        region = self._bucket.region or (self.region() if "." in name or self.keys is not None else None)
        host = f"s3.{region}.amazonaws.com" if region else "s3.amazonaws.com"
        host += ".cn" if region and region.startswith("cn-") else ""
        return f"https://{name}.{host}" if _HOST_LABEL.fullmatch(name) else f"https://{host}/{name}"

    def region(self) -> str | None:
        return (
            self._bucket.region
            or os.environ.get("AWS_REGION")
            or os.environ.get("AWS_DEFAULT_REGION")
            or read_profile(self._bucket.profile).region
        )

    @functools.cached_property
    def keys(self) -> Keys | None:
        """Keys; None for requests that are not signed."""
        bucket = self._bucket
        if bucket.anonymous or os.environ.get("AWS_NO_SIGN_REQUEST", "").strip().lower() not in _NO:
            return None
        if bucket.access_key_env is not None and bucket.secret_key_env is not None:
            return _keys_of_variables(bucket.access_key_env, bucket.secret_key_env, bucket.session_token_env)
        if bucket.profile is not None:
            return read_profile(bucket.profile).keys
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        if any(os.environ.get(name) for name in names):
            return _keys_of_variables(*names, "AWS_SESSION_TOKEN")
        return read_profile(None).keys


def _keys_of_variables(identifier: str, secret: str, token: str | None) -> Keys:
    missing = [name for name in (identifier, secret) if not os.environ.get(name)]
    if missing:
        msg = (
            f"The keys of an S3 store are not whole: {' and '.join(missing)} is not set. Expected both {identifier} "
            f"and {secret}. Set what is missing; or unset both, or set AWS_NO_SIGN_REQUEST=1, for public buckets."
        )
        raise InvalidCredentialsError(msg)
    return Keys(os.environ[identifier], os.environ[secret], os.environ.get(token or "") or None)
