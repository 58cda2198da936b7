"""A folder of a board as an RO-Crate 1.2 (https://w3id.org/ro/crate/1.2): what each file is, and whose work it is.

As elsewhere in the project, what is not known is left out and never made up.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bioimagehub.challenges.boards.board import Board

DESCRIPTOR = "ro-crate-metadata.json"
CONTEXT = ["https://w3id.org/ro/crate/1.2/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
FILES = {
    "board.json": ("The leaderboard", "application/json"),
    "index.html": ("The leaderboard as a page", "text/html"),
    "scores.parquet": ("The score of each entry on each case", "application/vnd.apache.parquet"),
}


def describe(board: Board, files: Mapping[str, bytes], published: date | None) -> dict[str, Any]:
    """Return the content of ``ro-crate-metadata.json``.

    Parameters
    ----------
    board : Board
    files : mapping of str to bytes
        The files of the folder, by their names; each is one of `FILES`.
    published : date or None
        When the board was published; left out if not known.

    Returns
    -------
    dict
        Every entity once in ``@graph``.
    """
    entries = [_entry(at, row.entry, row.citation, row.run) for at, row in enumerate(board.entries)]
    organisers = [
        {"@id": f"#organiser-{at}", "@type": "Person", "name": name} for at, name in enumerate(board.organisers)
    ]
    software = {"@id": "#software", "@type": "SoftwareApplication", "name": board.software}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": f"sha256:{board.digest}",
        "name": f"Leaderboard of {board.title}, phase {board.phase}",
        "description": f"Ranks of {len(board.entries)} entries on {board.cases} cases. {board.conventions}",
        "datePublished": published and published.isoformat(),
        "license": board.licence and {"@id": f"https://spdx.org/licenses/{board.licence}"},
        "author": [{"@id": one["@id"]} for one in organisers],
        "citation": list(board.citations),
        "hasPart": [{"@id": name} for name in files],
        "mentions": [{"@id": one["@id"]} for one in entries],
    }
    graph: list[dict[str, Any]] = [
        {
            "@id": DESCRIPTOR,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
            "about": {"@id": "./"},
        },
        root,
        *(_file(name, content) for name, content in files.items()),
        *organisers,
        *entries,
    ]
    if board.licence:
        licence = {"@id": f"https://spdx.org/licenses/{board.licence}", "@type": "CreativeWork", "name": board.licence}
        graph.append(licence)
    if board.software:
        graph.append(software)
        created = {
            "@id": "#ranking",
            "@type": "CreateAction",
            "name": "Ranking of the entries",
            "instrument": {"@id": "#software"},
            "result": [{"@id": name} for name in files],
        }
        graph.append(created)
    return {"@context": CONTEXT, "@graph": [_stated(entity) for entity in graph]}


def _file(name: str, content: bytes) -> dict[str, Any]:
    title, media = FILES[name]
    return {
        "@id": name,
        "@type": "File",
        "name": title,
        "encodingFormat": media,
        "contentSize": str(len(content)),
        "sha256": sha256(content).hexdigest(),
    }


def _entry(at: int, name: str, citation: str | None, run: str | None) -> dict[str, Any]:
    return {"@id": f"#entry-{at}", "@type": "CreativeWork", "name": name, "citation": citation, "isBasedOn": run}


def _stated(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if value is not None and value != []}
