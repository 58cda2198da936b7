"""Label images for property tests: few labels on few pixels, so that overlaps, ties and empty images are common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

INTEGERS = [np.dtype(f"{kind}{size}") for kind in "ui" for size in (1, 2, 4, 8)]

# No limits of time: the first example waits for the compiler, and a test machine has other work.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def label_pairs(draw: st.DrawFn, largest: int = 6) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Two label images of one shape in 2D or 3D, each of any integer type, often made of runs."""
    shape = draw(arrays.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6))
    run = draw(st.integers(1, 4))
    pair = []
    for _ in range(2):
        dtype = draw(st.sampled_from(INTEGERS))
        labels = draw(arrays.arrays(dtype, shape, elements=st.integers(0, largest)))
        pair.append(np.repeat(labels, run, axis=-1))
    return pair[0], pair[1]
