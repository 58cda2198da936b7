from __future__ import annotations

from typing import Any

import pytest

from bioimagehub.catalogs.arrays.labelled import Axis
from bioimagehub.catalogs.drivers.ngff.axes import order_axes, parse_axes


def space(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "type": "space"} for name in names]


@pytest.mark.parametrize(
    ("axes", "names", "order"),
    [
        (None, "tczyx", (0, 1, 2, 3, 4)),
        (["z", "y", "x"], "zyx", (0, 1, 2)),
        (["x", "y", "c"], "xyc", (2, 1, 0)),
        (space("Z", "Y", "X"), "zyx", (0, 1, 2)),
        (space("depth", "height", "width"), "zyx", (0, 1, 2)),
        (space("rows", "columns"), "yx", (0, 1)),
        ([{"name": "stage", "type": "time"}, *space("y", "x")], "tyx", (0, 1, 2)),
        ([*space("y", "x"), {"name": "lambda", "type": "channel"}], "yxc", (2, 0, 1)),
        ([{"name": "t"}, {"name": "y"}, {"name": "x"}], "tyx", (0, 1, 2)),
    ],
)
def test_axes_are_told_by_their_type(axes: Any, names: str, order: tuple[int, ...]) -> None:
    found = parse_axes(axes)
    assert "".join(axis.name for axis in found) == names
    assert order_axes(found) == order


@pytest.mark.parametrize(
    "axes",
    [
        space("y", "columns"),
        space("a", "b", "c", "d"),
        space("x"),
        [*space("y", "x"), {"name": "angle"}],
        [*space("y", "x"), {"name": "phi", "type": "angle"}],
        [*space("y", "x"), {"name": "c", "type": "channel"}, {"name": "stain", "type": "channel"}],
        [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}],
    ],
)
def test_axes_that_cannot_be_told_are_refused(axes: Any) -> None:
    with pytest.raises(ValueError, match=r"axes .* (t c z y x)"):
        parse_axes(axes)


@pytest.mark.parametrize(
    ("name", "unit", "units", "spacing"),
    [
        ("x", "nanometer", "micrometer", 2e-3),
        ("x", "angstrom", "micrometer", 2e-4),
        ("x", "µm", "micrometer", 2.0),
        ("x", "kilometer", "micrometer", 2e9),
        ("x", "yoctometer", "micrometer", 2e-18),
        ("x", "inch", "micrometer", 50800.0),
        ("x", "pixel", "pixel", 2.0),
        ("x", None, "pixel", 2.0),
        ("t", "hour", "second", 7200.0),
        ("t", "day", "second", 172800.0),
        ("t", "picosecond", "second", 2e-12),
        ("t", None, "frame", 2.0),
    ],
)
def test_units(name: str, unit: str | None, units: str, spacing: float) -> None:
    axes = parse_axes([{"name": each, "unit": unit if each == name else None} for each in "tyx"])
    axis = axes["tyx".index(name)]
    found = axis.place(2.0, 1.0)
    assert found.units == units
    assert found.spacing == pytest.approx(spacing, rel=1e-12)
    assert found.origin == pytest.approx(spacing / 2, rel=1e-12)


def test_unknown_units_are_refused() -> None:
    with pytest.raises(ValueError, match="the unit of the axis t is 'fortnight'"):
        parse_axes([{"name": "t", "type": "time", "unit": "fortnight"}, *space("y", "x")])


def test_spacing_that_is_not_known() -> None:
    (y, _) = parse_axes([{"name": name, "unit": "micrometer"} for name in "yx"])
    assert y.place(0.0, 3.0) == y.place(float("nan"), 0.0) == Axis("y", "pixel")
