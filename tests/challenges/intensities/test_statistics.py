"""Sums of errors of restored images against scikit-image, csbdeep and plain loops."""

from __future__ import annotations

import json
from math import inf, isnan, log10

import numpy as np
import pytest
from csbdeep.utils import normalize, normalize_minmse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import metrics as reference

from bioimagehub.challenges.errors import ConventionError, IntensitiesError
from bioimagehub.challenges.intensities import Conventions, Intensities, measure, pool
from bioimagehub.challenges.metrics.restoration import METRICS
from challenges.strategies import unhurried

OURS = Conventions()
TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "float32", "float64"]


def score(name: str, truth: object, prediction: object, **conventions: object) -> float:
    return METRICS[name].score(measure(truth, prediction, conventions=Conventions(**conventions)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """A 12-bit image in 16 bits, smooth structures on a background, and a noisy one: as a camera gives it."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :120]
    clean = 300 + 1800 * (np.sin(x / 7) * np.cos(y / 9) + 1)
    return clean.astype(np.uint16), np.clip(clean + rng.normal(0, 100, clean.shape), 0, 4095).astype(np.uint16)


@pytest.mark.parametrize(
    ("truth", "prediction", "name", "expected", "conventions"),
    [
        ([[0, 10]], [[0, 10]], "psnr", inf, {}),
        ([[0, 10]], [[1, 9]], "psnr", 20.0, {}),  # range 10, error 1
        ([[0, 10]], [[1, 9]], "psnr", 20 * log10(255), {"data_range": 255}),
        ([[5, 5]], [[5, 6]], "psnr", None, {}),  # a truth without range says nothing
        ([[5, 5]], [[5, 5]], "psnr", None, {}),
        ([[5, 5]], [[6, 6]], "psnr", 20.0, {"data_range": 10}),
        ([[0, 10]], [[0, 10]], "mean_absolute_error", 0.0, {}),
        ([[0, 10]], [[3, 10]], "mean_absolute_error", 1.5, {}),
        ([[3, 4]], [[3, 4]], "nrmse", 0.0, {}),
        ([[3, 4]], [[0, 0]], "nrmse", 1.0, {}),
        ([[3, 4]], [[4, 4]], "nrmse", 1 / 5, {}),  # √(1/2) over √(25/2)
        ([[2, 6]], [[4, 8]], "nrmse", 2 / 4, {"normalisation": "mean"}),
        ([[2, 6]], [[4, 8]], "nrmse", 2 / 4, {"normalisation": "min-max"}),
        ([[0, 0]], [[0, 1]], "nrmse", None, {}),
        ([[0, 10]], [[7, 27]], "scale_invariant_psnr", inf, {}),  # 2 t + 7
        ([[0, 10]], [[10, 0]], "scale_invariant_psnr", inf, {}),  # also an inverted image
        (
            [[0, 10]],
            [[4, 4]],
            "scale_invariant_psnr",
            20 * log10(2),
            {},
        ),  # the fit is the mean
        ([[0, 0, 10, 10]], [[0, 10, 0, 10]], "scale_invariant_psnr", 20 * log10(2), {}),  # uncorrelated
        ([[3, 3]], [[1, 2]], "scale_invariant_psnr", None, {}),
        ([[3, 3]], [[1, 2]], "care_psnr", None, {}),
        ([[0, 10]], [[4, 4]], "care_psnr", 20 * log10(2), {"low": 0.0, "high": 100.0}),
        ([[0, 1]], [[0, 1]], "ssim", None, {}),  # smaller than a window
    ],
)
def test_by_hand(truth: object, prediction: object, name: str, expected: float | None, conventions: dict) -> None:
    found = score(name, truth, prediction, **conventions)
    assert isnan(found) if expected is None else found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_unsigned_integers_do_not_wrap(dtype: str) -> None:
    truth, prediction = np.array([[5, 9]], dtype), np.array([[6, 7]], dtype)
    wrapped = float(np.mean((truth - prediction).astype(np.float64) ** 2))
    assert wrapped > 1000
    assert measure(truth, prediction, conventions=OURS).mean_squared_error == 2.5


def test_one_pair_has_many_psnr(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """The range of the type flatters by what the type could hold; ours is stated, theirs is a switch."""
    as_skimage = Conventions.as_in("scikit-image")
    found = METRICS["psnr"].score(measure(*pair, conventions=as_skimage))
    assert found == pytest.approx(reference.peak_signal_noise_ratio(*pair), abs=1e-9)
    declared, own = score("psnr", *pair, data_range=4095), score("psnr", *pair)
    assert declared == pytest.approx(reference.peak_signal_noise_ratio(*pair, data_range=4095), abs=1e-9)
    assert own == pytest.approx(reference.peak_signal_noise_ratio(*pair, data_range=np.ptp(pair[0])), abs=1e-9)
    assert found - declared == pytest.approx(20 * log10(65535 / 4095))
    assert found > declared + 20 > own + 20


def test_range_of_float_types_as_in_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth, prediction = (one.astype(np.float32) / 4095 for one in pair)
    for shift in (0, -0.5):
        ours = score("psnr", truth + shift, prediction + shift, data_range="dtype")
        assert ours == pytest.approx(reference.peak_signal_noise_ratio(truth + shift, prediction + shift), abs=1e-5)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(11, 11), (30, 41), (12, 15, 13)])
def test_ssim_as_in_scikit_image_with_the_settings_of_the_paper(dtype: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    truth, prediction = rng.integers(0, 100, (2, *shape)).astype(dtype)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 50.0}
    theirs = reference.structural_similarity(truth.astype(float), prediction.astype(float), **settings)
    assert score("ssim", truth, prediction, data_range=50.0) == pytest.approx(theirs, abs=1e-12)


def test_ssim_by_a_loop_over_windows() -> None:
    rng = np.random.default_rng(2)
    truth, prediction = rng.uniform(0, 1, (2, 13, 14))
    kernel = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(kernel, kernel) / kernel.sum() ** 2
    c1, c2 = 0.01**2, 0.03**2
    found = []
    for y in range(5, 8):
        for x in range(5, 9):
            a, b = (one[y - 5 : y + 6, x - 5 : x + 6] for one in (truth, prediction))
            ma, mb = (weights * a).sum(), (weights * b).sum()
            va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
            cov = (weights * (a - ma) * (b - mb)).sum()
            found.append((2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    assert score("ssim", truth, prediction, data_range=1.0) == pytest.approx(np.mean(found), abs=1e-12)


def test_ssim_plane_by_plane() -> None:
    rng = np.random.default_rng(3)
    truth, prediction = rng.uniform(0, 1, (2, 4, 20, 21))
    each = [score("ssim", *planes, data_range=1.0) for planes in zip(truth, prediction, strict=True)]
    assert score("ssim", truth, prediction, data_range=1.0, planes=True) == pytest.approx(np.mean(each), abs=1e-12)
    # Four planes are no window.
    assert isnan(score("ssim", truth, prediction, data_range=1.0))


def test_nrmse_as_in_scikit_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    for name in ("euclidean", "mean", "min-max"):
        theirs = reference.normalized_root_mse(*(one.astype(float) for one in pair), normalization=name)
        assert score("nrmse", *pair, normalisation=name) == pytest.approx(theirs, rel=1e-12)


def test_care_normalisation_as_in_csbdeep(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth = normalize(pair[0], 0.1, 99.9, dtype=np.float64)
    fit = normalize_minmse(pair[1].astype(np.float64), truth)
    psnr = reference.peak_signal_noise_ratio(truth, fit, data_range=1)
    ssim = reference.structural_similarity(
        truth, fit, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    as_csbdeep = measure(*pair, conventions=Conventions.as_in("csbdeep"))
    # They keep 1e-10 in a denominator.
    assert METRICS["care_psnr"].score(as_csbdeep) == pytest.approx(psnr, abs=1e-6)
    assert METRICS["care_ssim"].score(as_csbdeep) == pytest.approx(ssim, abs=1e-6)


def test_scale_invariant_psnr_by_its_first_code(pair: tuple[np.ndarray, np.ndarray]) -> None:
    truth, prediction = (one.astype(np.float64) for one in pair)
    span = (truth.max() - truth.min()) / truth.std()
    t = (truth - truth.mean()) / truth.std()
    p = prediction - prediction.mean()
    theirs = reference.peak_signal_noise_ratio(t, p * (t * p).sum() / (p * p).sum(), data_range=span)
    assert score("scale_invariant_psnr", *pair) == pytest.approx(theirs, abs=1e-9)


def test_four_numbers_of_one_pair_differ(pair: tuple[np.ndarray, np.ndarray]) -> None:
    found = [score("psnr", *pair, data_range=kind) for kind in ("dtype", 4095, "truth")]
    found += [score("care_psnr", *pair), score("scale_invariant_psnr", *pair)]
    assert len({round(one, 2) for one in found}) == 5
    assert score("ssim", *pair, data_range="dtype") > score("ssim", *pair) + 0.05


@unhurried
@given(st.floats(0.01, 100), st.floats(-1000, 1000))
def test_affine_changes_do_not_matter_to_fitted_scores(scale: float, offset: float) -> None:
    rng = np.random.default_rng(4)
    truth = rng.uniform(0, 100, (16, 17))
    prediction = truth + rng.normal(0, 5, truth.shape)
    for name in ("scale_invariant_psnr", "care_psnr", "care_ssim"):
        changed = score(name, truth, scale * prediction + offset)
        assert changed == pytest.approx(score(name, truth, prediction), rel=1e-6)
    assert score("scale_invariant_psnr", truth, prediction) >= score("psnr", truth, prediction) - 1e-9


images = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.floats(-1e6, 1e6, width=32)
)


@unhurried
@given(images)
def test_truth_itself_is_best(image: np.ndarray) -> None:
    found = measure(image, image, conventions=OURS)
    for name, metric in METRICS.items():
        value = metric.score(found)
        assert isnan(value) or value == pytest.approx(metric.BEST, abs=1e-9), name


@unhurried
@given(images, st.integers(0, 2**32 - 1))
def test_pool_of_two_is_one_image_of_both(image: np.ndarray, seed: int) -> None:
    other = np.random.default_rng(seed).uniform(-100, 100, image.shape)
    guess = np.random.default_rng(seed + 1).uniform(-100, 100, (2, *image.shape))
    for settings in (Conventions(), Conventions(data_range=200.0)):
        each = [measure(t, p, conventions=settings) for t, p in zip((image, other), guess, strict=True)]
        whole = measure(np.concatenate([image, other]), np.concatenate(list(guess)), conventions=settings)
        for name in ("psnr", "nrmse", "mean_absolute_error"):
            value = METRICS[name].score(whole)
            assert METRICS[name].score(pool(each)) == pytest.approx(value, rel=1e-9, nan_ok=True)
        assert pool([each[0]]) == each[0]


def test_image_without_contrast_does_not_change_pooled_scores(pair: tuple[np.ndarray, np.ndarray]) -> None:
    one = measure(*pair, conventions=OURS)
    flat = measure(np.full_like(pair[0], 300), pair[1], conventions=OURS)
    for name in ("scale_invariant_psnr", "care_psnr", "care_ssim"):
        assert METRICS[name].score(pool([one, flat])) == METRICS[name].score(one)
        assert isnan(METRICS[name].score(flat))


def test_statistics_are_written_and_read_exactly(pair: tuple[np.ndarray, np.ndarray]) -> None:
    for settings in (OURS, Conventions(data_range=4095, low=1.0, high=99.0, planes=True, window="none")):
        found = measure(*pair, conventions=settings, spacing=(0.5, 0.25))
        assert Intensities.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_ring_correlation_falls_where_an_image_is_blurred(pair: tuple[np.ndarray, np.ndarray]) -> None:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(5)
    truth = rng.normal(size=(64, 64))
    noisy = [truth + amount * rng.normal(size=truth.shape) for amount in (0.1, 1, 10)]
    found = [score("fourier_ring_correlation", truth, one) for one in (truth, *noisy)]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(1)
    # A filter changes amplitudes, not correlations: that is what it cannot see.
    assert score("fourier_ring_correlation", truth, gaussian_filter(truth, 0.5, mode="wrap"), window="none") > 0.99


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([[1.0, 2]], [[1.0, np.nan]], r"has 1 of 2 values that are NaN, infinite .* numpy.nan_to_num"),
        ([[1.0, 2]], [[np.inf, -np.inf]], "has 2 of 2 values"),
        ([[1.0, 2]], [[1.0, 1e300]], "beyond 1e[+]70"),
        ([[1.0, np.nan]], [[1.0, 2]], "The ground truth of image 7 has 1 of 2"),
        ([[1.0, 2]], [[1.0], [2]], r"has the shape \(2, 1\). Expected \(1, 2\)"),
        ([[1.0, 2]], [[True, False]], "has values of type bool. Expected intensities"),
        ([[1.0, 2]], [[1j, 2]], "has values of type complex128"),
        ([[]], [[]], "Expected pixels along one, two or three axes"),
        (np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 2)), "one channel and one timepoint at a time"),
    ],
)
def test_what_cannot_be_compared(truth: object, prediction: object, message: str) -> None:
    with pytest.raises(IntensitiesError, match=message):
        measure(truth, prediction, conventions=OURS, name="image 7")  # type: ignore[arg-type]


@pytest.mark.parametrize("spacing", [(1.0,), (1.0, 0.0), (1.0, np.nan)])
def test_spacing_that_is_none(spacing: tuple[float, ...]) -> None:
    with pytest.raises(IntensitiesError, match="Expected 2 positive numbers"):
        measure([[1, 2]], [[1, 2]], conventions=OURS, spacing=spacing)


def test_largest_values_give_numbers() -> None:
    rng = np.random.default_rng(6)
    truth = rng.uniform(0, 1, (12, 12))
    found = measure(truth, truth * 1e70, conventions=OURS)
    for name, metric in METRICS.items():
        value = metric.score(found)
        assert not isnan(value), name


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"data_range": 0}, "Expected a positive number, or one of dtype, truth"),
        ({"data_range": "image"}, "'image'. Expected a positive number"),
        ({"low": 99, "high": 1}, "Expected 0 ≤ low < high ≤ 100"),
        ({"window": "tukey"}, "Choose one of hann, none"),
        ({"normalisation": "max"}, "Choose one of euclidean, mean, min-max"),
    ],
)
def test_conventions_out_of_range(fields: dict, message: str) -> None:
    with pytest.raises(ConventionError, match=message):
        Conventions(**fields)


def test_conventions_are_told_and_known_by_name() -> None:
    assert "data range 4095;" in str(Conventions(data_range=4095))
    assert "of the type of each ground truth" in str(Conventions.as_in("scikit-image"))
    with pytest.raises(ConventionError, match="These are known: careamics, csbdeep, scikit-image"):
        Conventions.as_in("imagej")
    for one in (OURS, Conventions.as_in("scikit-image"), Conventions(data_range=4095.0)):
        assert Conventions.from_dict(json.loads(json.dumps(one.as_dict()))) == one
