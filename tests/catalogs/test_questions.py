"""Real questions, answered by the catalog that ships.

Each expected answer was worked out from the recorded data without the software: by reading the index of the recorded
entries (``entries_index.csv``), the lists of addresses and the pages of the archives with plain text search. How, is
said at each question; where the recorded data are there, it is done again by the tests below.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.index import Index, build_index, open_index
from bioimagehub.catalogs.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ENTRIES = ROOT / "catalogs" / "entries"
SHARED = ROOT.parent / "shared" / "data" / "archives"
PRESENT = [SHARED] if SHARED.is_dir() else []
TERABYTE = 10**12


@dataclass(frozen=True)
class Question:
    """What is asked, and what must come out.

    Attributes
    ----------
    asks : str
        The question in words.
    text, filters, ranges, sort
        How it is put to the index.
    first : str
        Identifier that must come first; empty where nothing may be found.
    count : int or None
        How many there are; None where the question is about the first one alone.
    """

    asks: str
    text: str = ""
    filters: dict[str, list[str]] = field(default_factory=dict)
    ranges: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    sort: str = "relevance"
    first: str = ""
    count: int | None = None


STUDY = {"kind": ["study"]}
QUESTIONS = [
    # Both are of EMPIAR-12377, whose crate states CC0: a gallery gives their addresses.
    Question(
        "Which OME-Zarr images of zebrafish are under CC0?",
        filters={"organism": ["zebrafish"], "format": ["ome-zarr"], "licence": ["CC0-1.0"]},
        first="empiar:EMPIAR-12377/Zebrafish-lobe-Immume-cells",
        count=2,
    ),
    # Beside those, 5 of the challenge and 5 filesets of idr0051, and 5 samples of idr0051 and idr0079, all CC BY 4.0.
    Question(
        "Which OME-Zarr images of zebrafish may be used commercially?",
        filters={"organism": ["zebrafish"], "format": ["ome-zarr"], "kind": ["image"], "use": ["commercial"]},
        first="empiar:EMPIAR-12377/Zebrafish-lobe-Immume-cells",
        count=17,
    ),
    # Method, title or keywords of the crate say light sheet, SPIM or oblique plane, and it has at least 1e12 bytes
    # (IDR: the table of its site). S-BIAD1193, of 1.1 TB, says so in the name of one of four protocols alone.
    Question(
        "Which light-sheet studies hold at least a terabyte?",
        filters={"technology": ["light-sheet microscopy"], **STUDY},
        ranges={"size": (TERABYTE, None)},
        sort="-size",
        first="bia:S-BIAD1682",
        count=13,
    ),
    # Read on the pages of the image sets: 006, 010, 020, 024, 038 and 039 give each object a mask or label of its own.
    Question(
        "Which benchmark sets have instances as ground truth?",
        filters={"reference": ["yes"], "ground_truth": ["instance masks"], "data_type": ["benchmark"]},
        first="bbbc:BBBC006",
        count=6,
    ),
    # Titles with TP53: S-BIAD926, S-BIAD1114 and S-BIAD1162.
    Question("Which datasets are about TP53?", text="TP53", filters=STUDY, first="bia:S-BIAD1162"),
    # Configurations of the portal with Saccharomyces or Schizosaccharomyces: 10000, 10001, 10007, 10473, 10474.
    Question(
        "Which datasets of the CryoET Data Portal are tomograms of yeast?",
        text="yeast",
        filters={"technology": ["cryo-electron tomography"], "archive": ["cryoet"]},
        first="cryoet:10473",
        count=5,
    ),
    # The title of EMPIAR-12104 says cryo-electron tomography and S. cerevisiae; the newest of those that do.
    Question("Cryo-electron tomograms of yeast", text="cryo-electron tomograms of yeast", first="empiar:EMPIAR-12104"),
    # The accession under which the archive that the paper names lives on.
    Question("What is MitoCheck?", text="MitoCheck", first="idr:idr0013"),
    Question("Where is the Mitotic Cell Atlas?", text="mitotic cell atlas", first="idr:idr0041"),
    # 222 public domain and 50 CC BY of 548 rows whose biological process is mitosis; the others are NC or copyright.
    Question(
        "Which records of mitosis of the Cell Image Library may be used commercially?",
        filters={"archive": ["cil"], "process": ["mitosis"], "use": ["commercial"]},
        first="cil:191",
        count=272,
    ),
    # Titles with FIB and HeLa: EMPIAR-10311, EMPIAR-10819, EMPIAR-11419.
    Question("FIB-SEM of HeLa cells", text="FIB-SEM HeLa", filters=STUDY, first="empiar:EMPIAR-11419", count=3),
    # 358.4 TB in the table of the gallery; the largest of the other archives, idr0043, has 159.4 TB.
    Question("Which study is the largest?", filters=STUDY, sort="-size", first="cellpainting:cpg0016"),
    # The latest date of a row of the BioImage Archive whose licence is CC0: 2026-02-03.
    Question(
        "Which is the newest study of the BioImage Archive under CC0?",
        filters={"archive": ["bia"], "licence": ["CC0-1.0"], **STUDY},
        sort="-released",
        first="bia:S-BIAD2822",
    ),
    # Rows of Drosophila melanogaster with screen in the title: S-BIAD970 and idr0005.
    Question(
        "Which screens were done in Drosophila?",
        text="screen",
        filters={"organism": ["Drosophila melanogaster"], **STUDY},
        first="bia:S-BIAD970",
        count=2,
    ),
    # Rows of C. elegans with embryo in the title, without the Cell Image Library: 7 in four archives.
    Question(
        "Which studies show embryos of C. elegans?",
        text="embryo",
        filters={"organism": ["C. elegans"], **STUDY},
        first="ssbd:ssbd-repos-000020",
        count=7,
    ),
    # Titles of BBBC022, BBBC025 and BBBC036.
    Question(
        "Which reference sets are Cell Painting of U2OS cells?",
        text="U2OS Cell Painting",
        filters={"reference": ["yes"]},
        first="bbbc:BBBC022",
        count=3,
    ),
    # The only title with out of focus.
    Question(
        "Which benchmark has images in and out of focus?", text="out of focus", filters={"archive": ["bbbc"]},
        first="bbbc:BBBC006", count=1,
    ),
    # Lines: 538 of the challenge, 538 filesets, 1 sample.
    Question(
        "How many OME-Zarr plates has MitoCheck?",
        filters={"part_of": ["idr:idr0013"], "format": ["ome-zarr"]},
        first="idr:idr0013/3451",
        count=1077,
    ),
    # The largest number of bytes in the lists: 156,520,441,849,712.
    Question(
        "Which is the largest OME-Zarr that opens here?",
        filters={"format": ["ome-zarr"], "readable": ["yes"]},
        sort="-size",
        first="ngff-challenge:webknossos/H5_10_270um_L23_NH_NJ_extended_Aug22_2021_v2-color",
    ),
    # The only title of a study with Toxoplasma.
    Question("Which study shows Toxoplasma?", text="Toxoplasma", filters=STUDY, first="empiar:EMPIAR-10326"),
    # idr0002: focused screen of mitotic chromosome condensation by RNAi in HeLa cells; SMC2 is one of its 102 genes.
    Question("Chromosome condensation siRNA screen", text="chromosome condensation siRNA", first="idr:idr0002"),
    Question("Where was SMC2 knocked down?", filters={"gene": ["SMC2"]}, first="idr:idr0002", count=1),
    # The only title of a benchmark with malaria.
    Question("A benchmark of malaria", text="malaria", filters={"data_type": ["benchmark"]}, first="bbbc:BBBC041"),
    # Rows of Arabidopsis thaliana with SPIM or light sheet: S-BIAD1367 (roots) and idr0077 (flowers).
    Question("Light-sheet images of plant roots", text="light-sheet plant root", filters=STUDY, first="bia:S-BIAD1367"),
    # The gene of the recorded document of the Human Protein Atlas.
    Question("Where is CCNB1 stained in tissues?", filters={"gene": ["CCNB1"]}, first="hpa:ENSG00000134057"),
    # A controlled archive: the entry says how to apply.
    Question(
        "How do I get UK Biobank?", text="UK Biobank", filters={"access": ["controlled"]}, first="ukbiobank:imaging"
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    path = tmp_path_factory.mktemp("questions") / "index.sqlite"
    build_index(path, (fields for table in sorted(ENTRIES.glob("*.parquet")) for fields in read_table(table)))
    return open_index(path)


def _ask(index: Index, asks: str) -> tuple[list[str], int]:
    question = next(each for each in QUESTIONS if each.asks == asks)
    found = index.select(question.text, question.filters, question.ranges)
    return found.identifiers(0, 100, question.sort), len(found)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.asks)
def test_the_catalog_answers(index: Index, question: Question) -> None:
    found, count = _ask(index, question.asks)
    assert found[:1] == ([question.first] if question.first else [])
    if question.count is not None:
        assert count == question.count


def test_the_licences_of_zebrafish_are_told(index: Index) -> None:
    found = index.select("", {"organism": ["zebrafish"], "format": ["ome-zarr"], "kind": ["image"]}, {})
    assert found.facets(["licence"])["licence"] == [("CC-BY-4.0", 15), ("CC0-1.0", 2)]


def test_all_benchmarks_with_instances(index: Index) -> None:
    found, _ = _ask(index, "Which benchmark sets have instances as ground truth?")
    assert found == [f"bbbc:BBBC{number}" for number in ("006", "010", "020", "024", "038", "039")]


def test_all_titles_with_tp53_are_found(index: Index) -> None:
    found, _ = _ask(index, "Which datasets are about TP53?")
    assert {"bia:S-BIAD926", "bia:S-BIAD1114", "bia:S-BIAD1162"} == set(found[:3])


def test_what_may_be_used_commercially_forbids_no_such_use(index: Index) -> None:
    found, _ = _ask(index, "Which records of mitosis of the Cell Image Library may be used commercially?")
    for identifier in found:
        assert "NC" not in str((index.get(identifier) or {}).get("licence"))


# ---- the same from the recorded data, with nothing of the software ------------------------------------------------


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "entries_index.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("folder", PRESENT)
def test_mitosis_in_the_recorded_data(folder: Path) -> None:
    with (folder / "cil" / "cil_public_records.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if "mitosis" in row["biological_process"].split("|")]
    allowed = [row for row in rows if row["licence"] in {"public_domain", "attribution_cc_by", "attribution_sa"}]
    assert (len(rows), len(allowed)) == (548, 272)
    assert min(int(row["cil_id"]) for row in allowed) == 191


@pytest.mark.parametrize("folder", PRESENT)
def test_plates_and_sizes_in_the_recorded_data(folder: Path) -> None:
    lists = folder / "ome-zarr-lists" / "ome2024-ngff-challenge"
    plates = (lists / "idr0013_samples.csv").read_text(encoding="utf-8").split()
    filesets = (folder / "idr" / "mkngff" / "idr0013.csv").read_text(encoding="utf-8").split()
    samples = (folder / "idr" / "ome-ngff-samples" / "table.csv").read_text(encoding="utf-8")
    assert len(set(plates)) + len(set(filesets)) + samples.count("/idr0013A/3451.zarr,") == 1077
    sizes: dict[str, float] = {}
    for file in lists.glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row.get("dimension_names") != "c,x,y,z"]
            rows = [row for row in rows if not row.get("wells")]
        sizes |= {row["url"]: float(row.get("written") or 0) for row in rows if row.get("url")}
    assert max(sizes, key=lambda url: sizes[url]).endswith("/1micron_sections.zarr")


@pytest.mark.parametrize("folder", PRESENT)
def test_titles_in_the_recorded_data(folder: Path) -> None:
    def found(pattern: str, organism: str = "", archive: str = "") -> set[str]:
        rows = [row for row in _rows(folder) if row["archive"] != "CIL" and archive in row["archive"]]
        rows = [row for row in rows if organism in row["organism"]]
        return {row["accession"] for row in rows if re.search(pattern, row["title"], re.IGNORECASE)}

    assert found("TP53") == {"S-BIAD926", "S-BIAD1114", "S-BIAD1162"}
    assert found(r"FIB.*HeLa") == {"EMPIAR-10311", "EMPIAR-10819", "EMPIAR-11419"}
    assert found("screen", "Drosophila melanogaster") == {"S-BIAD970", "idr0005"}
    assert len(found("embryo", "Caenorhabditis elegans")) == 7
    assert found("Toxoplasma") == {"EMPIAR-10326"}
    assert found(r"cell.painting", archive="BBBC") == {"BBBC022", "BBBC025", "BBBC036"}
    assert found("out of focus", archive="BBBC") == {"BBBC006"}
    assert found("malaria", archive="BBBC") == {"BBBC041"}
    assert len(found("", "accharomyces", "CryoET")) == 5


@pytest.mark.parametrize("folder", PRESENT)
def test_the_newest_and_the_largest_in_the_recorded_data(folder: Path) -> None:
    rows = _rows(folder)
    free = [row for row in rows if row["archive"] == "BIA" and "zero" in row["licence"]]
    assert max(free, key=lambda row: row["date"])["accession"] == "S-BIAD2822"
    largest = max(rows, key=lambda row: float(row["size_bytes"] or 0))
    assert (largest["accession"], float(largest["size_bytes"]) < 358.4 * TERABYTE) == ("idr0043", True)
    gallery = (folder / "cellpainting-gallery" / "gallery-docs" / "README.md").read_text(encoding="utf-8")
    sizes = {line.split("|")[1].strip(): line for line in gallery.splitlines() if line.startswith("| cpg")}
    assert "358.4 TB" in sizes["cpg0016-jump"]


@pytest.mark.parametrize("folder", PRESENT)
def test_light_sheet_in_the_recorded_crates(folder: Path) -> None:
    sheet = re.compile(r"light.?sheet|\bd?SPIM\b|oblique plane", re.IGNORECASE)
    sizes = {row["accession"]: float(row["size_bytes"] or 0) for row in _rows(folder)}
    found = set()
    for file in [*folder.glob("*/*crate*/*.json"), *folder.glob("*/*crate*/*/*.json")]:
        accession = file.name.removesuffix("-ro-crate-metadata.json")
        if sizes.get(accession, 0) < TERABYTE:
            continue
        entities = json.loads(file.read_text(encoding="utf-8"))["@graph"]
        told = [each.get("name") for each in entities if {"LabProtocol", "DefinedTerm"} & set(_types(each))]
        told += [[each.get("name"), each.get("keywords")] for each in entities if each.get("identifier") == accession]
        if sheet.search(str(told)):
            found.add(accession)
    assert len(found) == 14
    assert "S-BIAD1193" in found
    assert max(found, key=lambda accession: sizes[accession]) == "S-BIAD1682"


def _types(entity: dict[str, Any]) -> list[str]:
    found = entity.get("@type", [])
    return [found] if isinstance(found, str) else found


@pytest.mark.parametrize("folder", PRESENT)
def test_zebrafish_in_the_recorded_data(folder: Path) -> None:
    fish = {row["accession"]: row["licence"] for row in _rows(folder) if row["organism"] == "Danio rerio"}
    lists = folder / "ome-zarr-lists" / "ome2024-ngff-challenge"
    samples = (folder / "idr" / "ome-ngff-samples" / "table.csv").read_text(encoding="utf-8").splitlines()
    studies = ["idr0051"] * len((lists / "idr0051_samples.csv").read_text(encoding="utf-8").splitlines()[1:])
    studies += re.findall(r"^(idr0051)/", (folder / "idr/mkngff/idr0051.csv").read_text(encoding="utf-8"), re.MULTILINE)
    studies += [study for line in samples for study in fish if f",{study}," in line]
    assert len(studies) == 15
    assert {fish[study] for study in studies} == {"https://creativecommons.org/licenses/by/4.0/"}
    gallery = folder / "bia" / "BIA-astro" / "collections" / "vem_image_summaries.json"
    images = [
        each for each in json.loads(gallery.read_text(encoding="utf-8")).values() if each["organism"] == "Danio rerio"
    ]
    assert [each["submitted_in_study_accession"] for each in images] == ["EMPIAR-12377", "EMPIAR-12377"]
    assert "zero" in fish["EMPIAR-12377"]
