"""How each format becomes a labelled lazy array: one module a format, each with `open_array` and an Intake source."""

from __future__ import annotations

__all__ = ["DRIVERS"]

DRIVERS: tuple[str, ...] = ("mrc", "ome_zarr")
