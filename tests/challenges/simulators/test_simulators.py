"""All simulators: the same seed gives the same bytes, and everything is on record."""

from __future__ import annotations

import hashlib
import inspect
import json
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.challenges import simulators
from bioimagehub.challenges.errors import SimulationError
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks import Tracks

if TYPE_CHECKING:
    from bioimagehub.challenges.phantoms import Simulated

NAMES = [one.name for one in iter_modules(simulators.__path__)]
# Small enough to be quick.
SMALL: dict[str, dict[str, Any]] = {
    "cells": {"shape": (64, 80), "count": 6},
    "maps": {"shape": (16, 20, 18), "resolution": 6.0, "residues": 60},
    "noise": {"shape": (48, 64), "count": 5, "exposures": 2},
    "phenotypes": {"shape": (32, 40), "count": 3, "replicates": 1, "controls": 1},
    "spots": {"shape": (64, 48), "density": 0.5},
    "tissue": {"shape": (48, 64), "count": 8},
    "tomogram": {"shape": (20, 40, 44), "count": 3},
    "tracks": {"shape": (6, 64, 72), "count": 4, "lifetime": 4.0},
}


def simulate(name: str, seed: int = 1, **parameters: Any) -> Simulated:
    return import_module(f"bioimagehub.challenges.simulators.{name}").simulate(seed, **SMALL[name] | parameters)


def digest(simulated: Simulated) -> str:
    truth = simulated.truth
    if isinstance(truth, Points):
        truth = np.column_stack([truth.coordinates, *([] if truth.intensity is None else [truth.intensity])])
    elif isinstance(truth, Tracks):
        truth = np.append(
            np.array([truth.load(frame) for frame in range(truth.last + 1)]).ravel(), truth.lineage.rows()
        )
    bytes_of_truth = json.dumps(truth, sort_keys=True).encode() if isinstance(truth, dict) else truth.tobytes()
    return hashlib.sha256(simulated.image.tobytes() + bytes_of_truth).hexdigest()


def test_all_are_tested() -> None:
    assert sorted(NAMES) == sorted(SMALL)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bytes(name: str) -> None:
    first, again, other = simulate(name), simulate(name), simulate(name, seed=2)
    assert digest(first) == digest(again)
    assert digest(first) != digest(other)
    assert (first.image.dtype, first.image.shape) == (other.image.dtype, other.image.shape)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_on_record_give_the_image_again(name: str) -> None:
    first = simulate(name)
    written = json.loads(json.dumps(first.parameters))
    module = import_module(f"bioimagehub.challenges.simulators.{name}")
    assert written.keys() == inspect.signature(module.simulate).parameters.keys()
    seed = written.pop("seed")
    assert digest(module.simulate(seed, **written)) == digest(first)


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_spacing_are_those_of_the_image(name: str) -> None:
    found = simulate(name)
    assert len(found.axes) == len(found.spacing) == found.image.ndim
    assert all(size > 0 for size in found.spacing)
    assert "https://doi.org/10." in found.source
    module = import_module(f"bioimagehub.challenges.simulators.{name}")
    assert found.source == module.SOURCE
    assert "References\n----------\n" in inspect.getdoc(module)  # type: ignore[operator]
    assert found.image.dtype in (np.uint16, np.float32)
    assert np.isfinite(found.image).all()
    assert found.image.std() > 0


@pytest.mark.parametrize("name", NAMES)
def test_secret_seeds_may_be_long(name: str) -> None:
    assert simulate(name, seed=2**255 + 12345).image.size


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(), (0, 64, 64), (1 << 20, 1 << 20, 1 << 20), (4, 4, 4, 4, 4)])
def test_shapes_that_are_none(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(SimulationError, match=r"The shape is \["):
        simulate(name, shape=shape)


@pytest.mark.parametrize("name", NAMES)
def test_negative_seed(name: str) -> None:
    with pytest.raises(SimulationError, match=r"seed is -1. Expected a whole number of at least 0"):
        simulate(name, seed=-1)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("spots", {"photons": 0}, "photons is 0. Expected a number above 0"),
        ("spots", {"density": -1.0}, "density is -1.0. Expected a number of at least 0"),
        ("spots", {"psf": "box"}, "Choose one of airy, gaussian"),
        ("cells", {"spacing": (0.1,)}, "Expected a positive size an axis"),
        ("cells", {"shading": 2.0}, "0 to 65,535, and 0 to 1"),
        ("cells", {"background": float("nan")}, "background is nan"),
        ("noise", {"exposures": 0}, "Expected at least 1"),
        ("tissue", {"stain": "ink"}, "no second stain 'ink'. Choose one of dab, eosin"),
        ("tissue", {"glass": 0.6, "epithelium": 0.5}, "glass and epithelium together at most 1"),
        ("tissue", {"sparseness": 1.5}, "Expected each from 0 to 1"),
        ("tissue", {"deviation": -0.1}, "deviation is -0.1. Expected a number of at least 0"),
        ("tissue", {"spacing": (0.5, 0.0)}, "Expected a positive size an axis"),
        ("tomogram", {"shapes": ("cube",)}, "Expected some of ball, ring, rod"),
        ("maps", {"resolution": 2.0}, "Expected at least two voxels"),
        ("phenotypes", {"mechanisms": ("magic",)}, "Expected some of aneuploidy, apoptosis"),
        ("phenotypes", {"replicates": 0}, "Expected at least one of each"),
        ("tracks", {"lifetime": 1.0}, "a lifetime of at least 2"),
    ],
)
def test_parameters_out_of_range(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        simulate(name, **parameters)
