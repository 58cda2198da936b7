"""Recorded data of archives, read as records: what the shipped catalog is built from where no network is.

One module a collection, each with ``parse(folder, report)``, where the folder holds the recorded data of all archives
and each collection has its place in it, with a note of where it came from.
"""

from __future__ import annotations

__all__ = ["COLLECTIONS"]

COLLECTIONS: tuple[str, ...] = (
    "crates",
    "idr_studies",
    "biostudies",
    "bbbc",
    "cil",
    "cryoet",
    "cellpainting",
    "empiar",
    "hpa",
    "ega",
    "link_outs",
    "bia_images",
    "ome_ngff_samples",
    "ome_zarr_lists",
    "mkngff",
    "jax_komp",
)
"""The collections in the order in which they are merged: the first that states a field of a record is believed."""
