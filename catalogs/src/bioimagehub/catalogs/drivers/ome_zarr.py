"""OME-Zarr 0.4 and 0.5: multiscale images and their label images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.errors import UnknownLabelError, UnknownLevelError, UnreadableImageError

if TYPE_CHECKING:
    import xarray as xr
    import zarr

    from bioimagehub.catalogs.drivers.lazy import Axis, Chunks

# Units of NGFF axes in micrometres and seconds.
_FACTORS = {
    "angstrom": 1e-4, "picometer": 1e-6, "nanometer": 1e-3, "micrometer": 1.0, "millimeter": 1e3, "centimeter": 1e4,
    "meter": 1e6, "nanosecond": 1e-9, "microsecond": 1e-6, "millisecond": 1e-3, "second": 1.0, "minute": 60.0,
    "hour": 3600.0, "day": 86400.0,
}  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level of a multiscale image: the path of its array in the group, and its axes."""

    path: str
    axes: tuple[Axis, ...]


def open_array(url: str, *, level: int = 0, label: str | None = None, chunks: Chunks = None) -> xr.DataArray:
    """Open one level of an OME-Zarr image, or of one of its label images, without reading pixels.

    Parameters
    ----------
    url : str
        Path or address of the image group.
    level : int
        Multiscale level; 0 is the full resolution.
    label : str or None
        Name of a label image; None opens the image.
    chunks : mapping of axis to size, ``()``, ``"auto"`` or None
        As in `bioimagehub.catalogs.Record.open`.

    Returns
    -------
    xarray.DataArray
        Dimensions out of ``t c z y x``; coordinates in micrometres and seconds, float64.

    Raises
    ------
    UnknownLabelError, UnknownLevelError
        If the image has no such label image or level.
    UnreadableImageError
        If there is no OME-Zarr image at `url`, or its metadata or arrays cannot be read.

    References
    ----------
    Moore et al., Histochemistry and Cell Biology 160, 223-251 (2023), doi:10.1007/s00418-023-02209-1.
    """
    from bioimagehub.catalogs.drivers.lazy import LazyPixels, label_array

    group = _open_group(url)
    name = url
    if label is not None:
        group, name = _label_group(group, url, label), f"{url}/labels/{label}"
    metadata = _image_metadata(group, name)
    levels = parse_levels(metadata, name)
    if not 0 <= level < len(levels):
        msg = f"Level {level} of {name} does not exist: it has the levels 0 to {len(levels) - 1}. Choose one of these."
        raise UnknownLevelError(msg)
    chosen = levels[level]
    array = _open_level(group, chosen, name)
    attrs: dict[str, Any] = {"units": "arbitrary units"} if label is None else {"units": "1", "label": label}
    attrs |= {"level": level, "levels": len(levels)}
    return label_array(
        LazyPixels(array, f"{name}/{chosen.path}"),
        chosen.axes,
        array.chunks,
        channels=parse_channels(metadata),
        attrs=attrs,
        chunks=chunks,
    )


def parse_levels(metadata: Mapping[str, Any], name: str) -> tuple[Level, ...]:
    """Read axes, scales and translations out of the metadata of a multiscale image.

    Parameters
    ----------
    metadata : mapping
        The attributes that hold ``multiscales``: those under ``ome`` in version 0.5, the group's own in 0.4.
    name : str
        What the image is called in an error.

    Raises
    ------
    UnreadableImageError
        If the metadata are not those of a multiscale image.
    """
    from bioimagehub.catalogs.drivers.lazy import Axis

    try:
        multiscale = metadata["multiscales"][0]
        units = [(axis["name"], *_units(axis)) for axis in multiscale["axes"]]
        levels = []
        for dataset in multiscale["datasets"]:
            steps = {step["type"]: step for step in dataset["coordinateTransformations"]}
            scale = steps["scale"]["scale"]
            shift = steps["translation"]["translation"] if "translation" in steps else [0.0] * len(scale)
            axes = tuple(
                Axis(axis, unit, float(step) * factor, float(origin) * factor)
                for (axis, unit, factor), step, origin in zip(units, scale, shift, strict=True)
            )
            levels.append(Level(dataset["path"], axes))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        msg = (
            f"The multiscale metadata of {name} cannot be read: {error!r}. Expected OME-Zarr 0.4 or 0.5 with "
            "axes and a scale for each level. Validate it with ome-zarr-models, and mend it or build it anew."
        )
        raise UnreadableImageError(msg) from error
    return tuple(levels)


def parse_channels(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Channel names out of the rendering hints; empty where there are none."""
    channels = metadata.get("omero", {}).get("channels", [])
    return tuple(channel.get("label", str(number)) for number, channel in enumerate(channels))


def _units(axis: Mapping[str, Any]) -> tuple[str, float]:
    """Units of an axis in our terms, and the factor that gives them."""
    if axis.get("type") == "channel":
        return "", 1.0
    is_time = axis.get("type") == "time"
    if axis.get("unit") is None:
        return ("frame" if is_time else "pixel"), 1.0
    return ("second" if is_time else "micrometer"), _FACTORS[axis["unit"]]


def _open_group(url: str) -> zarr.Group:
    import zarr

    try:
        return zarr.open_group(url, mode="r")
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"No OME-Zarr image could be opened at {url}: {error}. Expected a Zarr group (zarr.json or .zgroup). "
            "Check the address; if the folder is there, its metadata file is missing or damaged."
        )
        raise UnreadableImageError(msg) from error


def _image_metadata(group: zarr.Group, name: str) -> Mapping[str, Any]:
    attributes = group.attrs.asdict()
    metadata = attributes.get("ome", attributes)
    if isinstance(metadata, Mapping) and "plate" in metadata:
        msg = (
            f"The Zarr group {name} is an OME-Zarr plate and no single image: {_describe_plate(metadata['plate'])}. "
            f"Open one of its fields of view by its own address, such as {name}/A/1/0 for the first field of well A1."
        )
        raise UnreadableImageError(msg)
    if not isinstance(metadata, Mapping) or "multiscales" not in metadata:
        msg = (
            f"The Zarr group {name} is not an OME-Zarr image: its attributes have no 'multiscales', only "
            f"{sorted(attributes)}. Give the address of the image group, not of a folder above or an array in it."
        )
        raise UnreadableImageError(msg)
    return metadata


def _describe_plate(plate: Any) -> str:
    wells = plate.get("wells", []) if isinstance(plate, Mapping) else []
    paths = [str(well.get("path")) for well in wells if isinstance(well, Mapping)]
    return f"it has {len(paths)} wells, {', '.join(paths[:3])} first" if paths else "it lists no wells"


def _label_group(group: zarr.Group, url: str, label: str) -> zarr.Group:
    names: list[str] = []
    try:
        attributes = group["labels"].attrs.asdict()
        metadata: Any = attributes.get("ome", attributes)
        names = sorted(metadata["labels"])
        if label in names:
            return group["labels"][label]  # type: ignore[index,return-value]
    except (KeyError, TypeError, ValueError) as error:
        if names:
            msg = (
                f"The label image {label!r} of {url} is listed and cannot be opened: {error}. "
                "Its metadata file is missing or damaged; fetch or build the image anew."
            )
            raise UnreadableImageError(msg) from error
    found = f"its label images are {', '.join(names)}" if names else "it has no label images"
    msg = f"There is no label image {label!r} in {url}: {found}. Choose one of these, or leave `label` out."
    raise UnknownLabelError(msg)


def _open_level(group: zarr.Group, level: Level, name: str) -> zarr.Array[Any]:
    import zarr

    try:
        array = group[level.path]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"Level {level.path} of {name} is listed and cannot be opened: {error}. "
            "Its zarr.json is missing or damaged; fetch or build the image anew."
        )
        raise UnreadableImageError(msg) from error
    if not isinstance(array, zarr.Array) or array.ndim != len(level.axes):
        found = f"an array of {array.ndim} dimensions" if isinstance(array, zarr.Array) else "a group"
        msg = f"Level {level.path} of {name} is {found}; its {len(level.axes)} axes call for an array. Build it anew."
        raise UnreadableImageError(msg)
    return array
