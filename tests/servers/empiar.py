"""EMPIAR as a server of a test plays it: entries, ranges of them, pages of folders."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from servers.archives import Answer

API = "https://www.ebi.ac.uk/empiar/api/entry"

FILES = "https://ftp.ebi.ac.uk/empiar/world_availability/10934"

SEARCH = "https://www.ebi.ac.uk/biostudies/api/v1/BioImages-EMPIAR/search"

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "archives" / "empiar"

DAY = date(2026, 11, 22)

ENTRY: dict[str, Any] = {
    "title": "Cryo-EM multiframe micrographs of human Pol kappa complexed with DNA and monoubiquitylated PCNA",
    "status": "REL",
    "deposition_date": "2021-12-31",
    "release_date": "2022-02-07",
    "update_date": "2022-02-07",
    "obsolete_date": None,
    "dataset_size": "1.9 TB",
    "experiment_type": "EMDB",
    "scale": "molecule",
    "entry_doi": "10.6019/EMPIAR-10934",
    "cross_references": [{"name": "EMD-12602"}],
    "biostudies_references": [{"name": "S-BIAD599"}],
    "idr_references": [],
    "empiar_references": [{"name": "EMPIAR-10934"}, {"name": "none"}],
    "related_pdb_entries": [],
    "imagesets": [
        {
            "name": "Multiframe micrographs of human Pol κ complexed with monoubiquitylated PCNA and DNA",
            "directory": "/data/CL44-1_20201106_111915",
            "category": "micrographs - multiframe",
            "header_format": "TIFF",
            "data_format": "TIFF",
            "num_images_or_tilt_series": 3889,
            "frames_per_image": 45,
            "voxel_type": "UNSIGNED BYTE",
            "pixel_width": 0.543,
            "pixel_height": 0.543,
            "image_width": "11520",
            "image_height": "8184",
        }
    ],
    "citation": [
        {
            "title": "Cryo-EM structure of human Pol κ bound to DNA and mono-ubiquitylated PCNA",
            "journal": "Nature communications",
            "volume": "12",
            "year": "2021",
            "doi": "10.1038/s41467-021-26251-6",
            "pubmedid": "34667155",
            "published": True,
            "j_or_nj_citation": True,
        }
    ],
    "authors": [
        {"author": {"name": "Lancey C", "author_orcid": "0000-0001-9064-4085"}},
        {"author": {"name": "Sobhy MA", "author_orcid": None}},
    ],
    "corresponding_author": {
        "author": {
            "first_name": "Claudia",
            "last_name": "Lancey",
            "email": "c@example.org",
            "street": "University Road",
        }
    },
    "principal_investigator": [{"author": {"first_name": "Alfredo", "telephone": "+44 555 1234"}}],
}


def make(**changes: Any) -> dict[str, Any]:
    return deepcopy(ENTRY) | changes


def play_entries(server: Any, entries: dict[str, dict[str, Any]]) -> None:
    """GET gives one entry; POST those of a range or a list, and nothing for numbers without one."""
    for accession, entry in entries.items():
        server.add(f"{API}/{accession}/", json={accession: entry})

    def answer(request: Any) -> Answer:
        first, dash, last = request.body.decode().partition("-")
        asked = range(int(first), int(last) + 1) if dash else map(int, request.body.decode().split(","))
        found = {key: entries[key] for number in asked if (key := f"EMPIAR-{number}") in entries}
        return Answer(200, json.dumps(found).encode()) if request.method == "POST" else Answer(405)

    server.add(f"{API}/", answer=answer)


def folder(*rows: str) -> bytes:
    """An index page of Apache."""
    return (
        "<html><head><title>Index of /empiar/world_availability</title></head><body><pre>"
        '<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>'
        '<a href="/empiar/world_availability/">Parent Directory</a>   -\n' + "\n".join(rows) + "</pre></body></html>"
    ).encode()


def play_files(server: Any) -> None:
    server.add(
        f"{FILES}/",
        body=folder('<a href="10934.xml">10934.xml</a> 2022-02-07 10:00  5.1K', '<a href="data/">data/</a>'),
    )
    server.add(
        f"{FILES}/data/",
        body=folder(
            '<a href="Grid%20%231_fractions.tiff">Grid #1_fractions.tiff</a>  2021-12-30 10:33  1.2G',
            '<a href="../../">up</a>',
            '<a href="https://example.org/x">elsewhere</a>',
        ),
    )
    server.add(f"{FILES}/data/Grid%20%231_fractions.tiff", body=b"II*\x00 frames")
