"""What simulators put in is what can be measured in what they give."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from scipy import ndimage

from bioimagehub.challenges import fourier, intensities, profiles, tracks
from bioimagehub.challenges.metrics.maps import METRICS as MAPS
from bioimagehub.challenges.metrics.restoration import METRICS as RESTORATION
from bioimagehub.challenges.metrics.screening import METRICS as SCREENING
from bioimagehub.challenges.phantoms import airy_spot, expose, gaussian_spot, lateral_sigma
from bioimagehub.challenges.simulators import cells, maps, noise, phenotypes, spots, tissue, tomogram
from bioimagehub.challenges.simulators import tracks as moving


def test_camera_has_the_stated_mean_and_variance() -> None:
    rng = np.random.default_rng(0)
    for photons in (0.0, 5.0, 400.0):
        counts = expose(np.full(200_000, photons), rng, gain=2.0, offset=500.0, read_noise=3.0).astype(float)
        assert counts.mean() == pytest.approx(500 + 2 * photons, abs=0.3)
        # Rounding adds a twelfth.
        assert counts.var() == pytest.approx(4 * (photons + 9) + 1 / 12, rel=0.02)
    assert expose(np.array([1e9]), rng).tolist() == [65535]


def test_spots_share_all_of_their_light_among_pixels() -> None:
    assert gaussian_spot((20.3, 19.8), (41, 41), 1.7).sum() == pytest.approx(1, abs=1e-9)
    # An Airy disc has a share of about 0.27 λ / (NA π r) beyond the radius r.
    assert airy_spot((150.2, 149.7), (301, 301), 0.1, 0.67, 1.4).sum() == pytest.approx(1, abs=0.02)


def test_gaussian_is_near_to_the_airy_disc() -> None:
    sigma = lateral_sigma(0.67, 1.4) / 0.05
    airy, gaussian = airy_spot((20, 20), (41, 41), 0.05, 0.67, 1.4), gaussian_spot((20, 20), (41, 41), sigma)
    # In shape: the rings have a sixth of the light.
    assert np.abs(airy / airy.max() - gaussian / gaussian.max()).max() < 0.05


@pytest.mark.parametrize("psf", ["gaussian", "airy"])
def test_spots_are_where_the_truth_says(psf: str) -> None:
    found = spots.simulate(3, shape=(200, 200), density=0.02, photons=5000, background=5, psf=psf)  # type: ignore[arg-type]
    image = found.image.astype(float) - 105
    inside = (found.truth.coordinates > 1).all(1) & (found.truth.coordinates < 18.9).all(1)
    errors = []
    for y, x in found.truth.coordinates[inside] / 0.1:
        low = round(y) - 5, round(x) - 5
        part = image[low[0] : low[0] + 11, low[1] : low[1] + 11]
        errors.append(np.hypot(*(np.array(ndimage.center_of_mass(np.clip(part, 0, None))) + low - (y, x))))
    # Spots that overlap pull each other's centre of mass.
    assert np.median(errors) < 0.3
    total = found.image.astype(float).sum() - 105 * found.image.size
    assert total == pytest.approx(found.truth.intensity.sum(), rel=0.1)


def test_number_of_spots_is_the_density_times_the_area() -> None:
    counts = [len(spots.simulate(seed, shape=(100, 100), density=0.5).truth) for seed in range(30)]
    assert np.mean(counts) == pytest.approx(50, abs=3 * sqrt(50 / 30))


@pytest.mark.parametrize(
    ("shape", "spacing", "count"), [((256, 256), (0.4, 0.4), 40), ((24, 96, 96), (1.0, 0.4, 0.4), 8)]
)
def test_nuclei_are_bright_and_of_the_stated_size(
    shape: tuple[int, ...], spacing: tuple[float, ...], count: int
) -> None:
    found = cells.simulate(5, shape=shape, spacing=spacing, count=count, shading=0.0, variation=0.0, elongation=0.0)
    labels = found.truth
    assert labels.dtype == np.uint16
    numbers = np.unique(labels)
    assert numbers.tolist() == list(range(len(numbers)))
    assert count * 0.7 <= numbers[-1] <= count
    assert found.image[labels > 0].mean() - found.image[labels == 0].mean() > 80
    sizes = np.bincount(labels.ravel())[1:] * np.prod(spacing)
    whole = 81 / 4 * np.pi if len(shape) == 2 else 9**3 / 6 * np.pi
    # Those at the border are cut, and touching ones give way.
    assert np.percentile(sizes, 75) == pytest.approx(whole, rel=0.25)


def test_shading_darkens_the_corners() -> None:
    bright = cells.simulate(1, shape=(100, 100), count=0, background=1000, shading=0.5).image.astype(float)
    assert bright[45:55, 45:55].mean() - 100 == pytest.approx(1000, rel=0.02)
    assert bright[:3, :3].mean() - 100 == pytest.approx(500, rel=0.05)


def test_more_light_makes_better_images() -> None:
    conventions = intensities.Conventions()
    found = []
    for photons in (2.0, 20.0, 200.0):
        pair = noise.simulate(1, shape=(96, 96), photons=photons, background=photons / 5)
        tally = intensities.measure(pair.truth, pair.image, conventions=conventions)
        found.append(RESTORATION["psnr"].score(tally))
    assert found == sorted(found)


def test_noise_of_a_pair_is_independent_and_has_no_bias() -> None:
    found = noise.simulate(1, shape=(128, 128), exposures=2)
    first, second = found.image.astype(float) - found.truth
    assert abs(first.mean()) < 5 * first.std() / sqrt(first.size)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 5 / sqrt(first.size)
    expected = 4 * ((found.truth - 100) / 2 + 1.6**2) + 1 / 12
    assert (first**2).mean() == pytest.approx(expected.mean(), rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_tracks_obey_the_rules_and_score_as_perfect(seed: int) -> None:
    found = moving.simulate(seed, shape=(12, 96, 96), count=6, lifetime=6.0)
    truth = found.truth
    assert tracks.find_problems(truth) == []
    assert (truth.lineage.parent > 0).any()
    tally = tracks.measure(truth, truth, conventions=tracks.Conventions())
    assert tally.complete == len(truth.lineage)


def test_cells_move_and_are_seen() -> None:
    found = moving.simulate(1, shape=(8, 128, 128), count=8, lifetime=100.0)
    labels = np.array([found.truth.load(frame) for frame in range(8)])
    assert found.image[labels > 0].mean() > found.image[labels == 0].mean() + 40
    label = int(np.bincount(labels[labels > 0]).argmax())
    places = np.array([ndimage.center_of_mass(frame == label) for frame in labels if (frame == label).any()])
    steps = np.hypot(*np.diff(places, axis=0).T) * 0.6
    assert 0.2 < steps.mean() < 5


@pytest.mark.parametrize("kind", ["ball", "ring", "rod"])
def test_particles_are_dark_where_the_truth_says(kind: str) -> None:
    found = tomogram.simulate(2, shape=(40, 80, 80), count=8, shapes=(kind,), signal_to_noise=100.0, tilt=90.0)
    places = found.truth.coordinates / found.spacing[0]
    assert len(places) == 8
    around = [
        found.image[tuple(slice(max(0, round(c) - 8), round(c) + 9) for c in place)].min() for place in places.tolist()
    ]
    assert max(around) < np.percentile(found.image, 5)


def test_wedge_is_missing() -> None:
    found = tomogram.simulate(1, shape=(32, 32, 32), count=2, tilt=45.0)
    power = np.abs(np.fft.rfftn(found.image)) ** 2
    fz, fx = np.abs(np.fft.fftfreq(32))[:, None, None], np.fft.rfftfreq(32)[None, None, :]
    steep = np.broadcast_to(fz > fx, power.shape)
    assert power[steep].max() < 1e-6 * power[~steep].mean()
    full = tomogram.simulate(1, shape=(32, 32, 32), count=2, tilt=90.0)
    assert (np.abs(np.fft.rfftn(full.image))[steep] > 0).all()


def test_signal_to_noise_of_a_tomogram() -> None:
    quiet = tomogram.simulate(1, shape=(40, 64, 64), count=6, signal_to_noise=1e9, tilt=90.0).image
    loud = tomogram.simulate(1, shape=(40, 64, 64), count=6, signal_to_noise=0.2, tilt=90.0).image
    assert quiet.var() / (loud - quiet).var() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("resolution", [4.0, 6.0, 9.0])
def test_half_maps_have_the_resolution_that_was_asked_for(resolution: float) -> None:
    found = maps.simulate(0, shape=(48, 48, 48), resolution=resolution, b_factor=10 * resolution**2)
    shells = fourier.measure(*found.image, conventions=fourier.Conventions(), spacing=found.spacing[1:])
    assert MAPS["resolution_0143"].score(shells) == pytest.approx(resolution, rel=0.12)


def test_correlation_of_half_maps_follows_the_ratio() -> None:
    found = maps.simulate(0, shape=(64, 64, 64), resolution=5.0, b_factor=150.0)
    shells = fourier.measure(*found.image, conventions=fourier.Conventions(), spacing=found.spacing[1:])
    ratio = 0.143 / 0.857 * np.exp(-75 * (shells.frequency**2 - 1 / 25))
    expected = ratio / (1 + ratio)
    assert shells.correlation[4:] == pytest.approx(expected[4:], abs=0.12)
    # A half map against the truth: √ of it.
    single = fourier.measure(found.truth, found.image[0], conventions=fourier.Conventions(), spacing=found.spacing[1:])
    assert single.correlation[4:] == pytest.approx(np.sqrt(expected[4:]), abs=0.12)


def test_phenotypes_can_be_told_by_simple_measurements() -> None:
    found = phenotypes.simulate(1, shape=(128, 128), controls=3, replicates=1, concentrations=(5.0,))
    answers: dict[str, float] = {}
    for number, image in enumerate(found.image.astype(float)):
        mask = ndimage.gaussian_filter(image, 1) > 145
        _, count = ndimage.label(mask)
        area = mask.sum() / max(count, 1)
        bright = image[mask].mean() if mask.any() else 0.0
        for name, value in (("count", count), ("area", area), ("bright", bright), ("covered", mask.mean())):
            answers[f"w{number:04}/{name}"] = float(value)
    scaled: dict[str, float] = {}
    for name in ("count", "area", "bright", "covered"):
        column = {key: value for key, value in answers.items() if key.endswith(f"/{name}")}
        values = np.array(list(column.values()))
        scaled |= dict(zip(column, ((values - values.mean()) / values.std()).tolist(), strict=True))
    tally = profiles.measure(found.truth, scaled, conventions=profiles.Conventions(feature="area"))
    assert SCREENING["moa_accuracy_nsc"].score(tally) >= 0.5
    assert SCREENING["ssmd"].score(tally) > 1
    assert not isnan(SCREENING["moa_accuracy_nscb"].score(tally))


@pytest.mark.parametrize(("stain", "vector"), [("dab", (0.27, 0.57, 0.78)), ("eosin", (0.07, 0.99, 0.11))])
def test_stains_of_tissue_are_those_that_were_put_in(stain: str, vector: tuple[float, ...]) -> None:
    quiet = {"count": 0, "variation": 0.0, "photons": 60_000.0, "read_noise": 0.0}
    found = tissue.simulate(4, stain=stain, haematoxylin=0.6, amount=0.8, unspecific=0.25, **quiet)  # type: ignore[arg-type]
    density = -np.log10(found.image.astype(float) / 60_000)
    pair = np.array([(0.65, 0.70, 0.29), vector])
    pair /= np.linalg.norm(pair, axis=1, keepdims=True)
    for kind, amounts in enumerate([(0.0, 0.0), (0.072, 0.2), (0.072, 0.8)]):
        # Away from edges, where light of two regions mixes.
        inside = ndimage.binary_erosion(found.truth == kind, iterations=3)
        mean = density[:, inside].mean(axis=1)
        assert np.linalg.lstsq(pair.T, mean)[0] == pytest.approx(amounts, abs=0.002)


def test_nuclei_of_tissue_take_haematoxylin_alone() -> None:
    same = {"shape": (200, 200), "photons": 60_000.0, "variation": 0.0}
    some, none = (tissue.simulate(2, count=count, sparseness=0.0, **same) for count in (90, 0))  # type: ignore[arg-type]
    assert (some.truth == none.truth).all()
    density = -np.log10(np.maximum(some.image, 1) / 60_000)
    nuclei = ndimage.binary_erosion(density[0] > 0.3, iterations=2)
    assert nuclei.sum() > 500
    assert not nuclei[some.truth == 0].any()
    colour = density[:, nuclei].mean(axis=1)
    assert colour / np.linalg.norm(colour) == pytest.approx(np.array((0.65, 0.70, 0.29)) / 0.998, abs=0.03)


def test_regions_of_tissue_have_their_shares_and_glass_is_white() -> None:
    found = tissue.simulate(1, glass=0.3, epithelium=0.25)
    assert found.truth.dtype == np.uint8
    shares = np.bincount(found.truth.ravel()) / found.truth.size
    assert shares == pytest.approx([0.3, 0.45, 0.25], abs=1e-4)
    glass = found.image[:, ndimage.binary_erosion(found.truth == 0, iterations=3)].astype(float)
    assert glass.mean() == pytest.approx(4000, rel=0.002)
    assert glass.var() == pytest.approx(4000 + 16, rel=0.05)
    assert np.unique(tissue.simulate(1, glass=0.0, epithelium=1.0).truth).tolist() == [2]


def test_vectors_differ_between_laboratories() -> None:
    def colour(seed: int, deviation: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        found = tissue.simulate(seed, shape=(96, 96), count=0, haematoxylin=0.0, deviation=deviation)
        inside = ndimage.binary_erosion(found.truth == 2, iterations=3)
        mean = -np.log10(found.image[:, inside].astype(float) / 4000).mean(axis=1)
        return np.asarray(mean / np.linalg.norm(mean))

    assert np.ptp([colour(seed, 0.0) for seed in range(4)], axis=0).max() < 0.01
    assert np.ptp([colour(seed, 0.05) for seed in range(4)], axis=0).max() > 0.05
