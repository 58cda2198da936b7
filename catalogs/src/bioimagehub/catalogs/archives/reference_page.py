"""Write docs/reference/archives.md out of what the modules of the archives and the shipped tables say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.archives import ALIASES, ARCHIVES, open_archive
from bioimagehub.catalogs.entries import find_installed_catalog
from bioimagehub.catalogs.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bioimagehub.catalogs.archives.archive import Archive

_HEAD = """# Archives

What each archive gives here, with its limits, its licence, and the date of what was harvested from it. Written by
`python -m bioimagehub.catalogs.archives.reference_page`; a test checks that it is current. Nobody asked the archives
for this page: limits are those of their interfaces as they were recorded.

Archives can be asked live: `bioimagehub catalog files bia:S-BIAD599`, `bioimagehub catalog show --live idr:idr0062`,
`bioimagehub catalog harvest idr`. Where an archive has no interface for something, the error says what to do instead.

*Studies* and *images* count the records that come with the software; *readable* are images that open with
`record.open()`. *Facts of* are the dates on which what they were made of was recorded.

"""


def format_page(folder: Path | None = None) -> str:
    """Write the page in Markdown.

    Parameters
    ----------
    folder : Path or None
        Folder of the tables; None is that of the installed catalog.
    """
    folder = folder or find_installed_catalog().parent
    archives: list[Archive] = sorted(
        (open_archive(name).ARCHIVE for name in ARCHIVES), key=lambda one: one.title.lower()
    )
    counts = {archive.name: _count(folder / f"{archive.name}.parquet") for archive in archives}
    rows = [
        f"| [{one.title}](#{_anchor(one.title)}) | `{one.name}:{one.example}` | " + " | ".join(counts[one.name]) + " |"
        for one in archives
    ]
    table = [
        "| archive | identifier, such as | studies | images | readable | facts of |",
        "|---|---|---:|---:|---:|---|",
        *rows,
    ]
    return _HEAD + "\n".join(table) + "\n\n" + _aliases() + "\n".join(_section(archive) for archive in archives)


def _aliases() -> str:
    named = ", ".join(f"`{alias}` ({identifier})" for alias, identifier in sorted(ALIASES.items()))
    return f"Archives that live on as a study of another one are found under their own names: {named}.\n\n"


def _section(archive: Archive) -> str:
    lines = [
        f"## {archive.title}",
        "",
        f"{_sentence(archive.gives)}",
        "",
        f"- Limits: {_sentence(archive.limits)}",
        f"- Licence: {_sentence(archive.licence)}",
        f"- Interface: {_link(archive.interface) if archive.interface else 'none.'}",
        f"- Home: {_link(archive.home)}",
    ]
    if archive.instead:
        lines.append(f"- Instead: {_sentence(archive.instead)}")
    return "\n".join([*lines, ""])


def _link(address: str) -> str:
    """Link what can be visited over https; name the others, which are of old archives."""
    return f"<{address}>" if address.startswith("https://") else f"`{address}`"


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


def _anchor(title: str) -> str:
    return "".join(sign for sign in title.lower().replace(" ", "-") if sign.isalnum() or sign == "-")


def _count(table: Path) -> tuple[str, str, str, str]:
    """Count studies, images and readable images of a table, and give the span of the dates of its facts."""
    if not table.is_file():
        return "0", "0", "0", "none yet"
    studies = images = readable = 0
    days: set[str] = set()
    for fields in read_table(table):
        studies += fields.get("kind") == "study"
        images += fields.get("kind") != "study"
        readable += "driver" in fields
        days.update(_days(fields))
    first, last = (min(days), max(days)) if days else ("", "")
    span = first if first == last else f"{first} to {last}"
    return f"{studies:,}", f"{images:,}", f"{readable:,}", span or "not stated"


def _days(fields: Mapping[str, Any]) -> Iterable[str]:
    return (fact["retrieved"] for fact in fields.get("facts", ()))


if __name__ == "__main__":
    sys.stdout.write(format_page())
