from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bioimagehub.challenges.surfaces import nearest
from bioimagehub.challenges.surfaces.elements import rim


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.7), (1.0, 1.0, 1.0), (2.0, 0.3, 0.1)])
def test_whichever_way_is_taken_the_numbers_are_the_same(
    spacing: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (60, 70) if len(spacing) == 2 else (14, 30, 34)
    rng = np.random.default_rng(len(spacing))
    a, b = (rim(gaussian_filter(rng.normal(size=shape), 2) > 0.05) + 3 for _ in range(2))
    found = []
    # All pairs; the k-d tree; the distance transform.
    for few, voxels in ((10**12, 0), (0, 0), (0, 10**12)):
        monkeypatch.setattr(nearest, "FEW_PAIRS", few)
        monkeypatch.setattr(nearest, "VOXELS_PER_PLACE", voxels)
        found.append(nearest.distances(a, b, spacing))
    for there, back in found[1:]:
        assert there == pytest.approx(found[0][0], rel=1e-15)
        assert back == pytest.approx(found[0][1], rel=1e-15)


def test_far_and_few_need_no_volume() -> None:
    """A distance transform of the box around both would take 10¹⁸ bytes."""
    a, b = np.zeros((700, 3), np.int64), np.full((700, 3), 1_000_000)
    a[:, 0] = np.arange(700)
    there, back = nearest.distances(a, b, (1.0, 1.0, 1.0))
    assert there.max() == np.sqrt(3 * 1e12)
    assert back.min() == np.sqrt((1e6 - 699) ** 2 + 2e12)
