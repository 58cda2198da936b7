"""Check entries that were written by hand: form, licence, identifiers, links, and what is at the address."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bioimagehub.catalogs.entries import read_entries
from bioimagehub.catalogs.errors import ArchiveError, ArchiveUnreachableError, CatalogError
from bioimagehub.catalogs.health import check_health, save_health
from bioimagehub.catalogs.vocabulary.licences import ALL_RIGHTS_RESERVED, USES, forbids, parse_licence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bioimagehub.catalogs.archives.client import Client
    from bioimagehub.catalogs.records import Record

_LICENCE_REF = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


def check_file(file: Path) -> tuple[list[Record], list[str]]:
    """Check a catalog file without a network.

    Parameters
    ----------
    file : Path
        A catalog file; what is nested in it is checked with it.

    Returns
    -------
    records : list of Record
        The valid ones.
    problems : list of str
        One line a problem; empty when all is good. Problems of one entry do not hide those of another.

    Raises
    ------
    CatalogNotFoundError, InvalidEntryError
        If the file is missing or is not a catalog.
    """
    records, problems = [], []
    for found in read_entries(file):
        if isinstance(found, CatalogError):
            problems.append(str(found))
        else:
            records.append(found)
    twice = sorted(name for name, number in Counter(record.identifier for record in records).items() if number > 1)
    problems += [f"{name}: more than one entry has this identifier; rename all but one." for name in twice]
    known = {record.identifier for record in records}
    for record in records:
        # What was harvested says so, and is as its archive has it.
        if not record.facts:
            problems += [f"{record.identifier}: {fault}" for fault in _find_faults(record, known)]
    return records, problems


def _find_faults(record: Record, known: set[str]) -> Iterable[str]:
    licence = record.licence
    if licence is not None and _LICENCE_REF.fullmatch(licence) is None and parse_licence(licence)[0] != licence:
        yield f"the licence {licence!r} is no SPDX identifier; write one, such as CC-BY-4.0, or LicenseRef- and a name."
    known_terms = licence == ALL_RIGHTS_RESERVED or forbids(licence) != USES
    if licence is not None and licence.startswith("LicenseRef-") and not known_terms and record.licence_url is None:
        yield f"the licence {licence!r} has no text in SPDX; add licence_url, where it is written."
    if record.part_of is not None and record.part_of not in known:
        yield f"it is part of {record.part_of}, which the file does not hold; add that study, or leave part_of out."
    if not record.source_url.startswith(("https://", "http://")):
        yield f"source_url is {record.source_url!r}; expected an address that begins with https://."
    for organism in record.organisms:
        if organism.taxon is None:
            yield f"the organism {organism.name!r} has no taxon; look it up in the NCBI taxonomy."
    local = record.driver is not None and record.url is not None and "://" not in record.url
    if local and not Path(str(record.url)).exists():
        yield f"its image was not found at {record.url}; correct the path."


def check_live(
    records: Sequence[Record],
    *,
    client: Client | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[str]:
    """Read each image where it lies, keep what came of it as its health, and report what is not as the record says.

    Parameters
    ----------
    records : sequence of Record
    client : Client or None
        What asks for the links; None makes one.
    progress : callable or None
        Called with the number of records done, of how many, and the identifier of the next.

    Returns
    -------
    list of str
        One line for each link that leads nowhere, and each image that cannot be opened or has other axes, another
        shape or another type than its record. A host that did not answer several times is not asked again.
    """
    from bioimagehub.catalogs.archives.client import Client

    problems = []
    with nullcontext(client) if client is not None else Client() as asked:
        silent: Counter[str] = Counter()
        for number, record in enumerate(records):
            if progress is not None:
                progress(number, len(records), record.identifier)
            problems += [f"{record.identifier}: {fault}" for fault in _find_dead_link(record, asked, silent)]
            if record.driver is None or record.url is None or silent[urlsplit(record.url).netloc] >= _TIRED:
                continue
            health = check_health(record)
            save_health(health)
            if not health.good:
                fault = str(health.opens or health.tile)
                problems.append(fault if record.identifier in fault else f"{record.identifier}: {fault}")
    return problems + [f"{host} did not answer; its other links were not checked." for host in _given_up(silent)]


_TIRED = 3


def _given_up(silent: Counter[str]) -> list[str]:
    return sorted(host for host, times in silent.items() if times >= _TIRED)


def _find_dead_link(record: Record, client: Client, silent: Counter[str]) -> list[str]:
    host = urlsplit(record.source_url).netloc
    if not record.source_url.startswith(("https://", "http://")) or silent[host] >= _TIRED:
        return []
    try:
        client.head(record.source_url)
    except ArchiveUnreachableError as error:
        silent[host] += 1
        return [f"source_url: {error}"]
    except ArchiveError as error:
        return [f"source_url: {error}"]
    silent[host] = 0
    return []
