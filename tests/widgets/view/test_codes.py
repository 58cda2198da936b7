"""Samples as small whole numbers: what stays exact, and how much is lost of what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bioimagehub.widgets.view.codes import encode_samples, fold_labels, pack
from servers.page import decode


def there_and_back(samples: Any, contrast: tuple[float, float] | None = None) -> Any:
    told, codes = encode_samples(samples, contrast)
    data, packed = pack([codes])
    assert len(data) <= 2 * samples.size
    return decode({"tiles": [told], "packed": packed}, [data])[0]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int8", "int16"])
def test_small_numbers_stay_exact(dtype: str) -> None:
    high = 1 if dtype == "bool" else np.iinfo(dtype).max
    low = 0 if dtype == "bool" else np.iinfo(dtype).min
    samples = np.array([[low, high, 0], [1, 1, low]]).astype(dtype)
    np.testing.assert_array_equal(there_and_back(samples), samples.astype(np.int64))


@given(arrays(st.sampled_from([np.int32, np.int64, np.uint32, np.uint64]), (3, 4)))
def test_large_numbers_are_near(samples: Any) -> None:
    found = there_and_back(samples)
    span = int(samples.max()) - int(samples.min())
    # Python counts exactly where doubles do not.
    errors = [abs(float(a) - int(b)) for a, b in zip(found.ravel(), samples.ravel(), strict=True)]
    near = max(abs(int(samples.max())), abs(int(samples.min()))) * 2**-51
    assert max(errors) <= span / 65535 * 0.51 + near


def test_whole_numbers_of_a_narrow_span_stay_exact_wherever_they_are() -> None:
    samples = np.array([2**40, 2**40 + 65535, 2**40 + 7])
    assert [int(value) for value in there_and_back(samples)] == samples.tolist()


@given(arrays(st.sampled_from([np.float16, np.float32, np.float64]), (2, 5)))
def test_floats_are_near_and_nan_stays(samples: Any) -> None:
    found = there_and_back(samples)
    wide = samples.astype(np.float64)
    wide[np.isfinite(wide)] = wide[np.isfinite(wide)].clip(-1e300, 1e300)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wide))
    finite = np.isfinite(wide)
    if finite.any():
        step = (wide[finite].max() - wide[finite].min()) / 65534
        error = np.abs(found[finite] - wide[finite])
        # Steps below what doubles of this size tell apart are lost anyway.
        assert error.max() <= 0.51 * step + np.abs(wide[finite]).max() * 1e-14 + 1e-300


def test_infinite_samples_take_the_ends() -> None:
    found = there_and_back(np.array([-np.inf, 0.0, 10.0, np.inf]))
    np.testing.assert_allclose(found, [0, 0, 10, 10], atol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("hot", [-1e9, 1e9])
def test_single_samples_far_away_leave_the_contrast(dtype: str, hot: float) -> None:
    samples = (np.random.default_rng(0).random((256, 256)) * 1000).astype(dtype)
    expected = samples.astype(np.float64)
    samples[7, 8] = hot
    # A broken row of a camera, too.
    samples[100] = hot
    found = there_and_back(samples, (0.0, 1000.0))
    assert found[7, 8] * np.sign(hot) > 100_000
    near = np.ones(samples.shape, bool)
    near[7, 8] = near[100] = False
    assert np.abs(found - expected)[near].max() <= 1000 / 256 * 0.51


def test_samples_far_away_leave_nan_and_infinity() -> None:
    samples = np.random.default_rng(0).random((256, 256))
    samples[0, :4] = np.nan, np.inf, -np.inf, 1e300
    found = there_and_back(samples, (0.0, 1.0))
    assert np.isnan(found[0, 0])
    assert np.isnan(found).sum() == 1
    assert found[0, 1] == found[0, 3] > 100
    assert found[0, 2] < 0.01
    np.testing.assert_allclose(found[1:], samples[1:], atol=1 / 256)


def test_bright_spots_are_not_cut_off() -> None:
    samples = np.random.default_rng(0).random((256, 256))
    samples[::64, ::64] = 200.0
    found = there_and_back(samples, (0.0, 1.0))
    np.testing.assert_allclose(found, samples, atol=200 / 65534)


def test_a_contrast_of_another_plane_cuts_nothing_off() -> None:
    samples = np.random.default_rng(0).random((256, 256)) * 1e6
    np.testing.assert_allclose(there_and_back(samples, (0.0, 1.0)), samples, atol=1e6 / 65534)


def test_nothing_but_nan() -> None:
    assert np.isnan(there_and_back(np.full((4, 4), np.nan))).all()


def test_labels_of_any_width_fold_into_32_bits() -> None:
    np.testing.assert_array_equal(fold_labels(np.array([0, 1, 65535], np.uint16)), [0, 1, 65535])
    wide = fold_labels(np.array([0, 5, 2**32, 2**32 + 5, 2**64 - 1], np.uint64))
    assert wide[0] == 0
    assert wide[1] == 5
    assert (wide[1:] != 0).all()
    signed = fold_labels(np.array([0, -1, 3], np.int64))
    assert signed[0] == 0
    assert signed[2] == 3
    assert signed[1] != 0


def test_what_is_empty_travels_small() -> None:
    empty, noise = np.zeros((256, 256), np.uint16), np.random.default_rng(0).integers(0, 2**16, (256, 256), np.uint16)
    data, packed = pack([empty, empty])
    assert packed == "deflate"
    assert len(data) < 1000
    assert pack([noise]) == (noise.tobytes(), None), "it would take time, and be no smaller"
    data, packed = pack([noise, empty])
    assert packed == "deflate"
    assert len(data) < 1.01 * noise.nbytes
