from __future__ import annotations

import json
from math import inf, isnan, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import binary_erosion, distance_transform_edt, gaussian_filter
from scipy.spatial.distance import directed_hausdorff

from bioimagehub.challenges.errors import ConventionError, LabelShapeError, NotALabelImageError, SpacingError
from bioimagehub.challenges.metrics import family_metrics
from bioimagehub.challenges.surfaces import BoundaryConventions, SurfaceCounts, measure, pool
from challenges.cases import draw
from challenges.strategies import unhurried

if TYPE_CHECKING:
    from numpy.typing import NDArray

METRICS = family_metrics("boundaries")
MASK_METRICS = ("hausdorff", "hausdorff_95", "normalised_surface_distance", "boundary_f")
SPACINGS = {2: [(1.0, 1.0), (0.5, 2.0)], 3: [(1.0, 1.0, 1.0), (2.0, 0.5, 0.3)]}
masks = arrays.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7).flatmap(
    lambda shape: st.tuples(*[arrays.arrays(np.bool_, shape)] * 2)
)


def scores(truth: object, prediction: object, spacing: object = None, **fields: object) -> dict[str, float]:
    conventions = BoundaryConventions(**fields)  # type: ignore[arg-type]
    counts = measure(truth, prediction, conventions=conventions, spacing=spacing)  # type: ignore[arg-type]
    return {name: metric.score(counts) for name, metric in METRICS.items()}


def blobs(shape: tuple[int, ...], seed: int, sigma: float = 3) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two masks of large objects that agree in part."""
    rng = np.random.default_rng(seed)
    field, change = (gaussian_filter(rng.normal(size=shape), sigma) for _ in range(2))
    return field > field.std() / 2, field + change / 3 > field.std() / 2


def surface(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return mask & ~binary_erosion(mask)


def both_ways(a: NDArray[np.bool_], b: NDArray[np.bool_], spacing: tuple[float, ...]) -> list[NDArray[np.float64]]:
    """The distances of each surface to the other, by distance transforms of whole images."""
    one, two = surface(a), surface(b)
    return [distance_transform_edt(~two, sampling=spacing)[one], distance_transform_edt(~one, sampling=spacing)[two]]


# Tolerance, then Hausdorff distance, 95th percentile, NSD and boundary F.
BY_HAND = {
    "the same": (draw(".11.", ".11."), draw(".22.", ".22."), 0, (0, 0, 1, 1)),
    # One pixel each, 3 along x and 4 along y apart.
    "3, 4, 5": (
        draw("1...", "....", "....", "....", "...."),
        draw("....", "....", "....", "....", "...1"),
        1,
        (5, 5, 0, 0),
    ),
    # Both have 4 pixels, all at the surface; 3 are shared, one of each is 1 away.
    "moved by one, tolerance 0": (draw("1111.."), draw(".1111."), 0, (1, 0.85, 6 / 8, 3 / 4)),
    "moved by one, tolerance 1": (draw("1111.."), draw(".1111."), 1, (1, 0.85, 1, 1)),
    # All 3 true pixels are found; the predicted lie 0, 0, 0, 1, 2, 3 away.
    "too long": (draw("111..."), draw("111111"), 1, (3, 2.75, 7 / 9, 2 * (4 / 6) / (1 + 4 / 6))),
    # The rim of 3 × 3 without the middle: the middle, as an object, is 1 from the rim of four sides.
    "ring and middle": (draw("111", "1.1", "111"), draw("...", ".1.", "..."), 1, (sqrt(2), sqrt(2), 5 / 9, 2 / 3)),
    "full and ring": (draw("111", "111", "111"), draw("111", "1.1", "111"), 0, (0, 0, 1, 1)),
    "missed": (draw("111."), draw("...."), 9, (sqrt(17), sqrt(17), 0, 0)),
    "invented": (draw("...."), draw(".1.."), 9, (sqrt(17), sqrt(17), 0, 0)),
}


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, ">u2"])
def test_by_hand(name: str, dtype: object) -> None:
    truth, prediction, tolerance, expected = BY_HAND[name]
    found = scores(truth.astype(dtype), prediction.astype(dtype), tolerance=tolerance)
    assert [found[name] for name in MASK_METRICS] == pytest.approx(list(expected))


def test_unit_is_that_of_the_spacing() -> None:
    truth, prediction, _, _ = BY_HAND["3, 4, 5"]
    assert scores(truth, prediction, (0.5, 2.0))["hausdorff"] == pytest.approx(sqrt(2**2 + 6**2))
    # The tolerance is one pixel along its largest side.
    assert scores(draw("11..."), draw(".11.."), (0.5, 2.0))["boundary_f"] == 1
    assert scores(draw("11..."), draw(".11.."), (0.5, 2.0), tolerance=1.99)["boundary_f"] == 0.5
    # What rounding adds to 3 · 0.1 does not put it beyond the tolerance.
    assert scores(draw("1..."), draw("...1"), (0.1, 0.1), tolerance=0.3)["boundary_f"] == 1


@unhurried
@given(masks, st.integers(0, 1))
def test_equal_to_obvious_code(pair: tuple[NDArray[np.bool_], NDArray[np.bool_]], which: int) -> None:
    a, b = pair
    spacing = SPACINGS[a.ndim][which]
    found = scores(a, b, spacing)
    pooled = scores(a, b, spacing, percentile="pooled")
    if not a.any() and not b.any():
        assert all(isnan(value) for value in found.values())
        return
    if not a.any() or not b.any():
        diagonal = pytest.approx(np.linalg.norm(np.multiply(a.shape, spacing)))
        assert found["hausdorff"] == diagonal == found["hausdorff_95"]
        assert found["normalised_surface_distance"] == found["boundary_f"] == 0
        return
    there, back = both_ways(a, b, spacing)
    tolerance = max(spacing)
    assert found["hausdorff"] == max(there.max(), back.max())
    assert found["hausdorff_95"] == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)))
    assert pooled["hausdorff_95"] == pytest.approx(np.percentile(np.concatenate([there, back]), 95))
    near = [(side <= tolerance).mean() for side in (there, back)]
    assert found["boundary_f"] == pytest.approx(2 * near[0] * near[1] / sum(near) if sum(near) else 0)
    assert found["normalised_surface_distance"] == pytest.approx((np.concatenate([there, back]) <= tolerance).mean())


@pytest.mark.parametrize("shape", [(120, 150), (40, 50, 60)])
@pytest.mark.parametrize("which", [0, 1])
def test_equal_to_itk_and_scipy(shape: tuple[int, ...], which: int) -> None:
    """ITK measures between all pixels of two masks: it is given the surfaces."""
    spacing = SPACINGS[len(shape)][which]
    a, b = blobs(shape, seed=which)
    ours = scores(a, b, spacing)["hausdorff"]
    images = [SimpleITK.GetImageFromArray(surface(mask).astype(np.uint8)) for mask in (a, b)]
    for image in images:
        image.SetSpacing(spacing[::-1])
    measured = SimpleITK.HausdorffDistanceImageFilter()
    measured.Execute(*images)
    assert ours == pytest.approx(measured.GetHausdorffDistance(), abs=1e-5)  # ITK has single precision
    places = [np.argwhere(surface(mask)) * spacing for mask in (a, b)]
    assert ours == pytest.approx(max(directed_hausdorff(*places)[0], directed_hausdorff(*places[::-1])[0]), rel=1e-12)


@pytest.mark.filterwarnings("ignore:Please (use|import) `.*` from the `scipy.ndimage` namespace:DeprecationWarning")
@pytest.mark.parametrize("shape", [(90, 70), (30, 40, 36)])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("tolerance", [0.0, 1.0, 2.5])
def test_equal_to_surface_distance(shape: tuple[int, ...], which: int, tolerance: float) -> None:
    import surface_distance

    spacing = SPACINGS[len(shape)][which]
    a, b = blobs(shape, seed=3 + which, sigma=2)
    conventions = BoundaryConventions.as_in("surface-distance").as_dict() | {"tolerance": tolerance}
    ours = scores(a, b, spacing, **conventions)
    theirs = surface_distance.compute_surface_distances(a, b, spacing)
    robust = [surface_distance.compute_robust_hausdorff(theirs, percent) for percent in (95, 100)]
    assert [ours["hausdorff_95"], ours["hausdorff"]] == pytest.approx(robust, rel=1e-9)
    dice = surface_distance.compute_surface_dice_at_tolerance(theirs, tolerance)
    assert ours["normalised_surface_distance"] == pytest.approx(dice, rel=1e-9)


def test_definitions_disagree() -> None:
    """A disc and the disc with one long spike: the larger percentile, the pooled one and the elements'."""
    y, x = np.mgrid[:60, :90]
    truth = (y - 30) ** 2 + (x - 30) ** 2 <= 20**2
    prediction = truth | ((y == 30) & (x > 30) & (x < 60))
    found = {
        name: scores(truth, prediction, **BoundaryConventions.as_in(name).as_dict())["hausdorff_95"]
        for name in BoundaryConventions.REFERENCES
    }
    found["ours"] = scores(truth, prediction)["hausdorff_95"]
    assert len(set(found.values())) == 3
    assert found["medpy"] < found["ours"]
    there, back = both_ways(truth, prediction, (1.0, 1.0))
    assert found["ours"] == pytest.approx(np.percentile(back, 95))
    assert found["medpy"] == pytest.approx(np.percentile(np.concatenate([there, back]), 95))


@pytest.mark.parametrize(
    ("truth", "prediction", "fields", "expected"),
    [
        ("..", "..", {}, (nan, nan, nan, nan)),
        ("..", "..", {"empty": "perfect"}, (0, 0, 1, 1)),
        ("1.", "..", {"missing": "infinite"}, (inf, inf, 0, 0)),
        ("..", "1.", {"missing": "infinite", "tolerance": 100}, (inf, inf, 0, 0)),
        ("..", "1.", {"tolerance": 100}, (sqrt(5), sqrt(5), 0, 0)),
    ],
)
@pytest.mark.parametrize("surface_rule", ["voxels", "elements"])
def test_empty_cases(truth: str, prediction: str, fields: dict, expected: tuple, surface_rule: str) -> None:
    found = scores(draw(truth), draw(prediction), surface=surface_rule, **fields)
    assert [found[name] for name in MASK_METRICS] == pytest.approx(list(expected), nan_ok=True)
    assert [found[f"mean_object_{name}"] for name in MASK_METRICS] == pytest.approx(list(expected), nan_ok=True)


def test_objects_one_by_one() -> None:
    """One object found in full, one too long by one pixel, one missed, one invented; the diagonal is √(1 + 20²)."""
    truth = draw("11.2222...33........")
    prediction = draw("88.99999........7777")
    counts = measure(truth, prediction, conventions=BoundaryConventions(tolerance=0))
    diagonal = sqrt(401)
    f = 2 * (4 / 5) / (1 + 4 / 5)
    assert counts.objects.tolist() == [pytest.approx(row) for row in [(0, 0, 1, 1), (1, 0.8, 8 / 9, f)]]
    assert (counts.unmatched, counts.unmatched_distance) == (2, pytest.approx(2 * diagonal))
    assert METRICS["mean_object_hausdorff"].score(counts) == pytest.approx((1 + 2 * diagonal) / 4)
    assert METRICS["mean_object_boundary_f"].score(counts) == pytest.approx((1 + f) / 4)
    masks_only = measure(truth != 0, prediction != 0, conventions=BoundaryConventions(tolerance=0))
    assert masks_only.objects.shape == (0, 4)
    assert isnan(METRICS["mean_object_hausdorff"].score(masks_only))
    assert masks_only.hausdorff() == counts.hausdorff()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint64])
@pytest.mark.parametrize("ndim", [2, 3])
def test_touching_objects_are_measured_apart(dtype: type, ndim: int) -> None:
    """Labels are sparse; as one mask the two objects have no border between them."""
    labels = np.zeros((3, 4, 8)[-ndim:], dtype)
    labels[..., 1:4], labels[..., 4:7] = 7, np.iinfo(dtype).max
    moved = np.zeros_like(labels)
    moved[..., 1:5], moved[..., 5:7] = 40_000 if dtype != np.int32 else 5, 3
    counts = measure(labels, moved, conventions=BoundaryConventions())
    assert counts.hausdorff() == 0
    assert counts.objects[:, 0].tolist() == [1, 1]


def test_parts_of_another_object_in_the_box_do_not_count() -> None:
    truth = draw("1111", "1..2", "1..2", "1222")
    counts = measure(truth, truth, conventions=BoundaryConventions())
    assert counts.objects.tolist() == [[0, 0, 1, 1]] * 2


def test_image_around_does_not_matter() -> None:
    """But for the edge of the image, which is background."""
    a, b = blobs((30, 40), seed=5)
    found, wide = scores(a, b), scores(np.pad(a, 200), np.pad(b, 200))
    assert found == pytest.approx(wide, nan_ok=True, rel=0)


@unhurried
@given(masks)
def test_order_of_the_two_does_not_matter(pair: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> None:
    assert scores(*pair) == pytest.approx(scores(*pair[::-1]), nan_ok=True)
    assert scores(pair[0], pair[0]) == pytest.approx(
        {
            name: metric.BEST if pair[0].any() and not name.startswith("mean") else nan
            for name, metric in METRICS.items()
        },
        nan_ok=True,
    )


@unhurried
@given(st.lists(masks, min_size=1, max_size=3), st.sampled_from(["voxels", "elements"]))
def test_pool_joins_all_distances(cases: list, surface_rule: str) -> None:
    conventions = BoundaryConventions(surface=surface_rule, tolerance=1.0)  # type: ignore[arg-type]
    counts = [measure(a.astype(int), b.astype(int), conventions=conventions) for a, b in cases]
    pooled = pool(counts)
    sides = [np.repeat(one.truth.distances, np.maximum(one.truth.weights, 1).astype(int)) for one in counts]
    assert sorted(set(np.concatenate(sides).tolist())) == pooled.truth.distances.tolist()
    assert pooled.truth.total == pytest.approx(sum(one.truth.total for one in counts))
    known = [one.hausdorff() for one in counts if not one.is_empty]
    assert pooled.hausdorff() == (max(known) if known else pytest.approx(nan, nan_ok=True))
    assert len(pooled.objects) == sum(len(one.objects) for one in counts)
    assert pooled.unmatched == sum(one.unmatched for one in counts)
    again = SurfaceCounts.from_dict(json.loads(json.dumps(pooled.as_dict(), allow_nan=False)))
    assert again.as_dict() == pooled.as_dict()
    for metric in METRICS.values():
        assert metric.score(again) == pytest.approx(metric.score(pooled), nan_ok=True, rel=0, abs=0)


def test_infinity_comes_back_from_json() -> None:
    counts = measure([[1, 0]], [[0, 0]], conventions=BoundaryConventions(missing="infinite"))
    again = SurfaceCounts.from_dict(json.loads(json.dumps(counts.as_dict(), allow_nan=False)))
    assert again.hausdorff() == again.mean_of_objects("hausdorff") == inf


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[1, 0]], [[1]]), LabelShapeError, r"prediction of case has the shape \(1, 1\). Expected \(1, 2\)"),
        (([[0.5, 0]], [[1, 0]]), NotALabelImageError, "values of type float64"),
        ((np.ones((2, 2, 2, 2), bool),) * 2, LabelShapeError, r"4 axes. Expected \(y, x\) or \(z, y, x\)"),
    ],
)
def test_what_is_refused(arguments: tuple, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        measure(*arguments, conventions=BoundaryConventions())


@pytest.mark.parametrize("spacing", [(1.0,), (1.0, 1.0, 1.0), (1.0, 0.0), (1.0, -1.0), (nan, 1.0), (inf, 1.0)])
def test_spacing_has_a_number_for_each_axis(spacing: tuple[float, ...]) -> None:
    with pytest.raises(SpacingError, match="Expected 2 numbers above 0"):
        measure([[1, 0]], [[1, 0]], conventions=BoundaryConventions(), spacing=spacing)


def test_conventions() -> None:
    for name in BoundaryConventions.REFERENCES:
        conventions = BoundaryConventions.as_in(name)
        assert BoundaryConventions.from_dict(json.loads(json.dumps(conventions.as_dict()))) == conventions
        assert str(conventions) != str(BoundaryConventions())
    with pytest.raises(ConventionError, match=r"'monai'. These are known: medpy, surface-distance"):
        BoundaryConventions.as_in("monai")
    for fields in ({"tolerance": -1}, {"surface": "mesh"}, {"percentile": "mean"}, {"missing": "0"}, {"empty": "one"}):
        with pytest.raises(ConventionError, match=r"Choose one of|of at least 0"):
            BoundaryConventions(**fields)  # type: ignore[arg-type]
