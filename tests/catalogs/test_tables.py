"""Tables of records: what goes in comes out, and what is no table is told apart."""

from __future__ import annotations

import string
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs import tables
from bioimagehub.catalogs.errors import CatalogNotFoundError, InvalidEntryError
from bioimagehub.catalogs.parts import Access, Author, Fact, Organism, Publication, Term
from bioimagehub.catalogs.records import Record, parse_record
from bioimagehub.catalogs.scales import AXIS_ORDER, DATA_TYPES, GROUND_TRUTHS, SCALES, TECHNOLOGIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
COUNTS = st.none() | st.integers(0, 2**63 - 1)
DAYS = st.none() | st.dates()
TERMS = st.lists(
    st.builds(Term, name=LINES, id=st.none() | st.sampled_from(["GO:0051301", "FBbi:00000246"])), max_size=3
).map(tuple)


@st.composite
def images(draw: st.DrawFn, name: int) -> Record:
    """Draw a record in which any field may be stated or not."""
    axes: Any = tuple(axis for axis in AXIS_ORDER if draw(st.booleans()))
    spacing = tuple(None if axis == "c" else draw(st.none() | st.floats(1e-6, 1e6)) for axis in axes)

    def some(names: tuple[str, ...]) -> Any:
        return tuple(draw(st.lists(st.sampled_from(names), max_size=2, unique=True)))

    return Record(
        identifier=f"idr:idr0062/{name}",
        kind=draw(st.sampled_from(["study", "image", "file"])),
        part_of=draw(st.sampled_from([None, "idr:idr0062"])),
        title=draw(LINES),
        description=draw(st.none() | st.text(string.ascii_letters + ' \n\t"<&', max_size=40)),
        source=draw(LINES),
        source_url="https://idr.openmicroscopy.org/",
        authors=tuple(draw(st.lists(st.builds(Author, family=LINES, given=st.none() | LINES), max_size=3))),
        publications=tuple(draw(st.lists(st.builds(Publication, title=st.none() | LINES), max_size=2))),
        access=draw(
            st.sampled_from(
                [
                    Access(),
                    Access(kind="embargoed", until=date(2030, 1, 31)),
                    Access(kind="controlled", how="Apply to the committee.", url="https://ega-archive.org/"),
                ]
            )
        ),
        reference=draw(st.booleans()),
        organisms=tuple(
            draw(st.lists(st.builds(Organism, name=LINES, taxon=st.none() | st.integers(1, 2**31)), max_size=2))
        ),
        methods=draw(TERMS),
        technologies=some(TECHNOLOGIES),
        scales=some(SCALES),
        data_types=some(DATA_TYPES),
        ground_truth=some(GROUND_TRUTHS),
        genes=draw(TERMS),
        keywords=tuple(draw(st.lists(LINES, max_size=3))),
        released=draw(DAYS),
        size=draw(COUNTS),
        files=draw(COUNTS),
        axes=axes,
        shape=tuple(draw(st.integers(1, 2**40)) for _ in axes),
        spacing=draw(st.sampled_from([(), spacing])),
        facts=tuple(
            draw(
                st.lists(
                    st.builds(Fact, source=LINES, retrieved=st.dates(), fields=st.sampled_from([(), ("licence",)])),
                    max_size=2,
                )
            )
        ),
    )


@st.composite
def lists(draw: st.DrawFn) -> list[Record]:
    return [draw(images(number)) for number in range(draw(st.integers(0, 4)))]


def _record(number: int, **fields: object) -> Record:
    plain = {
        "identifier": f"cil:{number}",
        "kind": "study",
        "title": "Mus musculus",
        "source": "Cell Image Library",
        "source_url": f"https://doi.org/10.7295/W9CIL{number}",
    }
    return parse_record({**plain, **fields}, "a test")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=lists())
def test_what_is_written_is_read(tmp_path: Path, records: list[Record]) -> None:
    table = tmp_path / "idr.parquet"
    assert tables.write_table(table, records, attribution={}) == len(records)
    fields = list(tables.read_table(table))
    assert fields == [record.model_dump(mode="json", exclude_defaults=True) for record in records]
    assert [parse_record(each, table) for each in fields] == records


def test_the_order_stays_over_many_groups(tmp_path: Path) -> None:
    numbers = [(number * 7919) % 20011 for number in range(20011)]
    records = (_record(number, size=number) for number in numbers)
    assert tables.write_table(tmp_path / "cil.parquet", records, attribution={}) == 20011
    assert [fields["size"] for fields in tables.read_table(tmp_path / "cil.parquet")] == numbers
    assert pq.ParquetFile(tmp_path / "cil.parquet").num_row_groups > 1


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    records = [_record(1, keywords=["mitosis"]), _record(2, released="2012-05-01")]
    for name in ("a.parquet", "b.parquet"):
        tables.write_table(tmp_path / name, records, attribution={"a": "CC0-1.0", "b": "MIT"})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_sources_are_named_in_the_file(tmp_path: Path) -> None:
    attribution = {"CIL_Public_Data_JSON at 603698c": "2018-04-09; terms of each record"}
    tables.write_table(tmp_path / "cil.parquet", [_record(1)], attribution=attribution)
    assert tables.read_attribution(tmp_path / "cil.parquet") == attribution


def test_duckdb_asks_the_columns(tmp_path: Path) -> None:
    mouse = [{"name": "Mus musculus", "taxon": 10090}]
    records = [
        _record(1, organisms=mouse, released="2012-05-01"),
        _record(2, organisms=[{"name": "Homo sapiens", "taxon": 9606}]),
        _record(3, organisms=mouse, size=5),
    ]
    tables.write_table(tmp_path / "cil.parquet", records, attribution={})
    rows = duckdb.execute(
        "select identifier, released, size from read_parquet(?)"
        " where list_contains(list_transform(organisms, lambda o: o.taxon), 10090) order by 1",
        [str(tmp_path / "cil.parquet")],
    ).fetchall()
    assert rows == [("cil:1", date(2012, 5, 1), None), ("cil:3", None, 5)]


def test_pandas_reads_the_columns(tmp_path: Path) -> None:
    import pandas as pd

    tables.write_table(tmp_path / "cil.parquet", [_record(1, size=7), _record(2, size=8)], attribution={})
    frame = pd.read_parquet(tmp_path / "cil.parquet", columns=["identifier", "size"])
    assert frame["size"].sum() == 15


def test_a_second_record_of_one_identifier_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    table = tmp_path / "cil.parquet"
    tables.write_table(table, [_record(1)], attribution={})
    with pytest.raises(InvalidEntryError, match=r"two records with the identifier cil:2.*Leave one"):
        tables.write_table(table, [_record(2), _record(2)], attribution={})
    assert [fields["identifier"] for fields in tables.read_table(table)] == ["cil:1"]
    assert [file.name for file in tmp_path.iterdir()] == ["cil.parquet"]


def test_a_source_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield _record(2)
        msg = "the archive went away"
        raise ConnectionError(msg)

    table = tmp_path / "cil.parquet"
    tables.write_table(table, [_record(1)], attribution={})
    with pytest.raises(ConnectionError):
        tables.write_table(table, broken(), attribution={})
    assert [fields["identifier"] for fields in tables.read_table(table)] == ["cil:1"]
    assert [file.name for file in tmp_path.iterdir()] == ["cil.parquet"]


def test_a_number_that_is_too_large_is_told(tmp_path: Path) -> None:
    unchecked = _record(1).model_copy(update={"size": 2**63})
    with pytest.raises(InvalidEntryError, match=r"from cil:1 to cil:1.*does not fit"):
        tables.write_table(tmp_path / "cil.parquet", [unchecked], attribution={})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogNotFoundError, match=r"none\.parquet was not found.*harvest"):
        list(tables.read_table(tmp_path / "none.parquet"))


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty"])
def test_a_damaged_table_is_told(tmp_path: Path, damage: str) -> None:
    table = tmp_path / "cil.parquet"
    tables.write_table(table, [_record(number, title=f"Cell {number}") for number in range(500)], attribution={})
    content = bytearray(table.read_bytes())
    content[40] ^= 255  # in the first data page
    whole = table.read_bytes()
    table.write_bytes(
        {"cut": whole[:-30], "flipped": bytes(content), "text": b"identifier,title\n", "empty": b""}[damage]
    )
    with pytest.raises(InvalidEntryError, match=r"cil\.parquet cannot be read.*whole Parquet file.*[Hh]arvest"):
        list(tables.read_table(table))


def test_a_table_of_something_else_is_told(tmp_path: Path) -> None:
    pq.write_table(pa.table({"price": [1.0]}), tmp_path / "other.parquet")
    with pytest.raises(InvalidEntryError, match=r"the columns price; expected layout 1.*Update bioimagehub"):
        list(tables.read_table(tmp_path / "other.parquet"))
    with pytest.raises(InvalidEntryError, match="the columns price"):
        tables.read_attribution(tmp_path / "other.parquet")


def test_a_table_of_a_later_layout_is_told(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "new.parquet", [_record(1)], attribution={})
    table = pq.read_table(tmp_path / "new.parquet")
    later = {**table.schema.metadata, b"bioimagehub.layout": b"2"}
    pq.write_table(table.replace_schema_metadata(later), tmp_path / "new.parquet")
    with pytest.raises(InvalidEntryError, match="2 of the layout; expected layout 1"):
        list(tables.read_table(tmp_path / "new.parquet"))


def test_a_column_of_another_type_is_told(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "cil.parquet", [_record(1)], attribution={})
    table = pq.read_table(tmp_path / "cil.parquet")
    place = table.schema.get_field_index("size")
    pq.write_table(table.set_column(place, "size", pa.array(["large"])), tmp_path / "cil.parquet")
    with pytest.raises(InvalidEntryError, match="the columns size"):
        list(tables.read_table(tmp_path / "cil.parquet"))


def test_a_table_that_lacks_a_column_reads_as_if_it_were_not_stated(tmp_path: Path) -> None:
    tables.write_table(tmp_path / "cil.parquet", [_record(1, size=3)], attribution={})
    table = pq.read_table(tmp_path / "cil.parquet")
    pq.write_table(table.drop_columns(["size", "shards"]), tmp_path / "cil.parquet")
    (fields,) = tables.read_table(tmp_path / "cil.parquet")
    assert parse_record(fields, tmp_path) == _record(1)
