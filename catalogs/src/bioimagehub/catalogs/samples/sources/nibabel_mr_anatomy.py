"""Two magnetic resonance volumes of a brain, carried by nibabel."""

from __future__ import annotations

import nibabel
import numpy as np

from bioimagehub.catalogs.samples.inputs import Input
from bioimagehub.catalogs.samples.pixels import Pixels

INPUTS = (
    Input("nibabel", "tests/data/example4d.nii.gz", "42097dfbab9d2a036b41ae5c97a359591cf2cf5c3f8dc6ca6455c0b8a7f22696"),
)


def read() -> Pixels:
    """Read both volumes, axes t z y x. NIfTI stores them as x y z t."""
    volumes = np.asanyarray(nibabel.Nifti1Image.from_filename(INPUTS[0].find()).dataobj)
    return Pixels(np.ascontiguousarray(volumes.T))
