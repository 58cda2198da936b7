"""Fourier shell correlation against an obvious loop over the full spectrum."""

from __future__ import annotations

import json
from math import cos, inf, isinf, isnan, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.errors import ConventionError, IntensitiesError
from bioimagehub.challenges.fourier import Conventions, Shells, measure, pool
from bioimagehub.challenges.metrics.maps import METRICS
from challenges.strategies import unhurried

OURS = Conventions(voxel_size=1.0)
SHAPES = [
    (8, 8, 8),
    (7, 7, 7),
    (8, 9, 10),
    (5, 12, 6),
    (1, 8, 8),
    (16, 16),
    (9, 12),
    (3, 4, 31),
    (10,),
    (1, 1),
    (2, 2, 2),
]


def make_pair(shape: tuple[int, ...], seed: int = 0, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=shape)
    return truth.astype(dtype), (truth + rng.normal(size=shape)).astype(dtype)


def loop(truth: np.ndarray, prediction: np.ndarray, spacing: tuple[float, ...], offset: float = 0.5) -> np.ndarray:
    """The definition: every coefficient of the full spectrum goes to its shell."""
    first, second = np.fft.fftn(truth.astype(float)), np.fft.fftn(prediction.astype(float))
    width = 1 / max(n * d for n, d in zip(truth.shape, spacing, strict=True))
    shells = int(1 / (2 * max(spacing)) / width + 1e-9) + 1
    sums = np.zeros((3, shells))
    for place in np.ndindex(truth.shape):
        square = sum(np.fft.fftfreq(n, d)[k] ** 2 for n, d, k in zip(truth.shape, spacing, place, strict=True))
        shell = int(np.sqrt(square) / width + offset)
        if shell < shells:
            a, b = first[place], second[place]
            sums[:, shell] += (a * b.conj()).real, abs(a) ** 2, abs(b) ** 2
    return sums


def shells_of(correlation: list[float], conventions: Conventions = OURS, width: float = 0.05) -> Shells:
    ones = (1.0,) * len(correlation)
    return Shells(conventions, width, width * (len(correlation) - 1), tuple(correlation), ones, ones)


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_those_of_the_loop(shape: tuple[int, ...]) -> None:
    truth, prediction = make_pair(shape)
    found = measure(truth, prediction, conventions=OURS)
    sums = loop(truth, prediction, (1.0,) * len(shape))
    mine = np.array([found.cross, found.truth_power, found.prediction_power])
    assert mine == pytest.approx(sums, rel=1e-9, abs=1e-9)
    expected = sums[0] / np.sqrt(sums[1] * sums[2])
    assert found.correlation[1:] == pytest.approx(expected[1:], rel=1e-9)


@pytest.mark.parametrize("offset", [("nearest", 0.5), ("down", 0.0)])
def test_rounding_of_shells_is_stated(offset: tuple[str, float]) -> None:
    pair = make_pair((12, 12, 12))
    found = measure(*pair, conventions=Conventions(rounding=offset[0], voxel_size=1.0))  # type: ignore[arg-type]
    assert found.cross == pytest.approx(loop(*pair, (1, 1, 1), offset[1])[0], rel=1e-9)


@pytest.mark.parametrize("spacing", [(2.0, 1.0, 1.0), (1.0, 1.0, 3.0), (0.7, 1.3, 1.9)])
def test_voxels_that_are_no_cubes_have_shells_of_physical_frequency(spacing: tuple[float, ...]) -> None:
    pair = make_pair((9, 10, 11))
    found = measure(*pair, conventions=OURS, spacing=[one * 1e-4 for one in spacing])
    assert found.cross == pytest.approx(loop(*pair, spacing)[0], rel=1e-9)
    assert found.limit == pytest.approx(1 / (2 * max(spacing)))


def test_single_precision_is_right_to_five_digits() -> None:
    for offset in (0.0, 1000.0):
        truth, prediction = make_pair((24, 20, 22))
        single = measure(
            (truth + offset).astype(np.float32), (prediction + offset).astype(np.float32), conventions=OURS
        )
        double = measure(truth, prediction, conventions=OURS)
        assert single.correlation == pytest.approx(double.correlation, abs=1e-4 if offset else 1e-6)


def test_huge_single_precision_does_not_overflow() -> None:
    truth, prediction = make_pair((8, 8, 8))
    found = measure((truth * 1e37).astype(np.float32), (prediction * 1e37).astype(np.float32), conventions=OURS)
    expected = measure(truth, prediction, conventions=OURS).correlation
    assert found.correlation == pytest.approx(expected, abs=1e-5)


def test_a_wave_is_in_its_shell() -> None:
    x = np.arange(16)
    wave = np.broadcast_to(np.cos(2 * pi * 3 * x / 16), (16, 16, 16)).copy()
    found = measure(wave, -2 * wave, conventions=OURS)
    assert np.flatnonzero(np.array(found.truth_power) > 1e-9).tolist() == [3]
    assert found.correlation[3] == pytest.approx(-1)
    assert found.frequency[3] == 3 / 16


def test_shift_turns_correlation_by_a_cosine() -> None:
    """Moving a map by s voxels turns the phase at frequency k by 2πks: the real part is its mean cosine."""
    x = np.arange(32)
    wave = np.cos(2 * pi * 4 * x / 32)
    found = measure(wave, np.roll(wave, 1), conventions=OURS)
    assert found.correlation[4] == pytest.approx(cos(2 * pi * 4 / 32))


@pytest.mark.parametrize(
    ("correlation", "threshold", "shell"),
    [
        ([1, 1, 1, 1], 0.143, None),  # never below: the Nyquist limit
        ([1, 1, 0.5, 0], 0.143, 2 + (0.5 - 0.143) / 0.5),
        ([1, 0.9, 0.4, 0.1, 0.0], 0.5, 1 + 0.4 / 0.5),
        ([1, 0.8, 0.5, 0.2], 0.5, 2),  # at the threshold is not below it
        ([1, 0.8, 0.4, 0.6, 0.2], 0.5, 1 + 0.3 / 0.4),  # the first crossing counts
        ([1, 0, 0, 0], 0.5, 0.5),
    ],
)
def test_resolution_by_hand(correlation: list[float], threshold: float, shell: float | None) -> None:
    found = shells_of(correlation)
    expected = 1 / found.limit if shell is None else 1 / (shell * 0.05)
    assert found.resolution(threshold) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("crossing", "interpolation", "shell"),
    [("first", "linear", 1.75), ("first", "none", 1), ("last", "linear", 3.25), ("last", "none", 3)],
)
def test_crossings_by_convention(crossing: str, interpolation: str, shell: float) -> None:
    conventions = Conventions(crossing=crossing, interpolation=interpolation)  # type: ignore[arg-type]
    found = shells_of([1, 0.8, 0.4, 0.6, 0.2], conventions)
    assert found.resolution(0.5) == pytest.approx(1 / (shell * 0.05))


def test_relion_gives_the_last_shell_above_the_threshold() -> None:
    found = shells_of([1, 0.9, 0.5, 0.1, 0.2], Conventions.as_in("relion"))
    assert found.resolution(0.143) == pytest.approx(1 / (2 * 0.05))
    assert isinf(shells_of([1, 0.1, 0.0], Conventions.as_in("relion")).resolution(0.143))


@pytest.mark.parametrize("correlation", [[1, 0.1, 0.0, 0.0], [1, -0.5, -1.0, 0.1], [1, 0.0, 0.0, 0.0]])
def test_where_no_shell_reaches_the_threshold(correlation: list[float]) -> None:
    """Interpolated, the resolution is beyond the longest side, which is that of shell 1; without, it is infinite."""
    found = shells_of(correlation)
    for threshold in (0.143, 0.5):
        assert 1 / found.width < found.resolution(threshold) < inf
        for crossing in ("first", "last"):
            sharp = shells_of(correlation, Conventions(crossing=crossing, interpolation="none"))  # type: ignore[arg-type]
            assert isinf(sharp.resolution(threshold))


def test_last_crossing_of_a_curve_that_ends_above_is_the_limit() -> None:
    found = shells_of([1, 0.1, 0.9], Conventions(crossing="last"))
    assert found.resolution(0.5) == 1 / found.limit


def test_resolution_scales_with_the_voxel() -> None:
    pair = make_pair((16, 16, 16), seed=3)
    found = [measure(*pair, conventions=OURS, spacing=[size * 1e-4] * 3).resolution(0.5) for size in (1.0, 2.5)]
    assert found[1] == pytest.approx(2.5 * found[0])


def test_same_map_reaches_the_limit_and_an_empty_one_nothing() -> None:
    truth, _ = make_pair((8, 8, 8))
    same = measure(truth, truth, conventions=OURS, spacing=(1.5e-4,) * 3)
    assert {name: METRICS[name].score(same) for name in sorted(METRICS)} == pytest.approx(
        {"mean_fsc": 1, "resolution_0143": 3.0, "resolution_05": 3.0}
    )
    empty = measure(truth, np.zeros_like(truth), conventions=OURS)
    assert METRICS["mean_fsc"].score(empty) == 0
    assert METRICS["resolution_0143"].score(empty) > 8


def test_map_of_one_voxel_says_nothing() -> None:
    found = measure(np.ones((1, 1, 1)), np.ones((1, 1, 1)), conventions=OURS)
    assert isnan(METRICS["mean_fsc"].score(found))


def test_more_noise_is_never_better() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(16, 16, 16))
    found = [measure(truth, truth + s * rng.normal(size=truth.shape), conventions=OURS) for s in (0, 0.3, 1, 3, 30)]
    means = [METRICS["mean_fsc"].score(one) for one in found]
    assert means == sorted(means, reverse=True)


def test_mask_takes_out_what_is_outside() -> None:
    truth, _ = make_pair((20, 20, 20))
    rng = np.random.default_rng(1)
    z, y, x = np.ogrid[:20, :20, :20]
    inside = np.sqrt((z - 10) ** 2 + (y - 10) ** 2 + (x - 10) ** 2) <= 6
    noisy = np.where(inside, truth, rng.normal(size=truth.shape))
    masked = Conventions(voxel_size=1.0, mask_diameter=12.0)
    assert measure(truth, noisy, conventions=masked).correlation == pytest.approx(np.ones(11))
    assert measure(truth, noisy, conventions=OURS, mask=inside.astype(float)).correlation == pytest.approx(np.ones(11))
    assert measure(truth, noisy, conventions=OURS).correlation[1:].max() < 0.9


def test_edge_of_the_mask_is_a_cosine() -> None:
    ones = np.ones(21)
    soft = measure(ones, ones, conventions=Conventions(voxel_size=1.0, mask_diameter=20.0, mask_edge=5.0))
    profile = np.clip((10 - np.abs(np.arange(21) - 10)) / 5, 0, 1)
    window = (1 - np.cos(pi * profile)) / 2
    assert soft.truth_power[1:] == pytest.approx(measure(window, window, conventions=OURS).truth_power[1:], rel=1e-9)


@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "float64"])
def test_any_type_of_map(dtype: str) -> None:
    truth, prediction = ((one * 20 + 100).astype(dtype) for one in make_pair((10, 11, 12)))
    found = measure(truth, prediction, conventions=OURS)
    sums = loop(truth, prediction, (1, 1, 1))
    assert found.correlation[1:] == pytest.approx((sums[0] / np.sqrt(sums[1] * sums[2]))[1:], abs=1e-4)


def test_pooled_maps_of_one_shape_add_up() -> None:
    pairs = [make_pair((10, 10, 10), seed) for seed in range(3)]
    each = [measure(*pair, conventions=OURS) for pair in pairs]
    total = pool(each)
    assert total.cross == pytest.approx(np.sum([one.cross for one in each], axis=0))
    assert pool(each[:1]) == each[0]


def test_pooled_maps_of_other_shapes_take_the_widest_shells() -> None:
    each = [measure(*make_pair(shape), conventions=OURS) for shape in ((8, 8, 8), (16, 16, 16))]
    total = pool(each)
    assert (total.width, total.limit, len(total.cross)) == (1 / 8, 0.5, 5)
    fine = np.array(each[1].truth_power)
    # Shells at an odd sixteenth are half-way, and go up; the Nyquist shell gets what is left.
    expected = np.array(each[0].truth_power)
    expected += [fine[0], fine[1] + fine[2], fine[3] + fine[4], fine[5] + fine[6], fine[7] + fine[8]]
    assert total.truth_power == pytest.approx(expected)


def test_statistics_are_written_and_read_exactly() -> None:
    conventions = Conventions(crossing="last", interpolation="none", voxel_size=1.25, mask_diameter=8.0, mask_edge=2.0)
    found = measure(*make_pair((8, 8, 8)), conventions=conventions)
    assert Shells.from_dict(json.loads(json.dumps(found.as_dict()))) == found


@unhurried
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(0, 10**6))
def test_correlation_lies_between_minus_one_and_one(shape: list[int], seed: int) -> None:
    truth, prediction = make_pair(tuple(shape), seed)
    found = measure(truth, prediction, conventions=OURS)
    assert (np.abs(found.correlation) <= 1).all()
    swapped = measure(prediction, truth, conventions=OURS)
    assert swapped.correlation == pytest.approx(found.correlation, abs=1e-12)
    assert 2 <= found.resolution(0.143) <= inf


@pytest.mark.parametrize(
    ("prediction", "conventions", "message"),
    [
        (np.ones((4, 4, 5)), OURS, r"has the shape \(4, 4, 5\). Expected \(4, 4, 4\)"),
        (np.full((4, 4, 4), np.nan), OURS, "has 64 of 64 values that are NaN"),
        (np.ones((4, 4, 4)), Conventions(), "The size of a voxel of map is not known.*set voxel_size, in Å"),
    ],
)
def test_what_cannot_be_compared(prediction: np.ndarray, conventions: Conventions, message: str) -> None:
    with pytest.raises(IntensitiesError, match=message):
        measure(np.ones((4, 4, 4)), prediction, conventions=conventions, name="map")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rounding": "up"}, "Choose one of down, nearest"),
        ({"voxel_size": 0.0}, "Expected a positive number of Å"),
        ({"mask_edge": 3.0}, "Expected a width from 0 to half of the diameter"),
        ({"mask_diameter": 10.0, "mask_edge": 6.0}, "Correct one of them"),
    ],
)
def test_conventions_out_of_range(fields: dict, message: str) -> None:
    with pytest.raises(ConventionError, match=message):
        Conventions(**fields)


def test_conventions_are_told() -> None:
    told = str(Conventions(mask_diameter=100.0, mask_edge=6.0))
    assert "masked by a ball of 100 Å with a cosine edge of 6 Å" in told
    assert "first crossing, the last shell before it" in str(Conventions.as_in("relion"))
