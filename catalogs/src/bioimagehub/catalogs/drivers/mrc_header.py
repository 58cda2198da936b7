"""The header of MRC and CCP4 files: what it tells of the array behind it.

Sources: Cheng et al., Journal of Structural Biology 192, 146-150 (2015), doi:10.1016/j.jsb.2015.04.002 (MRC2014);
https://bio3d.colorado.edu/imod/doc/mrc_format.txt (the stamp and flags of IMOD, modes 101 and 3).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.labelled import Axis
from bioimagehub.catalogs.arrays.stored import StoredImage
from bioimagehub.catalogs.arrays.units import MICROMETRES
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from bioimagehub.catalogs.arrays.packed import Codec

BYTES = 1024

_TYPES = {0: "i1", 1: "i2", 2: "f4", 3: "i2,i2", 4: "c8", 6: "u2", 12: "f2", 101: "u1"}
_ANGSTROM = MICROMETRES["angstrom"]
_STARTS = ("nxstart", "nystart", "nzstart", "")
"""Fields of the first column, row and section: of the axes as they lie in the file, unlike those of cell and origin."""

_IMOD = 1146047817
_SIGNED_BYTES, _ORIGIN_INVERTED, _TWO_IN_A_BYTE = 1, 4, 16
_MOST_SAMPLES = 2**20
"""Along an axis; no detector and no map has more, and headers in the wrong byte order nearly always do."""


def parse_header(
    data: bytes | memoryview, name: str, *, codec: Codec | None = None, stack: bool | None = None
) -> StoredImage:
    """Find out what the header of an MRC or CCP4 file tells.

    Parameters
    ----------
    data : bytes-like
        The first 1024 bytes of the file, unpacked.
    name : str
        What the file is called in an error; ``.mrcs`` at its end stands for a stack of images.
    codec : {"gzip", "bzip2"} or None
        How the file is compressed.
    stack : bool or None
        Whether its sections are images of a series, along ``t``, or slices of a volume, along ``z``. None decides by
        the header: images where the space group is 0 and the sampling along z (MZ) is 1, or the name ends in
        ``.mrcs``.

    Returns
    -------
    StoredImage
        Axes y x for one image; t y x for a stack of images; z y x for a volume; t z y x for a stack of volumes.
        Micrometres from the cell; a cell of 0 (not stated) gives pixels.

    Raises
    ------
    UnreadableImageError
        If it is not such a header, or of a kind that is not read.
    """
    header, byte_order = _in_its_byte_order(data, name)
    axes = _stored_axes(header, name, stack=stack)
    dtype, nibbles = _sample_type(header, byte_order, name)
    canonical = sorted(range(len(axes)), key=lambda position: "tzyx".index(axes[position][0]))
    if nibbles and axes[-1][0] != "x":
        msg = f"{name} holds samples of four bits with columns along {axes[-1][0]}; expected them along x. Unpack them."
        raise UnreadableImageError(msg)
    order = tuple(canonical.index(position) for position in range(len(axes)))
    extended = int(header["nsymbt"])
    if extended < 0:
        msg = f"The header of {name} gives its extended header {extended} bytes (NSYMBT). Fetch the file anew."
        raise UnreadableImageError(msg)
    sections = {2: "image", 4: "volumes"}.get(len(axes), "images" if "t" in dict(axes) else "slices")
    return StoredImage(
        axes=tuple(_physical_axis(axes[at][0], _STARTS[len(axes) - 1 - at], header, name) for at in canonical),
        shape=tuple(axes[position][1] for position in canonical),
        dtype=dtype,
        offset=BYTES + extended,
        order=None if order == tuple(range(len(axes))) else order,
        codec=codec,
        nibbles=nibbles,
        attrs={"units": "arbitrary units", "sections": sections, "space_group": int(header["ispg"])},
    )


def _in_its_byte_order(data: bytes | memoryview, name: str) -> tuple[Any, str]:
    """Read the fields, and tell their byte order.

    The machine stamp is often wrong: it decides only where both byte orders could be.
    """
    from mrcfile.dtypes import HEADER_DTYPE

    if len(data) < BYTES:
        msg = f"{name} has {len(data)} bytes; the header alone of an MRC or CCP4 file has {BYTES}. Fetch it anew."
        raise UnreadableImageError(msg)
    both = {order: np.frombuffer(data, HEADER_DTYPE.newbyteorder(order), 1)[0] for order in "<>"}
    plausible = [order for order, header in both.items() if _is_plausible(header)]
    if not plausible:
        sizes, mode = [int(both["<"][field]) for field in ("nx", "ny", "nz")], int(both["<"]["mode"])
        msg = (
            f"{name} is no MRC or CCP4 file: its header gives the sizes {sizes} and the mode {mode}; expected sizes "
            f"from 1 to {_MOST_SAMPLES} and a mode out of {', '.join(map(str, _TYPES))}. "
            "Check the address; fetch it anew."
        )
        raise UnreadableImageError(msg)
    says_big = bytes(both["<"]["machst"][:2]) == b"\x11\x11"
    order = plausible[-1 if says_big else 0]
    return both[order], order


def _is_plausible(header: Any) -> bool:
    sizes = [int(header[field]) for field in ("nx", "ny", "nz")]
    maps = [int(header[field]) for field in ("mapc", "mapr", "maps")]
    return (
        int(header["mode"]) in _TYPES
        and all(0 < size <= _MOST_SAMPLES for size in sizes)
        and all(0 <= number <= 3 for number in maps)
    )


def _stored_axes(header: Any, name: str, *, stack: bool | None) -> list[tuple[str, int]]:
    """Name the axes as they lie in the file, the slowest first, with their sizes."""
    # 1, 2 and 3 stand for x, y and z; zeros are left by programs that mean the usual order.
    stored = [int(header[field]) for field in ("maps", "mapr", "mapc")]
    if stored == [0, 0, 0]:
        stored = [3, 2, 1]
    if sorted(stored) != [1, 2, 3]:
        msg = (
            f"The header of {name} gives its sections, rows and columns as the axes {stored}; expected 1, 2 and 3, "
            "each once. Correct the header (fields MAPS, MAPR, MAPC)."
        )
        raise UnreadableImageError(msg)
    sizes = [int(header[field]) for field in ("nz", "ny", "nx")]
    axes = [("xyz"[axis - 1], size) for axis, size in zip(stored, sizes, strict=True)]
    group, sampling = int(header["ispg"]), int(header["mz"])
    if 401 <= group <= 630:
        if axes[0][0] != "z" or sampling < 1 or sizes[0] % sampling:
            msg = (
                f"The header of {name} tells of a stack of volumes (ISPG {group}) with {sampling} sections each, and "
                f"of {sizes[0]} sections along {axes[0][0]}. Correct the header (fields MZ, NZ, MAPS)."
            )
            raise UnreadableImageError(msg)
        return [("t", sizes[0] // sampling), ("z", sampling), *axes[1:]]
    if axes[0][0] != "z":
        return axes
    if stack is None:
        named = name.removesuffix(".gz").removesuffix(".bz2").endswith(".mrcs")
        if group == 0 and sizes[0] == 1 and not named:
            return axes[1:]
        stack = named or (group == 0 and sampling == 1)
    return [("t", sizes[0]), *axes[1:]] if stack else axes


def _sample_type(header: Any, byte_order: str, name: str) -> tuple[str, bool]:
    """Give the type with its byte order, and whether two samples share a byte."""
    mode = int(header["mode"])
    kind = _TYPES[mode]
    if mode == 0:
        imod = _imod_flags(header)
        if imod is not None and imod & _TWO_IN_A_BYTE:
            msg = (
                f"{name} holds two samples of four bits a byte in mode 0, the older way of IMOD, whose columns cannot "
                "be told for sure. Write it anew in mode 101 or 6, such as with IMOD's newstack."
            )
            raise UnreadableImageError(msg)
        # MRC2014 has signed bytes; IMOD says by a flag which they are; values above 127 are possible in unsigned only.
        unsigned = not imod & _SIGNED_BYTES if imod is not None else float(header["dmax"]) > 127
        kind = "u1" if unsigned else "i1"
    if mode == 101:
        return "|u1", True
    return ",".join(byte_order + part for part in kind.split(",")), False


def _imod_flags(header: Any) -> int | None:
    """Give IMOD's flags; None where another program wrote the file."""
    # Bytes 152 to 159 of the header, 40 behind the beginning of what MRC2014 leaves to programs.
    stamp, flags = np.frombuffer(bytes(header["extra2"])[40:48], header.dtype["mode"]).tolist()
    return flags if stamp == _IMOD else None


def _physical_axis(axis: str, start_field: str, header: Any, name: str) -> Axis:
    if axis == "t":
        return Axis("t", "frame")
    length, samples = float(header["cella"][axis]), int(header[f"m{axis}"])
    start, origin = int(header[start_field]), float(header["origin"][axis])
    if not math.isfinite(length) or length < 0:
        msg = (
            f"The header of {name} gives a cell {length} angstroms long along {axis}. Correct the header (field CELLA)."
        )
        raise UnreadableImageError(msg)
    if length == 0 or samples <= 0:
        return Axis(axis, "pixel", 1.0, float(start))
    # The cell is held in single precision; what it means is a short decimal number.
    spacing = round(length, 4) / samples * _ANGSTROM
    return Axis(axis, "micrometer", spacing, _first(header, start * spacing, origin))


def _first(header: Any, by_start: float, origin: float) -> float:
    """Give the coordinate of the first sample: by the field ORIGIN where it is used, else by the start of the map.

    Crystallography states the start, electron microscopy the origin; the other one is 0. Headers older than the year
    2000 have something else in its place. IMOD holds where the origin is as seen from the first sample, unless it sets
    a flag.
    """
    origins = [float(value) for value in header["origin"].tolist()]
    if bytes(header["map"])[:3] != b"MAP" or not any(origins) or not all(map(math.isfinite, origins)):
        return by_start
    imod = _imod_flags(header)
    sign = -1 if imod is not None and not imod & _ORIGIN_INVERTED else 1
    return sign * round(origin, 4) * _ANGSTROM
