"""NumPy: an array in an .npy file, or alone in an .npz file; never with pickled objects.

References
----------
NEP 1, a simple file format for NumPy arrays, https://numpy.org/neps/nep-0001-npy-format.html.
"""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.formats.found import Found, reading, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".npy", ".npz")
KINDS = frozenset({"labels", "classes", "image", "map"})

HEADER = 10_000
"""Characters of the header, which is read as a Python literal."""
_PART = 2**20


def inspect(path: Path) -> Found:
    """Read what the header of an array says.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PredictionFileError
        If it holds objects, several arrays, or is damaged.
    """
    with reading("file of NumPy"), _open(path) as (stream, length):
        found, _ = _read_header(stream)
        if length is not None and length - stream.tell() != found.nbytes:
            refuse(
                f"its header tells of {found.nbytes} bytes of values, and {length - stream.tell()} follow",
                "as many as the header tells",
                "The file was cut off or changed. Write it again with numpy.save.",
            )
        return found


def load(path: Path, kind: str) -> NDArray[Any]:  # noqa: ARG001 - every kind is read alike
    """Read the array, and no byte more than its header tells.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`.

    Raises
    ------
    PredictionFileError
        If it cannot be read.
    """
    with reading("file of NumPy"), _open(path) as (stream, _):
        found, fortran = _read_header(stream)
        data: NDArray[Any] = np.empty(found.nbytes, np.uint8)
        filled = 0
        while part := stream.read(min(_PART, found.nbytes - filled)):
            data[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
            filled += len(part)
        if filled != found.nbytes or stream.read(1):
            how_many = "fewer" if filled < found.nbytes else "more"
            refuse(
                f"its header tells of {found.nbytes} bytes of values, and there are {how_many}",
                "as many as the header tells",
                "The file was cut off or changed. Write it again with numpy.save.",
            )
        return data.view(found.dtype).reshape(found.shape, order="F" if fortran else "C")


def write(path: Path, data: NDArray[Any], axes: Sequence[str], spacing: Sequence[float] | None) -> None:  # noqa: ARG001
    """Write an array; the same values give the same bytes.

    Parameters
    ----------
    path : Path
        Ends in .npz for a compressed one.
    data : ndarray
    axes : sequence of str
    spacing : sequence of float or None
        Is not kept.
    """
    if path.suffix != ".npz":
        np.save(path, data, allow_pickle=False)
        return
    member = zipfile.ZipInfo("prediction.npy")
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as file, file.open(member, "w", force_zip64=True) as stream:
        np.lib.format.write_array(stream, data, allow_pickle=False)


@contextmanager
def _open(path: Path) -> Iterator[tuple[IO[bytes], int | None]]:
    """Open the bytes of the array, and tell how many there are; None where that is only known at the end."""
    if path.suffix.lower() != ".npz":
        with path.open("rb") as stream:
            yield stream, path.stat().st_size
        return
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
        one = members[0] if len(members) == 1 else None
        if one is None or not one.filename.endswith(".npy") or one.compress_type not in (0, 8) or one.flag_bits & 1:
            refuse(
                f"it has {len(members)} members: {', '.join(member.filename for member in members[:5])}",
                "one array, stored or compressed by Deflate",
                "Write one array, such as numpy.savez_compressed('case.npz', labels).",
            )
        with file.open(one) as stream:
            yield stream, None


def _read_header(stream: IO[bytes]) -> tuple[Found, bool]:
    version = np.lib.format.read_magic(stream)
    lengths = {(1, 0): "<H", (2, 0): "<I"}
    if version not in lengths:
        refuse(f"its format version is {version}", "1.0 or 2.0", "Write it again: plain arrays need no other version.")
    stated = stream.read(struct.calcsize(lengths[version]))
    (length,) = struct.unpack(lengths[version], stated)
    if length > HEADER:
        refuse(f"its header has {length} bytes", f"at most {HEADER}", "Write it again with numpy.save.")
    header = io.BytesIO(stated + stream.read(length))
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(header, max_header_size=HEADER)
    if dtype.hasobject or dtype.kind not in "uifb":
        refuse(
            f"it holds values of the type {dtype}",
            "an array of numbers; pickled objects can run code and are never loaded",
            "Make one array of numbers first, such as numpy.asarray(labels, numpy.uint32).",
        )
    if any(length < 0 for length in shape):
        refuse(f"its shape is {shape}", "sizes of 0 or more", "Write it again with numpy.save.")
    return Found(dtype, tuple(shape)), fortran
