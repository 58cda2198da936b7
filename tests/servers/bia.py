"""The BioImage Archive as a server of a test plays it: studies, lists of files, hits, buckets."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from servers.archives import Answer

API = "https://www.ebi.ac.uk/biostudies/api/v1"

FOLDER = "https://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/599/S-BIAD599"

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "archives" / "bia"

STUDIES = sorted(RECORDED.glob("biostudies_responses/S-*/S-*_original.json")) + sorted(
    RECORDED.glob("biostudies_responses/S-BIAD1492/S-BIAD1492.json")
)

DAY = date(2026, 11, 22)

INFO = {
    "files": 2,
    "httpLink": FOLDER,
    "ftpLink": "ftp://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/599/S-BIAD599",
    "isPublic": True,
    "relPath": "S-BIAD/599/S-BIAD599",
    "hasZippedFolders": True,
    "released": 1670889600000,
    "modified": 1732185335259,
}


# No template; the title stands on the envelope and on the study.
S_BIAD599 = {
    "accno": "S-BIAD599",
    "attributes": [
        {
            "name": "Title",
            "value": "An image-based data-driven analysis of cellular architecture in a developing tissue",
        },
        {"name": "ReleaseDate", "value": "2022-12-13"},
        {"name": "RootPath", "value": "idr0079"},
        {"name": "AttachTo", "value": "BioImages"},
    ],
    "section": {
        "type": "Study",
        "attributes": [
            {"name": "License", "value": "CC BY 4.0"},
            {"name": "Keyword", "value": "lateral line primordium"},
        ],
        "links": {"url": "https://idr.openmicroscopy.org/webclient/?show=project-1105", "attributes": []},
        "subsections": [
            {
                "type": "Author",
                "attributes": [
                    {"name": "Name", "value": "Jonas Hartmann"},
                    {"name": "Email", "value": "someone@example.org"},
                    {"name": "ORCID", "value": "https://orcid.org/0000-0002-5600-8285"},
                ],
            },
            {"type": "organization", "attributes": [{"name": "Address", "value": "Meyerhofstrasse 1, Heidelberg"}]},
            {
                "type": "Publication",
                "attributes": [
                    {"name": "DOI", "value": "https://doi.org/10.7554/eLife.55913"},
                    {"name": "Year", "value": "2020"},
                ],
            },
            # One deeper, as tables are.
            [
                {
                    "type": "Biosample",
                    "attributes": [{"name": "Biological entity", "value": "Posterior lateral line primordium"}],
                    "subsections": {
                        "type": "Organism",
                        "attributes": [
                            {"name": "Scientific name", "value": "Danio rerio"},
                            {"name": "NCBI taxon ID", "value": "NCBI:txid7955"},
                        ],
                    },
                }
            ],
            {
                "type": "Image Acquisition",
                "subsections": [
                    {
                        "type": "Imaging Method",
                        "attributes": [
                            {"name": "Ontology Value", "value": "array-scan confocal microscopy"},
                            {"name": "Ontology Term ID", "value": "http://purl.obolibrary.org/obo/FBbi_00000393"},
                        ],
                    }
                ],
            },
        ],
    },
    "type": "submission",
}


# Template BioImages.v4: the title stands on the study alone, and the archive has minted a DOI.
S_BIAD1135 = {
    "accno": "S-BIAD1135",
    "attributes": [
        {"name": "Template", "value": "BioImages.v4"},
        {"name": "DOI", "value": "10.6019/S-BIAD1135"},
        {"name": "ReleaseDate", "value": "2024-04-30"},
    ],
    "section": {
        "type": "Study",
        "attributes": [
            {"name": "Title", "value": "Calcium waves in MDCK epithelium"},
            {
                "name": "License",
                "value": "as stated there",
                "valqual": [{"name": "URL", "value": "https://creativecommons.org/licenses/by/4.0/legalcode"}],
            },
        ],
        "links": [[{"url": "EMPIAR-11380", "attributes": [{"name": "Type", "value": "empiar"}]}]],
        "subsections": [
            {"type": "Biosample", "attributes": [{"name": "Organism", "value": "Danio rerio (zebrafish)"}]},
            {
                "type": "Image acquisition",
                "attributes": [{"name": "Imaging method", "value": "fluorescence microscopy"}],
            },
            {
                "type": "Annotations",
                "attributes": [
                    {"name": "Title", "value": "Nuclei"},
                    {"name": "Annotation Overview", "value": "Instance masks of nuclei"},
                    {"name": "Annotation Type", "value": "segmentation_mask, tracks"},
                ],
            },
        ],
    },
    "type": "submission",
}

ROWS = [
    {"path": "20200220/experimentK/a.tif", "Size": 149622587, "type": "file", "isDirectory": "false"},
    {"path": "#1_Raw_Images/Zelle ä.tif", "Size": 7, "type": "file", "isDirectory": "false"},
]


def play_study(server: Any, accession: str, document: dict[str, Any], info: dict[str, Any] = INFO) -> None:
    server.add(f"{API}/studies/{accession}/info", json=info)
    server.add(f"{API}/studies/{accession}", json=document)


def play_files(server: Any, rows: list[dict[str, Any]], *, cap: int = 1000, default: int = 25) -> None:
    """The new list: over the cap nothing, the offset floored to the limit, past the end the last page again."""

    def answer(request: Any) -> Answer:
        limit = int(request.query.get("limit", default))
        if limit > cap:
            return Answer(200, json.dumps({"items": [], "pagination": {"total": 0}}).encode())
        start = int(request.query.get("offset", 0)) // limit * limit
        start = min(start, (len(rows) - 1) // limit * limit)
        return Answer(
            200, json.dumps({"items": rows[start : start + limit], "pagination": {"total": len(rows)}}).encode()
        )

    server.add(f"{API}/studies/S-BIAD599/files", answer=answer)


def play_search(server: Any, hits: list[dict[str, Any]], *, collection: str = "BioImages", cap: int = 100) -> None:
    def answer(request: Any) -> Answer:
        size, page = int(request.query["pageSize"]), int(request.query["page"])
        found = hits[(page - 1) * size : page * size] if size <= cap else []
        told = {"page": page, "pageSize": size, "totalHits": len(hits), "isTotalHitsExact": True, "hits": found}
        return Answer(200, json.dumps(told).encode())

    server.add(f"{API}/{collection}/search", answer=answer)


def hit(accession: str, **more: Any) -> dict[str, Any]:
    return {"accession": accession, "type": "study", "title": f"Title of {accession}", "files": 3, **more}


BUCKET = "https://livingobjects.ebi.ac.uk/bia-integrator-data"

NEXT = "https://livingobjects.ebi.ac.uk/bioimaging-integrator-data"

UUID = "01776a3a-16a5-4c48-a104-fefcc83cc2ee"

SIBLING = "01776a3a-16a5-4c48-a104-fefcc83cc2ef"


def listing(prefix: str, folders: list[str], keys: list[str] = [], token: str | None = None) -> bytes:  # noqa: B006
    parts = [f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders]
    parts += [
        f"<Contents><Key>{key}</Key><LastModified>2023-10-04T14:51:09.050Z</LastModified>"
        f"<ETag>&quot;a84906a7545b1d47386e7d72ee807c41&quot;</ETag><Size>12234</Size></Contents>"
        for key in keys
    ]
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Prefix>{prefix}</Prefix><Delimiter>/</Delimiter><IsTruncated>{str(bool(token)).lower()}</IsTruncated>"
        f"{''.join(parts)}{more}<KeyCount>{len(folders) + len(keys)}</KeyCount></ListBucketResult>"
    ).encode()


def play_images(server: Any, bucket: str) -> None:
    study, image, other = "S-BIAD599/", f"S-BIAD599/{UUID}/", f"S-BIAD599/{SIBLING}/"
    server.add(f"{bucket}/?prefix={study}&delimiter=/", body=listing(study, [image], token="next"))
    server.add(f"{bucket}/?prefix={study}&delimiter=/&continuation-token=next", body=listing(study, [other]))
    picture = f"{image}{UUID}-thumbnail-128-128.png"
    server.add(f"{bucket}/?prefix={image}&delimiter=/", body=listing(image, [f"{image}{UUID}.zarr/"], [picture]))
    # Only a sibling whose name begins alike: the listing has something, and the image is not there.
    server.add(f"{bucket}/?prefix={other}&delimiter=/", body=listing(other, [f"{other}{SIBLING}.zarr.old/"]))
    server.add(f"{bucket}/{image}{UUID}.zarr/.zattrs", json={"multiscales": []})
