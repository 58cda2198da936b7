"""Which axes and which pixel size a TIFF states: as OME-XML, as ImageJ or as tifffile write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.formats.found import refuse

if TYPE_CHECKING:
    from tifffile import TiffFile

    Stated = tuple[tuple[str, ...] | None, tuple[float, ...] | None]

LONGEST = 2**20
"""Characters of a description that are looked at."""
LENGTHS = {"nm": 1e-3, "µm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "mm": 1e3, "\\u00B5m": 1.0, "μm": 1.0}
"""Units in µm."""


def read_metadata(file: TiffFile, shape: tuple[int, ...]) -> Stated:
    """Read the axes and the spacing that a TIFF states, each None where it does not.

    Parameters
    ----------
    file : TiffFile
    shape : tuple of int
        (y, x), or (pages, y, x).

    Raises
    ------
    PredictionFileError
        If the OME-XML cannot be read, or says that pixels lie in other files.
    """
    description = str(file.pages.first.description or "")
    if len(description) > LONGEST:
        refuse(f"its description has {len(description)} characters", f"at most {LONGEST}", "Save it without metadata.")
    if "<OME" in description[:2000]:
        return _read_ome(description, shape)
    if file.is_imagej:
        return None, _read_imagej(file, len(shape))
    return None, None


def _read_ome(text: str, shape: tuple[int, ...]) -> Stated:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        refuse(f"its OME-XML cannot be read: {error}", "well-formed XML without entities", "Save it without OME-XML.")
    elements = [(one.tag.rpartition("}")[2], one) for one in root.iter()]
    pixels = [one for name, one in elements if name == "Pixels"]
    if any(name == "UUID" and one.get("FileName") for name, one in elements) or any(
        name in {"BinaryOnly", "BinaryFile", "External"} for name, _ in elements
    ):
        refuse(
            "its OME-XML refers to other files",
            "one file that holds all of its pixels",
            "Save the image into one file; tifffile.imwrite does so.",
        )
    if len(pixels) != 1:
        refuse(f"its OME-XML describes {len(pixels)} images", "one image", "Save one image into the file.")
    given = pixels[0].attrib
    order = [letter.lower() for letter in reversed(given.get("DimensionOrder", "XYZCT"))]
    sizes = {letter: int(given.get(f"Size{letter.upper()}", 1)) for letter in order}
    planes = [letter for letter in order if letter not in "yx" and sizes[letter] > 1]
    if len(planes) > 1 or len(planes) != len(shape) - 2:
        return None, _ome_spacing(given, len(shape))
    return (*planes, "y", "x"), _ome_spacing(given, len(shape))


def _ome_spacing(given: dict[str, str], axes: int) -> tuple[float, ...] | None:
    found = []
    for letter in "ZYX"[-axes:]:
        value, unit = given.get(f"PhysicalSize{letter}"), given.get(f"PhysicalSize{letter}Unit", "µm")
        if value is None or unit not in LENGTHS:
            return None
        found.append(float(value) * LENGTHS[unit])
    return tuple(found)


def _read_imagej(file: TiffFile, axes: int) -> tuple[float, ...] | None:
    stated: dict[str, Any] = dict(file.imagej_metadata or {})
    unit = LENGTHS.get(str(stated.get("unit", "")))
    densities = [file.pages.first.tags.valueof(tag) for tag in (283, 282)]
    if unit is None or any(not one or not one[0] for one in densities):
        return None
    plane = [one[1] / one[0] * unit for one in densities]
    if axes == 2:
        return tuple(plane)
    spacing = stated.get("spacing")
    return None if not isinstance(spacing, int | float) else (float(spacing) * unit, *plane)
