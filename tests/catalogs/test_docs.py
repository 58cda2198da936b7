"""The pages about the catalog tell what there is."""

from __future__ import annotations

import re
from pathlib import Path

from bioimagehub.catalogs import errors
from bioimagehub.catalogs.records import Record
from bioimagehub.catalogs.samples import list_samples
from bioimagehub.catalogs.scales import DATA_TYPES, SCALES

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def _first_column(page: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", (REFERENCE / page).read_text(), re.MULTILINE))


def _row(record: Record) -> str:
    """The row of a sample, as the reference page has it."""
    steps = zip(record.axes, record.spacing, strict=True)
    cells = [
        f"`{record.name}`",
        ", ".join(record.scales),
        ", ".join(method.name for method in record.methods) or "not stated",
        " ".join(record.axes),
        " × ".join(map(str, record.shape)),
        ", ".join("–" if step is None else f"{step:g}" for axis, step in steps if axis != "c"),
        ", ".join([*record.labels, *record.tables]) or "–",
        record.licence or "not stated",
        str(record.package),
    ]
    return f"| {' | '.join(cells)} |"


def test_every_field_of_a_record_is_told() -> None:
    assert set(Record.model_fields) <= _first_column("records.md")


def test_every_value_of_a_facet_is_told() -> None:
    text = (REFERENCE / "records.md").read_text()
    for value in (*SCALES, *DATA_TYPES):
        assert f"`{value}`" in text


def test_table_of_samples_is_current() -> None:
    lines = (REFERENCE / "samples.md").read_text().splitlines()
    expected = [_row(record) for record in list_samples()]
    found = [line for line in lines if any(line.startswith(row.partition(" | ")[0] + " |") for row in expected)]
    assert [line for line in found if line.count("|") == 10] == expected


def test_every_table_of_a_sample_is_told() -> None:
    text = (REFERENCE / "samples.md").read_text()
    for record in list_samples():
        for table in record.tables:
            assert f"| `{record.name}` | `{table}` |" in text


def test_every_error_and_command_is_told() -> None:
    told = _first_column("catalog-files.md")
    drawn = set(re.findall(r"── (\w+Error)", errors.__doc__ or ""))
    commands = {f"bioimagehub samples {action}" for action in ("build", "list", "verify")}
    assert told >= {*drawn, *commands}


def test_every_variable_is_told() -> None:
    code = "".join(path.read_text() for path in (ROOT / "catalogs" / "src").rglob("*.py"))
    read = set(re.findall(r"\"(BIOIMAGEHUB_\w+)\"", code))
    assert read == {name for name in _first_column("catalog-files.md") if name.startswith("BIOIMAGEHUB_")}
