"""MRC and CCP4 maps, as the electron microscopy archives keep them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import UnknownLabelError, UnknownLevelError, UnreadableImageError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from bioimagehub.catalogs.drivers.lazy import Axis, Chunks

_ANGSTROM = 1e-4  # micrometres


class MrcVolume:
    """The voxels of a map, opened anew for each read, so that it can be sent to other processes.

    Parameters
    ----------
    path : str
        The file.
    shape : tuple of int
        Sections, rows, columns: the order of the file.
    dtype : dtype
        Pixel type.
    order : tuple of int
        Which of the file's axes are z, y and x.
    """

    def __init__(self, path: str, shape: tuple[int, ...], dtype: np.dtype[Any], order: tuple[int, ...]) -> None:
        self.path = path
        self.order = order
        self.shape = tuple(shape[axis] for axis in order)
        self.dtype = dtype

    def __getitem__(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        import numpy as np

        with _open_file(self.path) as file:
            # A copy, as the map is unmapped when the file closes.
            return np.array(np.transpose(file.data, self.order)[key])


def open_array(url: str, *, level: int = 0, label: str | None = None, chunks: Chunks = None) -> xr.DataArray:
    """Open an MRC or CCP4 map without reading voxels.

    Parameters
    ----------
    url : str
        Path of the file, plain, or compressed with gzip or bzip2 (which is unpacked whole at each read).
    level : int
        0; a map has one level.
    label : None
        A map has no label images.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`; ``()`` gives one chunk a z-slice.

    Returns
    -------
    xarray.DataArray
        Dimensions z y x, whatever the order in the file; coordinates in micrometres, float64, from the cell and
        the start of the map. In a cell that is not rectangular they are lengths along its edges. Where the cell
        is 0 (not stated) they count voxels.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If a label image, or a level other than 0, is asked for.
    UnreadableImageError
        If the file is missing, damaged, or no map; stacks of maps are none.

    References
    ----------
    Cheng et al., Journal of Structural Biology 192, 146-150 (2015), doi:10.1016/j.jsb.2015.04.002.
    """
    from bioimagehub.catalogs.drivers.lazy import LazyPixels, label_array

    if label is not None:
        msg = f"There is no label image {label!r} in {url}: an MRC file has none. Leave `label` out."
        raise UnknownLabelError(msg)
    if level != 0:
        msg = f"Level {level} of {url} does not exist: an MRC file has the level 0 only. Choose 0."
        raise UnknownLevelError(msg)
    with _open_file(url) as file:
        if file.data.ndim != 3:
            msg = f"The MRC file {url} has {file.data.ndim} dimensions; expected a map of three. Open its maps singly."
            raise UnreadableImageError(msg)
        order, axes = parse_axes(file.header, url)
        volume = MrcVolume(url, file.data.shape, file.data.dtype, order)
    slices = (1, *volume.shape[1:])
    attrs = {"units": "arbitrary units", "level": 0, "levels": 1}
    return label_array(LazyPixels(volume, url), axes, slices, attrs=attrs, chunks=chunks)


def parse_axes(header: Any, name: str) -> tuple[tuple[int, ...], tuple[Axis, ...]]:
    """Read from the header of a map which of its axes are z, y and x, and where their samples lie.

    Parameters
    ----------
    header : numpy.void
        The header as `mrcfile` gives it.
    name : str
        What the map is called in an error.

    Returns
    -------
    tuple
        The positions of z, y and x among sections, rows and columns; and the axes z, y, x.

    Raises
    ------
    UnreadableImageError
        If the header does not name each axis once.
    """
    from bioimagehub.catalogs.drivers.lazy import Axis

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
    starts = [int(header[field]) for field in ("nzstart", "nystart", "nxstart")]
    order = tuple(stored.index(axis) for axis in (3, 2, 1))
    axes = []
    for axis, position in zip("zyx", order, strict=True):
        length, samples = float(header["cella"][axis]), int(header[f"m{axis}"])
        if length > 0 and samples > 0:
            # The cell is held in single precision; what it means is a short decimal number.
            spacing = round(length, 4) / samples * _ANGSTROM
            axes.append(Axis(axis, "micrometer", spacing, starts[position] * spacing))
        else:
            axes.append(Axis(axis, "pixel", 1.0, float(starts[position])))
    return order, tuple(axes)


def _open_file(path: str) -> Any:
    """Open a map; a plain file is mapped into memory, so that only what is indexed is read."""
    import mrcfile

    try:
        with warnings.catch_warnings(record=True):
            # Told again below if the file cannot be used; many maps of the archives bend the rules.
            warnings.simplefilter("always")
            if path.endswith((".gz", ".bz2")):
                file = mrcfile.open(path, permissive=True)
            else:
                file = mrcfile.mmap(path, permissive=True)
    except (OSError, ValueError) as error:
        msg = f"No map could be opened at {path}: {error}. Expected an MRC or CCP4 file. Check the path; fetch it anew."
        raise UnreadableImageError(msg) from error
    if file.data is None or file.data.size == 0:
        file.close()
        msg = f"The map {path} has no readable voxels: its header or its length is wrong. Fetch the file anew."
        raise UnreadableImageError(msg)
    return file
