from __future__ import annotations

import numpy as np
import pytest

from bioimagehub.challenges.errors import ChallengeError, LabelShapeError, NegativeLabelError, NotALabelImageError
from bioimagehub.challenges.labels import check_labels, check_pair
from challenges.cases import draw
from challenges.strategies import INTEGERS


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_pass_unchanged(dtype: np.dtype) -> None:
    image = draw("11.22").astype(dtype)
    assert check_labels(image) is image


def test_float() -> None:
    with pytest.raises(NotALabelImageError) as caught:
        check_labels(np.full((2, 2), 0.5), "The prediction of field-1")
    message = str(caught.value)
    assert message.startswith(
        "The prediction of field-1 has values of type float64. Expected integers, 0 for background."
    )
    assert "give the image with the objects' numbers" in message
    assert isinstance(caught.value, TypeError)


def test_float_of_whole_numbers() -> None:
    with pytest.raises(NotALabelImageError, match=r"image.astype\(numpy.uint32\) keeps them"):
        check_labels(draw("11.22").astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_float_without_a_number(value: float) -> None:
    with pytest.raises(NotALabelImageError, match="give the image with the objects' numbers"):
        check_labels(np.full((2, 2), value))


@pytest.mark.parametrize("dtype", [complex, object, "U3", "datetime64[s]"])
def test_no_numbers_at_all(dtype: str | type) -> None:
    with pytest.raises(NotALabelImageError, match="Expected integers"):
        check_labels(np.zeros((2, 2), dtype))


def test_mask() -> None:
    with pytest.raises(NotALabelImageError, match=r"Number the objects first, such as with skimage.measure.label"):
        check_labels(draw("11.22") > 0)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8"])
def test_negative(dtype: str) -> None:
    image = draw("11.22").astype(dtype)
    image[0, 0] = -3
    with pytest.raises(
        NegativeLabelError, match=r"has the label -3. Expected 0 for background .* Set what is to be ignored to 0"
    ):
        check_labels(image)


@pytest.mark.parametrize("shape", [(), (5,), (0, 5), (5, 0), (3, 0, 4)])
def test_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(LabelShapeError, match=r"Expected an image of at least two axes.* Look at how it was read"):
        check_labels(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("other", [(4, 3), (3, 5), (1, 3, 4), (3, 4, 3)])
def test_unequal_shapes(other: tuple[int, ...]) -> None:
    with pytest.raises(LabelShapeError) as caught:
        check_pair(np.zeros((3, 4), int), np.zeros(other, int), "field-1")
    assert f"The prediction of field-1 has the shape {other}. Expected (3, 4)" in str(caught.value)
    assert "Give the prediction for the whole image, at its resolution, in its axis order." in str(caught.value)


def test_message_names_the_image_at_fault() -> None:
    good, bad = draw("11"), draw("11") / 2
    with pytest.raises(ChallengeError, match="The ground truth of field-1 has"):
        check_pair(bad, good, "field-1")
    with pytest.raises(ChallengeError, match="The prediction of field-1 has"):
        check_pair(good, bad, "field-1")
