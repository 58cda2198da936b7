from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import InvalidEntryError
from bioimagehub.catalogs.records import Record, parse_record
from bioimagehub.catalogs.scales import AXIS_ORDER, DATA_TYPES, SCALES

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog


def test_fields_make_a_record(fields: dict[str, Any]) -> None:
    record = parse_record(fields, "here")
    assert (record.collection, record.name) == ("samples", "bbbc038-nuclei")
    assert record.axes == ("y", "x")
    assert record.labels == ("nuclei",)


def test_record_goes_through_json_unchanged(catalog: Catalog) -> None:
    for record in catalog:
        assert parse_record(json.loads(record.model_dump_json()), "here") == record


def test_record_does_not_change(fields: dict[str, Any]) -> None:
    record = parse_record(fields, "here")
    with pytest.raises(ValueError, match="frozen"):
        record.title = "another"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("scales", ["planet"], "scales.0: Input should be 'molecular', 'molecular machines', 'cells'"),
        ("data_types", ["atlases"], "data_types.0: Input should be 'correlative', 'atlas'"),
        ("doi", "nature15368", "doi: String should match pattern"),
        ("identifier", "BBBC038 nuclei", "identifier: String should match pattern"),
        ("shape", [512, "512"], "shape.1: Input should be a valid integer"),
        ("shape", [512, 0], "shape.1: Input should be greater than 0"),
        ("spacing", [-1.0, None], "spacing.0: Input should be greater than 0"),
        ("spacing", [float("inf"), None], "spacing.0: Input should be a finite number"),
        ("spacing", [None], r"len\(self.axes\)=2 and the length 1 of spacing differ"),
        ("shape", [512], r"len\(self.axes\)=2 and len\(self.shape\)=1 differ"),
        ("axes", ["x", "y"], "are not in the order t, c, z, y, x"),
        ("axes", ["y", "y"], "are not in the order t, c, z, y, x"),
        ("channels", [{"name": "a", "colour": "FFFFFF"}] * 2, "2 channels are named, the image has 1"),
        ("organisms", [{"name": "Mus musculus"}], "organisms.0.taxon: Field required"),
        ("licenze", "CC0-1.0", "licenze: Extra inputs are not permitted"),
        ("driver", "zarr", "driver: Input should be 'czi', 'empiar'"),
        ("kind", "study", "a driver reads an image"),
        ("url", None, "a driver reads an image"),
        ("part_of", "idr:idr0001", "a study of its own archive"),
        ("title", "a\x1b[2Jb", "title: String should match pattern"),
        ("url", "https://example.org/a b", "percent-encode them"),
        ("url", "a\nb", "url: String should match pattern"),
        ("access", {"kind": "controlled"}, "tell whom to ask"),
        ("access", {"kind": "embargoed"}, "an embargo has an end"),
        ("checksum", "md5:0", "checksum: String should match pattern"),
    ],
)
def test_wrong_field_is_told(fields: dict[str, Any], field: str, value: object, told: str) -> None:
    with pytest.raises(InvalidEntryError, match=told) as caught:
        parse_record({**fields, field: value}, "catalog.yml")
    assert "Correct these fields" in str(caught.value)
    assert "catalog.yml" in str(caught.value)


def test_all_faults_are_told_at_once(fields: dict[str, Any]) -> None:
    del fields["title"]
    with pytest.raises(InvalidEntryError, match=r"title: Field required.*scales.0: Input"):
        parse_record({**fields, "scales": ["planet"]}, "here")


def test_fields_that_are_no_json_are_told(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidEntryError, match="not JSON serializable"):
        parse_record({**fields, "title": {1, 2}}, "here")


def test_channels_have_no_distance(fields: dict[str, Any]) -> None:
    photograph = {
        "axes": ["c", "y", "x"],
        "shape": [2, 5, 5],
        "spacing": [1.0, None, None],
        "channels": [{"name": name, "colour": "FFFFFF"} for name in "ab"],
        "labels": [],
    }
    with pytest.raises(InvalidEntryError, match="channels have no distance"):
        parse_record({**fields, **photograph}, "here")


@given(axes=st.lists(st.sampled_from(AXIS_ORDER), max_size=6))
def test_axes_are_taken_in_their_order_only(axes: list[str]) -> None:
    fields = {
        **_PLAIN,
        "axes": axes,
        "shape": [1] * len(axes),
        "spacing": [None] * len(axes),
    }
    ordered = axes == [axis for axis in AXIS_ORDER if axis in axes]
    if ordered:
        assert parse_record(fields, "here").axes == tuple(axes)
    else:
        with pytest.raises(InvalidEntryError, match="are not in the order"):
            parse_record(fields, "here")


_PLAIN: dict[str, Any] = {
    "identifier": "a:b", "title": "t", "source": "s", "source_url": "u", "dtype": "uint8", "driver": "mrc", "url": "x",
    "channels": [{"name": "n", "colour": "FFFFFF"}],
}  # fmt: skip


@pytest.mark.parametrize("field", ["size", "files", "shape"])
def test_numbers_are_as_large_as_a_table_can_hold(field: str) -> None:
    one, many = (2**63 - 1, 2**63) if field != "shape" else ([2**63 - 1], [2**63])
    axes = {"axes": ["x"], "channels": []} if field == "shape" else {}
    assert parse_record({**_PLAIN, **axes, field: one}, "here")
    with pytest.raises(InvalidEntryError, match="less than or equal to 9223372036854775807"):
        parse_record({**_PLAIN, **axes, field: many}, "here")


def test_repr_is_one_line(fields: dict[str, Any]) -> None:
    assert repr(parse_record(fields, "here")).startswith("<Record samples:bbbc038-nuclei: Nuclei of the 2018")


def test_facets_are_those_of_the_paper() -> None:
    """Tables 1 and 2 of Ellenberg et al. 2018."""
    assert SCALES == ("molecular", "molecular machines", "cells", "tissues", "organism")
    assert DATA_TYPES == ("correlative", "atlas", "benchmark", "systematic phenotyping")


def test_every_field_is_described() -> None:
    described = (Record.__doc__ or "").partition("Attributes")[2]
    for field in Record.model_fields:
        assert field in described, f"the field {field} is missing from the docstring of Record"
