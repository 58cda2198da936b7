"""NIfTI-1 and NIfTI-2 files, in one (.nii) or two (.hdr, .img), plain or compressed: volumes of tissues."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bioimagehub.catalogs.errors import UnreadableImageError
from bioimagehub.catalogs.layouts import Layout
from bioimagehub.catalogs.reader import Place, open_place

if TYPE_CHECKING:
    import xarray as xr

    from bioimagehub.catalogs.arrays.labelled import Axis, Chunks
    from bioimagehub.catalogs.arrays.packed import Codec
    from bioimagehub.catalogs.arrays.stored import StoredImage

OPTIONS: tuple[str, ...] = ()

_COLOURS = ("red", "green", "blue", "alpha")
_UNITS = {"msec": "ms", "usec": "us"}


def open_array(
    url: str | Place,
    *,
    level: int | str = 0,
    label: str | None = None,
    chunks: Chunks = None,
    pixels: int = 1_000_000,
) -> xr.DataArray:
    """Open a NIfTI file without reading its samples.

    Over HTTP this takes one request, two for NIfTI-2. A file that is compressed is unpacked into memory when the first
    sample is read, and stays there.

    Parameters
    ----------
    url : str or Place
        Path or address: of a ``.nii`` file, or of the header (``.hdr``) or the data (``.img``) of a pair.
    level : int or "auto"
        0; a NIfTI file has one level.
    label : None
        A NIfTI file has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.
    pixels : int
        Without effect, as there is one level.

    Returns
    -------
    xarray.DataArray
        Axes out of t c z y x: the fourth dimension of the file is t, the fifth, and the colours, are c. The type is
        that of the file, or float64 where the header scales the samples (SCL_SLOPE, SCL_INTER). Coordinates in
        micrometres and seconds, float64. Where the matrix that the header gives only scales and moves, they are those
        of the scanner, which may descend; else they begin at 0, and the attribute ``affine`` is the matrix, 4 x 4,
        from x y z of the file to the scanner, in the units of the file. Where the header states no unit, coordinates
        count samples.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If a label image, or a level other than 0, is asked for.
    UnreadableImageError
        If it is no such file, or holds more than its header tells of.
    TruncatedFileError
        If it is shorter than its header tells.
    MissingFileError
        If there is none.

    References
    ----------
    https://nifti.nimh.nih.gov/nifti-1 and https://nifti.nimh.nih.gov/nifti-2
    """
    from bioimagehub.catalogs.arrays.stored import StoredImage, open_stored

    place = open_place(url)
    image = StoredImage.of_facts(place.layout.facts) if place.layout is not None else _read_header(place)
    return open_stored(place, image, "a NIfTI file", level=level, label=label, chunks=chunks, pixels=pixels)


def scan(url: str | Place) -> Layout:
    """Read the header of a NIfTI file.

    Raises
    ------
    UnreadableImageError, TruncatedFileError, MissingFileError
        As `open_array`.
    """
    place = open_place(url)
    facts = _read_header(place).facts()
    return Layout(driver="nifti", url=place.url, facts=facts, version=place.version)


def _read_header(place: Place) -> StoredImage:
    from bioimagehub.catalogs.arrays.heads import read_unpacked_head
    from bioimagehub.catalogs.arrays.packed import find_codec
    from bioimagehub.catalogs.arrays.stored import check_size

    header_place = _beside(place, ".img", ".hdr") or place
    head, codec = read_unpacked_head(header_place, 348)
    if int.from_bytes(head[:4], "little") == 540 or int.from_bytes(head[:4], "big") == 540:
        head, codec = read_unpacked_head(header_place, 540)
    image = parse_header(bytes(head), header_place.url, codec=codec)
    if image.file is not None:
        data_place = image.data_place(header_place)
        version = data_place.stat()
        codec = find_codec(data_place.read(0, 3))
        image = replace(image, codec=codec, version=asdict(version))
    check_size(header_place, image)
    return image


def _beside(place: Place, ending: str, other: str) -> Place | None:
    """Give the other file of a pair; None for a file that has another ending."""
    from bioimagehub.catalogs.arrays.stored import parent_of

    name = place.name if place.near else unquote(place.name)
    for packing in ("", ".gz", ".bz2"):
        if name.lower().endswith(ending + packing):
            stem = len(name) - len(ending + packing)
            return parent_of(place) / (name[:stem] + other + name[stem + len(ending) :])
    return None


def parse_header(data: bytes, name: str, *, codec: Codec | None = None) -> StoredImage:
    """Find out what the header of a NIfTI file tells.

    Parameters
    ----------
    data : bytes
        The first 348 bytes of the file, 540 for NIfTI-2, unpacked.
    name : str
        What the file is called in an error.
    codec : {"gzip", "bzip2"} or None
        How the file is compressed.

    Returns
    -------
    StoredImage
        For the header of a pair, `file` is the name of the data.

    Raises
    ------
    UnreadableImageError
        If it is not such a header, or of a kind that is not read.
    """
    import numpy as np

    from bioimagehub.catalogs.arrays.stored import StoredImage

    header, is_pair = _load(data, name)
    dims, sizes = _dimensions(header, name)
    dtype = header.get_data_dtype()
    channels: tuple[str, ...] = ()
    if dtype.names:
        if "c" in dims:
            msg = f"{name} holds colours at several components; expected either. Write them to files of their own."
            raise UnreadableImageError(msg)
        channels = _COLOURS[: len(dtype.names)]
        dims, sizes, dtype = [*dims, "c"], [*sizes, len(channels)], np.dtype("u1")
    canonical = sorted(range(len(dims)), key=lambda position: "tczyx".index(dims[position]))
    order = tuple(canonical.index(position) for position in range(len(dims)))
    spatial, affine = _spatial_axes(header, name)
    axes = [spatial.get(dims[position]) or _other_axis(dims[position], header) for position in canonical]
    attrs: dict[str, Any] = {"units": "arbitrary units"}
    if affine is not None:
        attrs["affine"] = affine
    return StoredImage(
        axes=tuple(axes),
        shape=tuple(sizes[position] for position in canonical),
        dtype=dtype.str,
        offset=int(header.get_data_offset()),
        order=None if order == tuple(range(len(dims))) else order,
        codec=codec,
        channels=channels,
        attrs=attrs,
        scale=None if channels else _scale(header, dtype, name),
        file=_data_name(name) if is_pair else None,
    )


def _load(data: bytes, name: str) -> tuple[Any, bool]:
    """Read the header with the class for its version and kind."""
    from nibabel import nifti1, nifti2
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    kinds: dict[bytes, Any] = {
        b"n+1": nifti1.Nifti1Header,
        b"ni1": nifti1.Nifti1PairHeader,
        b"n+2": nifti2.Nifti2Header,
        b"ni2": nifti2.Nifti2PairHeader,
    }
    magic = data[4:7] if data[4:7] in (b"n+2", b"ni2") else data[344:347]
    kind = kinds.get(magic)
    if kind is None or len(data) < kind.sizeof_hdr:
        msg = (
            f"{name} is no NIfTI file: it has {magic!r} where one of {sorted(map(bytes.decode, kinds))} is expected. "
            "Check the address; fetch it anew, or convert files of other formats."
        )
        raise UnreadableImageError(msg)
    try:
        header: Any = kind(data[: kind.sizeof_hdr])
        header.get_data_dtype(), header.get_slope_inter(), header.get_data_offset(), header.get_xyzt_units()
    except (HeaderDataError, WrapStructError, ValueError, KeyError) as error:
        msg = f"The header of {name} cannot be read: {error}. Correct the header, or fetch the file anew."
        raise UnreadableImageError(msg) from error
    return header, not kind.is_single


def _dimensions(header: Any, name: str) -> tuple[list[str], list[int]]:
    """Give names and sizes of the axes as they lie in the file, the slowest first."""
    sizes = [int(size) for size in header.get_data_shape()]
    if not sizes or min(sizes) < 1 or any(size != 1 for size in sizes[5:]):
        msg = f"The header of {name} gives the sizes {sizes}; expected x, y, z, t and components. Correct the header."
        raise UnreadableImageError(msg)
    names = list("xyztc"[: len(sizes)])
    if len(names) == 5 and sizes[3] == 1:
        names, sizes = [*names[:3], "c"], [*sizes[:3], sizes[4]]
    elif len(names) == 4 and header.get_xyzt_units()[1] in ("hz", "ppm", "rads"):
        names[3] = "c"
    return names[::-1], sizes[: len(names)][::-1]


def _spatial_axes(header: Any, name: str) -> tuple[dict[str, Axis], list[list[float]] | None]:
    """Give the axes x, y and z, and the matrix to the scanner where they do not tell all of it."""
    import numpy as np

    from bioimagehub.catalogs.arrays.units import measured_axis

    unit = header.get_xyzt_units()[0]
    # Single precision of what was meant as a short decimal number.
    spacing = [float(str(step)) for step in header["pixdim"][1:4]]
    affine = None
    if header["sform_code"] > 0:
        affine = np.array([[float(str(value)) for value in header[row]] for row in ("srow_x", "srow_y", "srow_z")])
    elif header["qform_code"] > 0:
        affine = header.get_qform()[:3]
    if not np.isfinite(spacing).all() or (affine is not None and not np.isfinite(affine).all()):
        msg = f"The header of {name} gives distances between samples that are no numbers. Correct the header."
        raise UnreadableImageError(msg)
    origin = [0.0, 0.0, 0.0]
    told = affine is None
    if affine is not None:
        matrix = affine[:, :3]
        if unit != "unknown" and np.allclose(matrix, np.diag(np.diag(matrix)), atol=1e-6 * np.abs(matrix).max()):
            spacing, origin, told = np.diag(matrix).tolist(), affine[:, 3].tolist(), True
    axes = {
        axis: measured_axis(axis, step, unit, first) for axis, step, first in zip("xyz", spacing, origin, strict=True)
    }
    return axes, None if told or affine is None else [*affine.tolist(), [0.0, 0.0, 0.0, 1.0]]


def _other_axis(axis: str, header: Any) -> Axis:
    from bioimagehub.catalogs.arrays.units import measured_axis

    unit = header.get_xyzt_units()[1]
    return measured_axis(axis, float(str(header["pixdim"][4])), _UNITS.get(unit, unit), float(header["toffset"]))


def _scale(header: Any, dtype: Any, name: str) -> tuple[float, float] | None:
    slope, intercept = header.get_slope_inter()
    if slope is None or (slope, intercept) == (1.0, 0.0):
        return None
    if dtype.kind == "c":
        msg = f"The header of {name} scales complex numbers by {slope}; that is not read. Write it without a scale."
        raise UnreadableImageError(msg)
    return float(slope), float(intercept)


def _data_name(name: str) -> str:
    data = _beside(Place(name), ".hdr", ".img")
    if data is None:
        msg = f"{name} is the header of a pair; expected a name that ends in .hdr, beside one in .img. Rename it."
        raise UnreadableImageError(msg)
    return data.name if data.near else unquote(data.name)
