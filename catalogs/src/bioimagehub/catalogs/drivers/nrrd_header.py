"""The header of NRRD files: what it tells of the array behind or beside it.

Source: https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import io
import math
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

from bioimagehub.catalogs.arrays.stored import StoredImage
from bioimagehub.catalogs.arrays.units import SECONDS, measured_axis
from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from bioimagehub.catalogs.arrays.labelled import Axis
    from bioimagehub.catalogs.arrays.packed import Codec

_INTEGERS = {"char": 1, "short": 2, "int": 4, "longlong": 8, "long long": 8}
_TYPES = {
    **{name: f"i{size}" for name, size in _INTEGERS.items()},
    **{f"{name} int": f"i{size}" for name, size in _INTEGERS.items() if name not in ("char", "int")},
    **{f"signed {name}": f"i{size}" for name, size in _INTEGERS.items()},
    **{f"unsigned {name}": f"u{size}" for name, size in _INTEGERS.items()},
    **{f"{sign} {name} int": f"{sign[0]}{size}".replace("s", "i") for sign in ("signed", "unsigned")
       for name, size in _INTEGERS.items() if name not in ("char", "int")},
    **{f"{sign}int{8 * size}{end}": f"{sign or 'i'}{size}" for sign in ("", "u") for size in (1, 2, 4, 8)
       for end in ("", "_t")},
    "uchar": "u1", "ushort": "u2", "uint": "u4", "ulonglong": "u8", "float": "f4", "double": "f8",
}  # fmt: skip
_CODECS: dict[str, Codec | None] = {"raw": None, "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_COLOURS = {"rgb-color": ("red", "green", "blue"), "rgba-color": ("red", "green", "blue", "alpha")}
_PER_AXIS = ("axis mins", "centerings", "kinds", "space directions", "spacings", "units")
_UNKNOWN_KINDS = ("", "none", "???")


def ends_header(data: bytes | memoryview) -> bool:
    """Tell whether the empty line is there that ends a header."""
    content = bytes(data)
    return b"\n\n" in content or b"\n\r\n" in content


def parse_header(data: bytes, name: str) -> StoredImage:
    """Find out what the header of an NRRD file tells.

    Parameters
    ----------
    data : bytes
        Beginning of the file, at least up to the empty line that ends the header.
    name : str
        What the file is called in an error.

    Returns
    -------
    StoredImage
        Where the data lie in a file of their own, `file` is its name. An `offset` of -1 stands for data at the very
        end of their file.

    Raises
    ------
    UnreadableImageError
        If it is not such a header, or of a kind that is not read.
    """
    header, length = _load(data, name)
    names = _name_axes(header, name)
    sizes = [int(size) for size in header["sizes"]]
    axes, attrs = _physical_axes(header, names, name)
    # The header has the fastest axis first.
    canonical = sorted(range(len(names)), key=lambda position: "tczyx".index(names[position]))
    in_file = [canonical.index(position) for position in reversed(range(len(names)))]
    codec, file = _find_codec(header, name), _find_file(header, name)
    skipped = _find_skip(header, name)
    begin = 0 if file is not None else length
    return StoredImage(
        axes=tuple(axes[position] for position in canonical),
        shape=tuple(sizes[position] for position in canonical),
        dtype=_find_type(header, name),
        offset=-1 if skipped < 0 else skipped if codec is not None else begin + skipped,
        order=None if in_file == sorted(in_file) else tuple(in_file),
        codec=codec,
        start=begin if codec is not None else 0,
        channels=_find_channels(header),
        attrs={"units": "arbitrary units", **attrs},
        file=file,
    )


def _load(data: bytes, name: str) -> tuple[dict[str, Any], int]:
    """Give the fields, and the length of the header."""
    import nrrd

    file = io.BytesIO(data)
    try:
        header = dict(nrrd.read_header(file))
    except (nrrd.NRRDError, ValueError, KeyError, IndexError, StopIteration) as error:
        _refuse(name, f"cannot be read as NRRD: {error}", "Check the address; fetch it anew, or correct the header")
    for field in ("dimension", "type", "encoding", "sizes"):
        if field not in header:
            _refuse(name, f"has no field {field!r} in its header", "Correct the header")
    sizes = [int(size) for size in header["sizes"]]
    if len(sizes) != header["dimension"] or min(sizes, default=0) < 1:
        _refuse(name, f"has {header['dimension']} dimensions of the sizes {sizes}", "Correct the header")
    if "centers" in header:
        header["centerings"] = str(header["centers"]).split()
    for field in _PER_AXIS:
        if field in header and len(header[field]) != len(sizes):
            found = f"has {len(sizes)} axes, and {len(header[field])} values in its field {field}"
            _refuse(name, found, f"Correct the field {field} of the header")
    return header, file.tell()


def _name_axes(header: dict[str, Any], name: str) -> list[str]:
    """Name the axes, the fastest first."""
    count = int(header["dimension"])
    kinds = [str(kind).lower() for kind in header.get("kinds", [""] * count)]
    directions = header.get("space directions")
    units = header.get("units", [""] * count)
    spatial = iter("xyz")
    names = []
    for axis, kind in enumerate(kinds):
        across = directions is not None and directions[axis] is not None and all(map(math.isfinite, directions[axis]))
        if kind == "complex":
            _refuse(name, "holds complex numbers", "Write it as two files, of real and imaginary parts")
        if kind == "time" or (not across and str(units[axis]).lower() in SECONDS):
            names.append("t")
        elif kind in ("domain", "space") or (kind in _UNKNOWN_KINDS and (across or directions is None)):
            names.append(next(spatial, "?"))
        else:
            names.append("c")
    if "?" in names or len(set(names)) < len(names):
        told = ", ".join(kind or "not stated" for kind in kinds)
        _refuse(
            name,
            f"has {count} axes of the kinds {told}; expected at most three of space, one of time, and one of another "
            "kind",
            "Correct the field kinds of the header",
        )
    return names


def _physical_axes(header: dict[str, Any], names: list[str], name: str) -> tuple[list[Axis], dict[str, Any]]:
    """Give the axes, the fastest first, and what of the space they do not tell."""
    if header.get("space directions") is not None:
        return _axes_of_directions(header, names, name)
    count = len(names)
    spacings, mins = (header.get(field, [math.nan] * count) for field in ("spacings", "axis mins"))
    units, centers = header.get("units", [""] * count), header.get("centerings", [""] * count)
    axes = []
    for axis, spacing, unit, least, center in zip(names, spacings, units, mins, centers, strict=True):
        # The least position of cells is that of the border of the first one.
        within = 0.0 if str(center).lower() == "node" else float(spacing) / 2
        origin = float(least) + within if math.isfinite(least) else 0.0
        axes.append(measured_axis(axis, float(spacing), str(unit), origin))
    return axes, {}


def _axes_of_directions(header: dict[str, Any], names: list[str], name: str) -> tuple[list[Axis], dict[str, Any]]:
    import numpy as np

    spatial = [position for position, axis in enumerate(names) if axis in "xyz"]
    matrix = np.array([header["space directions"][position] for position in spatial], dtype=np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        _refuse(name, "gives an axis of space no direction", "Correct the field space directions of the header")
    origin = np.asarray(header.get("space origin", np.zeros(matrix.shape[1])), dtype=np.float64)
    if origin.shape != matrix.shape[1:] or not np.isfinite(origin).all():
        origin = np.zeros(matrix.shape[1])
    units = [str(unit) for unit in header.get("space units", [""] * matrix.shape[1])]
    is_diagonal = matrix.shape[0] == matrix.shape[1] and not (matrix - np.diag(np.diag(matrix))).any()
    lengths = np.diag(matrix) if is_diagonal else np.linalg.norm(matrix, axis=1)
    if len(units) != matrix.shape[1]:
        _refuse(name, f"gives {matrix.shape[1]} directions the units {units}", "Correct the field space units")
    common = units[0] if len(set(units)) == 1 else ""
    found = {}
    for number, position in enumerate(spatial):
        unit, first = (units[number], float(origin[number])) if is_diagonal else (common, 0.0)
        found[position] = measured_axis(names[position], float(lengths[number]), unit, first)
    # Beside the axes of space, those of time and channels.
    spacings, others = header.get("spacings"), header.get("units")
    axes = [
        found.get(position)
        or measured_axis(
            axis,
            None if spacings is None else float(spacings[position]),
            "" if others is None else str(others[position]),
        )
        for position, axis in enumerate(names)
    ]
    attrs: dict[str, Any] = {"space": str(header["space"])} if "space" in header else {}
    if not is_diagonal or any(axis.units == "pixel" for axis in found.values()):
        attrs["affine"] = [*np.column_stack([matrix.T, origin]).tolist(), [0.0] * len(spatial) + [1.0]]
    return axes, attrs


def _find_type(header: dict[str, Any], name: str) -> str:
    kind = _TYPES.get(str(header["type"]).lower())
    if kind is None:
        _refuse(name, f"holds samples of the type {header['type']!r}", "Expected integers or floats; convert it")
    endian = str(header.get("endian", "")).lower()
    if kind[1] == "1":
        return f"|{kind}"
    if endian not in ("big", "little"):
        _refuse(name, "does not tell the byte order of its samples", "Add the field endian to the header")
    return (">" if endian == "big" else "<") + kind


def _find_codec(header: dict[str, Any], name: str) -> Codec | None:
    encoding = str(header["encoding"]).lower()
    if encoding not in _CODECS:
        listed = ", ".join(sorted(_CODECS))
        _refuse(name, f"is encoded as {encoding}; expected one of {listed}", "Write it anew, as raw")
    return _CODECS[encoding]


def _find_file(header: dict[str, Any], name: str) -> str | None:
    file = header.get("data file", header.get("datafile"))
    if file is None:
        return None
    text = str(file)
    if text.startswith("LIST") or "%" in text or "\n" in text:
        _refuse(name, f"has its data in several files: {text}", "Write it anew in one, such as with teem's unu save")
    if PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts or "\\" in text:
        _refuse(name, f"has its data at {text}, outside of its folder", "Put both in one folder and correct the header")
    return text


def _find_skip(header: dict[str, Any], name: str) -> int:
    lines = int(header.get("line skip", header.get("lineskip", 0)))
    skipped = int(header.get("byte skip", header.get("byteskip", 0)))
    if lines or skipped < -1 or (skipped < 0 and _find_codec(header, name) is not None):
        _refuse(name, f"has its data behind {lines} lines and {skipped} bytes", "Write it anew without anything before")
    return skipped


def _find_channels(header: dict[str, Any]) -> tuple[str, ...]:
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    return next((_COLOURS[kind] for kind in kinds if kind in _COLOURS), ())


def _refuse(name: str, found: str, cure: str) -> NoReturn:
    msg = f"{name} {found}. {cure}."
    raise UnreadableImageError(msg)
