"""The fixed values of a record: scales and data types of the paper, technologies, ground truth, axes, drivers."""

from __future__ import annotations

from typing import Literal, get_args

# Tables 1 and 2 of Ellenberg et al., Nature Methods 15, 849-854 (2018), doi:10.1038/s41592-018-0195-8.
Scale = Literal["molecular", "molecular machines", "cells", "tissues", "organism"]
DataType = Literal["correlative", "atlas", "benchmark", "systematic phenotyping"]
SCALES: tuple[str, ...] = get_args(Scale)
DATA_TYPES: tuple[str, ...] = get_args(DataType)

Technology = Literal[
    "electron diffraction",
    "single-particle cryo-electron microscopy",
    "cryo-electron tomography",
    "super-resolution microscopy",
    "scanning probe microscopy",
    "transmission electron microscopy",
    "scanning electron microscopy",
    "volume electron microscopy",
    "X-ray imaging",
    "fluorescence microscopy",
    "confocal microscopy",
    "multiphoton microscopy",
    "light-sheet microscopy",
    "transmitted-light microscopy",
    "vibrational imaging",
    "histology",
    "magnetic resonance imaging",
    "computed tomography",
    "photography",
    "ultrasound",
]
TECHNOLOGIES: tuple[str, ...] = get_args(Technology)

GroundTruth = Literal["instance masks", "semantic masks", "outlines", "counts", "points", "tracks", "classes"]
GROUND_TRUTHS: tuple[str, ...] = get_args(GroundTruth)

AxisName = Literal["t", "c", "z", "y", "x"]
AXIS_ORDER: tuple[str, ...] = get_args(AxisName)

Driver = Literal[
    "czi",
    "empiar",
    "hdf5",
    "image_set",
    "lif",
    "mrc",
    "nd2",
    "nifti",
    "nrrd",
    "nwb",
    "ome_zarr",
    "picture",
    "tiff",
    "tracking",
]
DRIVERS: tuple[str, ...] = get_args(Driver)
