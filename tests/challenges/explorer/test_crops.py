from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bioimagehub.challenges.errors import ExplorerError
from bioimagehub.challenges.explorer import Mistake, Scene, draw_crop, find_region
from bioimagehub.challenges.explorer.crops import BOTH, PREDICTION, TRUTH
from bioimagehub.challenges.explorer.instances import find_mistakes
from bioimagehub.challenges.explorer.spots import find_mistakes as find_points
from bioimagehub.challenges.explorer.tracks import find_mistakes as find_nodes
from bioimagehub.challenges.point_matching import SpotConventions
from bioimagehub.challenges.points import Points
from bioimagehub.challenges.tracks import Lineage, Tracks


class Lazy:
    """An image that keeps what was read of it, and that nobody can load as a whole."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.read = array, array.shape, []

    def __getitem__(self, key: tuple) -> np.ndarray:
        self.read.append(key)
        return self.array[key]

    def __array__(self, *args: object, **kwargs: object) -> np.ndarray:
        raise AssertionError


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)))


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(2).sum())


TRUTH_LABELS = np.zeros((100, 120), np.int32)
TRUTH_LABELS[40:50, 50:60] = 3
NOTHING = np.zeros_like(TRUTH_LABELS)


def test_a_crop_is_a_square_around_the_object() -> None:
    one = Mistake("missed", "truth", 1, (40, 50), (50, 70), (44.5, 59.5), 200)
    assert find_region(one, (100, 120)) == (slice(25, 65), slice(40, 80))
    assert find_region(one, (100, 120), margin=0) == (slice(27, 63), slice(42, 78))


def test_a_crop_stays_inside_the_image() -> None:
    one = Mistake("missed", "truth", 1, (0, 110), (4, 120), (1.5, 114.5), 40)
    assert find_region(one, (100, 120)) == (slice(0, 26), slice(94, 120))
    assert find_region(one, (10, 12)) == (slice(0, 10), slice(0, 12))


def test_of_a_giant_the_middle_is_shown() -> None:
    one = Mistake("merger", "prediction", 1, (0, 0), (5000, 5000), (2500.0, 2500.0), 10)
    assert find_region(one, (5000, 5000)) == (slice(1988, 3012),) * 2


def test_of_a_volume_the_slice_of_the_centroid_is_shown() -> None:
    one = Mistake("missed", "truth", 1, (2, 0, 0), (6, 4, 4), (3.4, 1.5, 1.5), 64)
    assert find_region(one, (9, 20, 20))[0] == slice(3, 4)


def test_only_the_crop_is_read() -> None:
    image, truth, prediction = (Lazy(one) for one in (TRUTH_LABELS * 7.0, TRUTH_LABELS, NOTHING))
    (one,) = find_mistakes(TRUTH_LABELS, NOTHING)
    draw_crop(one, Scene(image, truth, prediction))
    region = find_region(one, TRUTH_LABELS.shape)
    assert image.read == truth.read == prediction.read == [region]


def test_outlines_have_the_colours_of_their_side() -> None:
    (one,) = find_mistakes(TRUTH_LABELS, NOTHING)
    picture = pixels(draw_crop(one, Scene(TRUTH_LABELS, TRUTH_LABELS, NOTHING)))
    zoom = picture.shape[0] // 26
    # A frame of three pixels of the screen around ten pixels of the image.
    assert count(picture, TRUTH) == (10 * zoom) ** 2 - (10 * zoom - 6) ** 2
    assert count(picture, PREDICTION) == 0
    (one,) = find_mistakes(NOTHING, TRUTH_LABELS)
    picture = pixels(draw_crop(one, Scene(TRUTH_LABELS, NOTHING, TRUTH_LABELS)))
    assert count(picture, TRUTH) == 0 < count(picture, PREDICTION)


def test_where_both_outlines_run_it_is_white() -> None:
    half = np.where(np.arange(120) < 54, TRUTH_LABELS, 0)
    found = find_mistakes(TRUTH_LABELS, half)
    picture = pixels(draw_crop(found[0], Scene(None, TRUTH_LABELS, half)))
    assert min(count(picture, colour) for colour in (TRUTH, PREDICTION, BOTH)) > 50


def test_brightness_is_that_of_the_crop() -> None:
    image = np.full(TRUTH_LABELS.shape, 1e6)
    image[30:60, 40:70] = np.linspace(3, 4, 30)
    image[35, 45] = np.nan
    (one,) = find_mistakes(TRUTH_LABELS, NOTHING)
    picture = pixels(draw_crop(one, Scene(image, NOTHING, NOTHING)))
    assert picture.min() == 0
    assert picture.max() == 190


@pytest.mark.parametrize("image", [np.zeros((100, 120)), np.full((100, 120), np.nan), np.full((100, 120), np.inf)])
def test_an_image_without_contrast_is_drawn_all_the_same(image: np.ndarray) -> None:
    (one,) = find_mistakes(TRUTH_LABELS, NOTHING)
    assert count(pixels(draw_crop(one, Scene(image, TRUTH_LABELS, NOTHING))), TRUTH) > 0


def test_a_channel_of_a_volume() -> None:
    image = np.zeros((2, 5, 100, 120))
    image[1, 2, 45, 55] = 1
    volume = np.zeros((5, 100, 120), int)
    volume[1:4, 40:50, 50:60] = 3
    (one,) = find_mistakes(volume, np.zeros_like(volume))
    scene = Scene(image, volume, np.zeros_like(volume), channel=1)
    assert len(np.unique(pixels(draw_crop(one, scene)))) > 3
    with pytest.raises(ExplorerError, match="Choose a channel"):
        draw_crop(one, Scene(image, volume, np.zeros_like(volume)))


def test_rings_around_points() -> None:
    truth, prediction = Points([[2.0, 2.0], [5.0, 5.0]]), Points([[2.0, 2.0]])
    (one,) = find_points(truth, prediction, conventions=SpotConventions(cutoff=1), spacing=(0.1, 0.1))
    picture = pixels(draw_crop(one, Scene(np.zeros((100, 100)), truth, prediction)))
    y, x = np.argwhere((picture == TRUTH).all(2)).mean(0)
    # The crop begins at pixel 42, and the point lies in the middle of pixel 50.
    zoom = picture.shape[0] // 17
    assert (y, x) == pytest.approx(((50.5 - 42) * zoom - 0.5,) * 2, abs=1)
    assert count(picture, PREDICTION) == 0
    with pytest.raises(ExplorerError, match="no image"):
        draw_crop(one, Scene(None, truth, prediction))


def test_a_frame_of_a_sequence() -> None:
    frames = np.stack([NOTHING, TRUTH_LABELS])
    truth = Tracks(frames, Lineage.from_rows([(3, 1, 1, 0)]))
    prediction = Tracks(np.zeros_like(frames), Lineage.from_rows([]))
    (one,) = find_nodes(truth, prediction)
    image = Lazy(frames * 2.0)
    picture = pixels(draw_crop(one, Scene(image, truth, prediction)))
    assert count(picture, TRUTH) > 0
    assert image.read[0][0] == 1
