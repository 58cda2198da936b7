"""Writes MRC files with mrcfile, and what it does not write by changing their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mrcfile
import numpy as np
from mrcfile.dtypes import HEADER_DTYPE

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.random.default_rng(2).integers(-100, 100, (7, 12, 15)).astype(np.float32)
"""Axes z y x."""


def swap(file: Path) -> None:
    """Turn a file that mrcfile wrote into the other byte order, as mrcfile does for an open one."""
    with mrcfile.open(file, "r+") as opened:
        other = ">" if opened.header.mode.dtype.byteorder in "=<" else "<"
        data = opened.data.astype(opened.data.dtype.newbyteorder(other))
        header = np.array(opened.header).astype(HEADER_DTYPE.newbyteorder(other))
        header["machst"] = [0x11, 0x11, 0, 0] if other == ">" else [0x44, 0x44, 0, 0]
    file.write_bytes(header.tobytes() + data.tobytes())


def change(file: Path, **fields: Any) -> Path:
    """Set fields of the header, those of an axis by names such as ``cella_x``."""
    content = bytearray(file.read_bytes())
    header = np.frombuffer(content, HEADER_DTYPE, 1)
    for name, value in fields.items():
        field, _, part = name.partition("_")
        (header[field][part] if part else header[field])[...] = value
    file.write_bytes(content)
    return file


def write_map(file: Path, values: Any = VALUES, voxel: float = 2.0) -> Path:
    with mrcfile.new(file, overwrite=True) as written:
        written.set_data(values)
        written.voxel_size = voxel
    return file
