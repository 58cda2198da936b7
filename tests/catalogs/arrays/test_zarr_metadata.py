from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.arrays.zarr_metadata import parse_array
from bioimagehub.catalogs.errors import UnreadableImageError

V2: dict[str, Any] = {
    "zarr_format": 2, "shape": [9, 9], "chunks": [4, 4], "dtype": "<f4", "compressor": {"id": "zstd", "level": 1},
    "fill_value": 0, "order": "C", "filters": None, "dimension_separator": "/",
}  # fmt: skip
V3: dict[str, Any] = {
    "zarr_format": 3, "node_type": "array", "shape": [9, 9], "data_type": "float32", "fill_value": 0,
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}}, "attributes": {},
    "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("dtype", "written", "expected"),
    [
        ("<f4", "NaN", np.nan),
        ("<f8", "Infinity", np.inf),
        (">f8", "-Infinity", -np.inf),
        ("<f2", 1.5, 1.5),
        ("<u2", None, 0),
        ("<u2", 7.0, 7),
        ("|b1", True, True),
        ("|b1", 0, False),
        ("<i8", -(2**63), -(2**63)),
        (">u8", 2**64 - 1, 2**64 - 1),
        ("<c8", [1.0, "NaN"], complex(1, np.nan)),
    ],
)
def test_fill_values_of_zarr_2(dtype: str, written: Any, expected: Any) -> None:
    found = parse_array({**V2, "dtype": dtype, "fill_value": written}, "a")
    np.testing.assert_array_equal(found.fill, expected)
    assert found.fill.dtype == found.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize(
    ("dtype", "written", "expected"),
    [
        ("float32", "NaN", np.nan),
        ("float32", "0x7fc00001", np.frombuffer(bytes.fromhex("0100c07f"), "<f4")[0]),
        ("float16", "0x3c00", 1.0),
        ("float64", "0xbff0000000000000", -1.0),
        ("complex64", ["0x3f800000", "-Infinity"], complex(1, -np.inf)),
        ("bool", False, False),
        ("uint64", 2**64 - 1, 2**64 - 1),
        ("int8", -128, -128),
    ],
)
def test_fill_values_of_zarr_3(dtype: str, written: Any, expected: Any) -> None:
    found = parse_array({**V3, "data_type": dtype, "fill_value": written}, "a")
    np.testing.assert_array_equal(found.fill, expected)
    assert found.fill.dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    ("document", "changes", "told"),
    [
        (V2, {"dtype": "|O"}, "data type is 'object'"),
        (V2, {"dtype": "<M8[ns]"}, "data type is 'datetime64"),
        (V2, {"dtype": [["r", "|u1"], ["g", "|u1"]]}, "several fields"),
        (V2, {"order": "K"}, "order is 'K'"),
        (V2, {"dimension_separator": "-"}, "dimension_separator is '-'"),
        (V2, {"dtype": "|u1", "fill_value": 256}, "fill value 256 is no uint8"),
        (V2, {"dtype": "|u1", "fill_value": "AA=="}, "fill value is 'AA=='"),
        (V2, {"chunks": [4]}, r"that of its chunks \(4,\)"),
        (V2, {"chunks": [4, 0]}, r"that of its chunks \(4, 0\)"),
        (V2, {"shape": [9, -1]}, r"shape is \(9, -1\)"),
        (V2, {"shape": [9, 2.5]}, "not a list of sizes"),
        (V2, {"chunks": [2**30, 2**30]}, "more than any machine holds"),
        (V2, {"zarr_format": 4}, "4"),
        (V3, {"node_type": "group"}, "it is a group"),
        (V3, {"data_type": "string"}, "data type is 'string'"),
        (V3, {"data_type": "r16"}, "data type is 'r16'"),
        (V3, {"chunk_grid": {"name": "rectilinear", "configuration": {}}}, "chunk grid is 'rectilinear'"),
        (V3, {"chunk_key_encoding": {"name": "hashed"}}, "hashed"),
        (V3, {"chunk_key_encoding": {"name": "v2", "configuration": {"separator": "-"}}}, "keys is '-'"),
        (V3, {"storage_transformers": [{"name": "x"}]}, "storage transformers"),
        (V3, {"lens": {"name": "x", "must_understand": True}}, "calls for lens"),
        (V3, {"codecs": []}, "no codec turns the samples into bytes"),
        (V3, {"codecs": [{"name": "gzip"}, {"name": "bytes"}]}, "an order that makes no sense"),
        (V3, {"codecs": [{"name": "bytes", "configuration": {"endian": "middle"}}]}, "byte order is 'middle'"),
        (V3, {"codecs": [{"name": "transpose", "configuration": {"order": [0, 0]}}, {"name": "bytes"}]}, "transposed"),
    ],
)
def test_what_cannot_be_read_is_told(document: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UnreadableImageError, match=rf"metadata of the array image/0 .*{told}.*Mend them"):
        parse_array(document | changes, "image/0")


def test_shards_that_are_not_divided_are_told() -> None:
    sharding = {"chunk_shape": [3, 4], "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes"}]}
    document = {**V3, "codecs": [{"name": "sharding_indexed", "configuration": sharding}]}
    with pytest.raises(UnreadableImageError, match=r"\(3, 4\) do not divide shards of the shape \(4, 4\)"):
        parse_array(document, "a")
    sharding |= {"chunk_shape": [2, 2], "index_codecs": [{"name": "bytes"}, {"name": "gzip"}]}
    with pytest.raises(UnreadableImageError, match="index of its shards is compressed"):
        parse_array(document, "a")


def test_what_need_not_be_understood_is_left_alone() -> None:
    parse_array({**V3, "hint": {"name": "x", "must_understand": False}}, "a")


def test_equal_metadata_have_equal_digests() -> None:
    """Whatever their attributes."""
    assert parse_array(V3, "a").digest == parse_array({**V3, "attributes": {"note": "mine"}}, "b").digest
    assert parse_array(V3, "a").digest != parse_array({**V3, "fill_value": 1}, "a").digest


@pytest.mark.parametrize("document", [V2, V3])
def test_names_of_codecs_without_configuration(document: dict[str, Any]) -> None:
    short = document | ({"codecs": ["bytes", "gzip"]} if document is V3 else {"compressor": {"id": "gzip"}})
    assert len(parse_array(short, "a").chain.links) == 2


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data(), document=st.sampled_from([V2, V3]))
def test_any_metadata_give_an_array_or_the_error(data: st.DataObject, document: dict[str, Any]) -> None:
    changed = copy.deepcopy(document)
    for key in data.draw(st.lists(st.sampled_from(sorted(document)), max_size=3)):
        changed[key] = data.draw(JSON)
    try:
        found = parse_array(changed, "image")
    except UnreadableImageError as error:
        assert "image" in str(error)  # noqa: PT017
    else:
        assert len(found.shape) == len(found.chunk) == len(found.chain.shape)


def test_shards_within_shards_without_end() -> None:
    to_bytes = V3["codecs"]
    codecs = to_bytes
    for _ in range(2000):
        configuration = {"chunk_shape": [4, 4], "codecs": codecs, "index_codecs": to_bytes}
        codecs = [{"name": "sharding_indexed", "configuration": configuration}]
    with pytest.raises(UnreadableImageError, match="Mend them"):
        parse_array({**V3, "codecs": codecs}, "a")
