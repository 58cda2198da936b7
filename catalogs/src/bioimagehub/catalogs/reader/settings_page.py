"""The page docs/reference/reader.md, made of the settings.

``python -m bioimagehub.catalogs.reader.settings_page > docs/reference/reader.md`` renews it.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields
from pathlib import Path

from bioimagehub.catalogs.reader.settings import PREFIX, ReaderSettings

_HEAD = """\
# Reader

Everything that opens bytes goes through one layer. It keeps connections, tries again, checks versions, keeps what it
read in a cache on disk, and counts what was read. It needs no settings. This page tells those that there are.

## Settings

Each is a variable of the environment. A process reads them when it reads its first bytes. A value that cannot be used
is an error, and so is a variable that begins with `{prefix}` and is not listed here.

| variable | default | meaning |
|---|---|---|
"""

_TAIL = """\

Sizes take `k`, `M`, `G` and `T`, in steps of 1024.

| other variable | what it names |
|---|---|
| `BIOIMAGEHUB_CREDENTIALS` | file of [access to stores](../how-to/give-access-to-a-store.md) |
| `BIOIMAGEHUB_HOSTS` | file of further rules for [where archives have moved to](hosts.md) |

## The cache

All processes of a user share it. Each range that was read is one file, with a checksum; its name is made of the
address that the catalog has, the range, and the version that was expected. So it does not matter which mirror gave it.

| rule | what happens |
|---|---|
| a version of the file is asked for, as of one that is open or pinned | the entry of that version is used |
| the file is part of an image whose metadata were read, the entry younger than `{prefix}CACHE_DAYS` | it is used |
| anything else | the store is asked whether it is still the same; if so, it is used and counts as new |
| the entry is damaged, cut off, or somebody else's | it is removed, and the bytes are read from the store |
| the cache is full | what was used least recently is removed |
| the disk is full, or the folder cannot be written | nothing more is kept, one warning is logged, reading goes on |
| the folder is another user's, or others may write to it | it is not used, and a warning is logged |

Bytes are written to the cache after they were given to who reads them, by a thread of its own. Up to 64 MiB wait for
it. What comes while so much waits is not kept. Local files are never cached.

## S3

`s3://bucket/key` is read over HTTPS. A request is signed where there are keys for it, else anonymous. Keys come from
the first of these:

1. an entry for the bucket in the file of [access to stores](../how-to/give-access-to-a-store.md)
2. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`
3. the profile `AWS_PROFILE`, else `default`, in `~/.aws/credentials` (`AWS_SHARED_CREDENTIALS_FILE`)

| variable | meaning |
|---|---|
| `AWS_REGION`, `AWS_DEFAULT_REGION` | region of buckets; else the profile's in `~/.aws/config` (`AWS_CONFIG_FILE`) |
| `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` | another store than Amazon's, such as `https://minio.example.org` |
| `AWS_NO_SIGN_REQUEST` | when it is set and not `0`, `false` or `no`: all requests are anonymous |

Without keys, the region does not matter. A signature must name the region of its bucket: Amazon refuses any other.

The address of an object is percent-encoded, as in HTTPS. What may not stand in an address is encoded for you, so
`s3://bucket/my image.tif` works. Roles, single sign-on and the keys of a machine in the cloud are not looked for;
`aws configure export-credentials --format env` prints them as variables.

## Counts

Requests, bytes and decoded chunks are counted for each dataset, with its version. Bytes from the cache are counted
apart. `counting` tells what was read in a block:

```python
from bioimagehub.catalogs import open_catalog
from bioimagehub.catalogs.reader.counts import counting

with counting() as read:
    open_catalog()["samples:bbbc038-nuclei"].open().load()
assert [each.identifier for each in read.counted] == ["samples:bbbc038-nuclei"]
```

All threads of the process count. `counting(client)` counts the workers of a Dask cluster, too. `counted()` gives all
that the process has read since it began, and `merge` adds up what several gave.

This page is made from the settings: `python -m bioimagehub.catalogs.reader.settings_page`.
"""

_ITEM = re.compile(r"^(\w+) : [^\n]+\n((?:    [^\n]*\n?)+)", re.MULTILINE)


def format_page() -> str:
    """Write the page in Markdown."""
    attributes = inspect.cleandoc(ReaderSettings.__doc__ or "").partition("Attributes\n")[2].partition("Raises\n")[0]
    meanings = {name: " ".join(text.split()) for name, text in _ITEM.findall(attributes)}
    defaults = ReaderSettings()
    rows = []
    for each in fields(ReaderSettings):
        value = _spell(each.name, getattr(defaults, each.name))
        rows.append(f"| `{PREFIX}{each.name.upper()}` | {value} | {meanings[each.name]} |")
    return _HEAD.format(prefix=PREFIX) + "\n".join(rows) + "\n" + _TAIL.format(prefix=PREFIX)


def _spell(name: str, value: object) -> str:
    if isinstance(value, Path):
        return "`bioimagehub/chunks` in the user's cache folder"
    if isinstance(value, int) and name.startswith("cache_"):
        return next(f"`{value // size}{unit}`" for unit, size in (("G", 1024**3), ("M", 1024**2)) if value >= size)
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(format_page())
