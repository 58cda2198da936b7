from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.drivers.ngff.multiscales import list_multiscales, parse_channels, parse_multiscale
from bioimagehub.catalogs.errors import UnreadableImageError


def scale(*values: Any) -> dict[str, Any]:
    return {"type": "scale", "scale": list(values)}


def shift(*values: Any) -> dict[str, Any]:
    return {"type": "translation", "translation": list(values)}


def attributes(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": list(steps or [scale(2.0, 0.5)])}]
    return {"multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets, **changes}]}


@pytest.mark.parametrize(
    ("own", "common", "spacing", "origin"),
    [
        ([scale(2, 0.5)], None, [2.0, 0.5], [0.0, 0.0]),
        ([scale(2, 0.5), shift(1, -1)], None, [2.0, 0.5], [1.0, -1.0]),
        ([scale(2, 0.5), shift(1, -1)], [scale(10, 10)], [20.0, 5.0], [10.0, -10.0]),
        ([scale(2, 0.5), shift(1, -1)], [scale(10, 10), shift(3, 0)], [20.0, 5.0], [13.0, -10.0]),
        ([scale(2, 0.5)], [shift(3, 0)], [2.0, 0.5], [3.0, 0.0]),
        ([{"type": "identity"}, scale(2, 0.5)], [{"type": "identity"}], [2.0, 0.5], [0.0, 0.0]),
    ],
)
def test_transformations(own: Any, common: Any, spacing: list[float], origin: list[float]) -> None:
    (level,) = parse_multiscale(attributes(*own, coordinateTransformations=common), 0, "image").levels
    assert [axis.spacing for axis in level.axes] == spacing
    assert [axis.origin for axis in level.axes] == origin


def test_scale_before_0_4_is_that_of_the_sizes() -> None:
    found = parse_multiscale(
        {"multiscales": [{"version": "0.3", "axes": ["c", "y", "x"], "datasets": [{"path": "0"}, {"path": "1"}]}]},
        0, "image",
    )  # fmt: skip
    axes = found.scaled(found.levels[1], (3, 50, 34), (3, 100, 101))
    assert [(axis.units, axis.spacing) for axis in axes] == [("", 1.0), ("pixel", 2.0), ("pixel", 3.0)]


@pytest.mark.parametrize(("version", "separator"), [("0.1", "."), ("0.2", "/"), ("0.4", "/")])
def test_separator_of_each_version(version: str, separator: str) -> None:
    metadata = {"multiscales": [{"version": version, "datasets": [{"path": "0"}]}]}
    assert parse_multiscale(metadata, 0, "image").separator == separator


BAD = [
    {"axes": ["y"]},
    {"axes": [{"name": "y"}]},
    {"axes": 5},
    {"datasets": []},
    {"datasets": [{"path": "0"}]},
    {"datasets": [{"path": "0", "coordinateTransformations": []}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [shift(0, 0)]}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [shift(0, 0), scale(1, 1)]}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [scale(1, 1), scale(1, 1)]}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [scale(1, 1, 1)]}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [scale(1, "a")]}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [{"type": "affine", "affine": []}]}]},
    {"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "path": "scales"}]}]},
    {"datasets": [{"path": "../0", "coordinateTransformations": [scale(1, 1)]}]},
    {"datasets": [{"path": "", "coordinateTransformations": [scale(1, 1)]}]},
    {"coordinateSystems": []},
    {"coordinateTransformations": [{"type": "rotation"}]},
]


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_metadata_that_make_no_image_are_told(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableImageError, match=r"multiscale metadata of image .*Validate it with ome-zarr-models"):
        parse_multiscale(attributes(**changes), 0, "image")


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(metadata=st.fixed_dictionaries({"multiscales": JSON | st.lists(st.fixed_dictionaries(
    {"axes": JSON, "datasets": st.lists(st.fixed_dictionaries({"path": JSON, "coordinateTransformations": JSON}))}
))}))  # fmt: skip
def test_any_metadata_give_levels_or_the_error(metadata: dict[str, Any]) -> None:
    try:
        for number in range(len(list_multiscales(metadata, "image"))):
            parse_multiscale(metadata, number, "image")
    except UnreadableImageError as error:
        assert "multiscale metadata of image" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({}, ()),
        ({"omero": None}, ()),
        ({"omero": {"channels": "red"}}, ()),
        ({"omero": {"channels": [{"color": "FF0000"}, {"label": "DNA"}]}}, ("0", "DNA")),
        ({"omero": {"channels": [{"label": 488}, {"label": None}]}}, ("488", "1")),
    ],
)
def test_names_of_channels(metadata: dict[str, Any], names: tuple[str, ...]) -> None:
    assert parse_channels(metadata) == names
