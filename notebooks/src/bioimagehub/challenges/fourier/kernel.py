"""The loop over half a spectrum, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.kernel import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled
def add_shells(
    first: NDArray[Any],
    second: NDArray[Any],
    steps: NDArray[np.float64],
    even: bool,
    offset: float,
    sums: NDArray[np.float64],
) -> None:
    """Add the products of two half spectra to the sums of their shells.

    Parameters
    ----------
    first, second : ndarray of complex, shape (z, y, x // 2 + 1)
    steps : ndarray of float64, shape (3,)
        Frequency of the first coefficient of each axis, in widths of a shell.
    even : bool
        True if the image had an even number of pixels along x: then the last column is its own mirror image.
    offset : float
        Added before rounding down: 0.5 rounds to the nearest shell.
    sums : ndarray of float64, shape (3, shells)
        Re Σ F₁F₂*, Σ|F₁|², Σ|F₂|². Added to.

    Notes
    -----
    Neighbours along x are mostly in one shell: their sum is kept in registers until the shell changes.
    """
    planes, rows, columns = first.shape
    shells = sums.shape[1]
    for z in range(planes):
        fz = (z if 2 * z <= planes else z - planes) * steps[0]
        for y in range(rows):
            fy = (y if 2 * y <= rows else y - rows) * steps[1]
            square = fz * fz + fy * fy
            shell = np.int64(np.sqrt(square) + offset)
            if shell >= shells:
                continue
            cross = power1 = power2 = 0.0
            for x in range(columns):
                fx = x * steps[2]
                here = np.int64(np.sqrt(square + fx * fx) + offset)
                if here != shell:
                    sums[0, shell] += cross
                    sums[1, shell] += power1
                    sums[2, shell] += power2
                    cross = power1 = power2 = 0.0
                    shell = here
                    if shell >= shells:
                        break
                weight = 1.0 if x == 0 or (even and x == columns - 1) else 2.0
                a = first[z, y, x]
                b = second[z, y, x]
                a_real, a_imag = np.float64(a.real), np.float64(a.imag)
                b_real, b_imag = np.float64(b.real), np.float64(b.imag)
                cross += weight * (a_real * b_real + a_imag * b_imag)
                power1 += weight * (a_real * a_real + a_imag * a_imag)
                power2 += weight * (b_real * b_real + b_imag * b_imag)
            if shell < shells:
                sums[0, shell] += cross
                sums[1, shell] += power1
                sums[2, shell] += power2
