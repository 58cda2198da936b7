"""Lenient in, strict out: what is not valid is left out and named, and costs neither the record nor the others."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.archives import values
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import ArchiveAnswerError, InvalidEntryError
from bioimagehub.catalogs.parts import Organism, Term

NEEDED = {
    "identifier": "idr:idr0062",
    "title": "NesSys",
    "source": "Image Data Resource",
    "source_url": "https://idr.openmicroscopy.org/study/idr0062/",
}
WHOLE = {"axes": ("z", "y", "x"), "shape": (236, 275, 271), "spacing": (1.0, 0.5, 0.5), "dtype": "uint8"}


def test_what_is_valid_stays_as_it_is(report):
    record = values.make_record(NEEDED | WHOLE, report)
    assert record.shape == (236, 275, 271)
    assert not report.defects


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("licence", "not an SPDX identifier"),
        ("doi", "in press"),
        ("size", -1),
        ("released", "2019-06-17"),
        ("thumbnail", "https://example.org/a picture.png"),
        ("doi", "10.1/x"),
        ("nobody", "knows this field"),
        ("access", {"kind": "controlled"}),
    ],
)
def test_a_field_that_is_not_valid_is_left_out_and_named(field, value, report):
    record = values.make_record(NEEDED | WHOLE | {field: value}, report)
    assert record.axes == ("z", "y", "x")
    assert not getattr(record, field, None) or field == "access"
    assert [(defect.identifier, defect.field) for defect in report.defects] == [("idr:idr0062", field)]


def test_of_a_list_only_the_item_is_left_out(report):
    record = values.make_record(
        NEEDED | {"keywords": ("good", "\x1b[31mbad", "fine"), "formats": ("TIFF", "tiff")}, report
    )
    assert record.keywords == ("good", "fine")
    assert record.formats == ("tiff",)
    assert len(report.defects) == 2


@pytest.mark.parametrize(
    "change", [{"axes": ("x", "y", "z")}, {"shape": (236, 275)}, {"spacing": (1.0,)}, {"chunks": (1, 1)}]
)
def test_axes_that_contradict_are_left_out_together(change, report):
    record = values.make_record(NEEDED | WHOLE | change, report)
    assert (record.axes, record.shape, record.spacing) == ((), (), ())
    assert record.dtype == "uint8"
    assert report.defects[0].field == "axes"


def test_a_driver_without_anything_to_read_is_left_out(report):
    assert values.make_record(NEEDED | {"driver": "ome_zarr"}, report).driver is None
    part = {"identifier": "idr:idr0062/1", "part_of": "bia:S-BIAD1"}
    assert values.make_record(NEEDED | part, report).part_of is None


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_without_what_every_record_needs_there_is_none(missing, report):
    fields = {name: value for name, value in NEEDED.items() if name != missing}
    with pytest.raises(InvalidEntryError, match=f"{missing}.*look at the record on its own page"):
        values.make_record(fields, report)
    with pytest.raises(InvalidEntryError, match=missing):
        values.make_record(fields | {missing: None}, report)


def test_files_stay_in_the_study(report):
    assert values.make_file("idr:idr0062", report, path="../x", size=1) is None
    file = values.make_file("idr:idr0062", report, path="a/b.tif", size=-1, checksum="crc32:1")
    assert (file.path, file.size, file.checksum) == ("a/b.tif", None, None)
    assert len(report.defects) == 3


def test_a_term_without_identifier_gives_way_to_the_one_that_has_it():
    known = Term(name="Mitosis", id="GO:0000278")
    assert values.unique([Term(name="mitosis"), known, known, Term(name="spindle")]) == (known, Term(name="spindle"))


@given(text=st.text())
def test_a_line_is_one_that_a_record_holds(text):
    line = values.line(text)
    assert line is None or Organism(name=line, taxon=None).name == line


@given(text=st.text())
def test_a_name_becomes_one_that_an_identifier_holds(text):
    fields = NEEDED | {"identifier": f"idr:idr0062/{values.slug(text)}", "kind": "image"}
    assert values.make_record(fields, Report()).identifier == fields["identifier"]


@given(value=st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.lists(st.integers()), st.binary()))
def test_any_value_is_understood_or_none(value):
    for read in (values.line, values.day, values.number, values.curie, values.doi, values.author, values.term):
        read(value)
    assert isinstance(values.listed(value), list)
    assert values.mapping(value, "a", "b") == {}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1,152", 1152),
        (" 36 ", 36),
        ("9007199254740993", 2**53 + 1),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (True, None),
    ],
)
def test_a_number_is_exact_or_none(value, number):
    assert values.number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        "2022-12-13", "2022-12-13T00:00:00.000Z", "2022-12-13 00:00:00", "2022-12-13T00:00:00+00:00", "13-12-2022",
        "13/12/2022", "20221213", 1670889600000, "1670889600000",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_form(value):
    assert values.day(value) == date(2022, 12, 13)


def test_a_doi_ends_before_the_sentence_does():
    assert values.doi("see https://doi.org/10.1038/s41586-020-2649-2.") == "10.1038/s41586-020-2649-2"
    assert values.doi("10.1016/S0006-3495(00)76713-4, 10.1/x") == "10.1016/S0006-3495(00)76713-4"
    assert values.doi("10.1038/") is None


@pytest.mark.parametrize("path", ["../other/a.tif", "/etc/passwd", "a/../../b", "a\x00b", ""])
def test_a_path_out_of_a_study_has_no_address(path):
    with pytest.raises(ArchiveAnswerError, match="is no path in idr:idr0062; expected a relative one"):
        values.inside("idr:idr0062", path, "https://example.org/a.tif")


def test_tables_are_read_whatever_their_line_ends():
    for end in ("\n", "\r\n", "\r"):
        text = f'\ufeffname,note{end}CDC20,"a, b"{end}{end}AKAP8{end}'
        assert values.read_rows(text) == [{"name": "CDC20", "note": "a, b"}, {"name": "AKAP8"}]
    assert values.read_rows("") == []
    with pytest.raises(ArchiveAnswerError, match="cannot be read"):
        values.read_cells('"' + "x" * 200_000)
