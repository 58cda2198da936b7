"""The OME-XML in the first page of an OME-TIFF: its images, their axes and sizes, and which plane lies where.

References
----------
Goldberg et al., Genome Biology 6, R47 (2005), doi:10.1186/gb-2005-6-5-r47; OME-TIFF specification, sections
"The TiffData element" and "Sub-resolutions" (ome-model).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from bioimagehub.catalogs.errors import UnreadableImageError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MICROMETRES = {
    "m": 1e6, "dm": 1e5, "cm": 1e4, "mm": 1e3, "µm": 1.0, "μm": 1.0, "um": 1.0, "nm": 1e-3, "pm": 1e-6, "Å": 1e-4,
    "micron": 1.0, "in": 25400.0, "ft": 304800.0, "thou": 25.4, "mil": 25.4, "pt": 25400 / 72,
}  # fmt: skip
"""Length units in micrometres; the others of the standard, such as ``pixel`` or ``reference frame``, have none."""

SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Time units in seconds."""

Plane = tuple[str | None, int]
"""File that has a plane, None for the one that is open, and number of the page in it."""


@dataclass(frozen=True)
class TiffData:
    """Planes that lie one behind another: where they begin, and how many; None for as many as there are."""

    first: dict[str, int]
    page: int
    count: int | None
    file: str | None


@dataclass(frozen=True)
class OmeImage:
    """An image of an OME-TIFF.

    Attributes
    ----------
    name : str
    axes : str
        ``T``, ``C``, ``Z``, ``Y`` and ``X``, the slowest first.
    sizes : mapping of str to int
    spacing : mapping of str to (float, str)
        Distance between samples and its unit, ``micrometer`` or ``second``; only those axes that state one.
    channels : tuple of str
        Empty if no channel has a name.
    blocks : list of TiffData
    """

    name: str
    axes: str
    sizes: dict[str, int]
    spacing: dict[str, tuple[float, str]]
    channels: tuple[str, ...]
    blocks: list[TiffData] = field(default_factory=list)

    def planes(self, samples: int, pages: int, name: str) -> list[Plane]:
        """Tell where each plane lies.

        Parameters
        ----------
        samples : int
            Samples of a pixel in the file; a plane holds as many of the channels.
        pages : int
            Pages of the file that is open.
        name : str
            What the file is called in an error.

        Returns
        -------
        list of Plane
            In the order of the axes before ``Y``, the last fastest.

        Raises
        ------
        UnreadableImageError
            If planes are missing, or lie outside of the image.
        """
        stack = [self.sizes[axis] // (samples if axis == "C" else 1) for axis in self.axes[:-2]]
        found: list[Plane | None] = [None] * math.prod(stack)
        for block in self.blocks or [TiffData({}, 0, None, None)]:
            position = 0
            for axis, size in zip(self.axes[:-2], stack, strict=True):
                first = block.first.get(axis, 0)
                position = position * size + (first // samples if axis == "C" and first >= size else first)
            rest = len(found) - position
            count = block.count if block.count is not None else min(rest, pages) if block.file is None else rest
            if position + count > len(found):
                msg = (
                    f"The OME-XML of {name} puts planes {position} to {position + count} into the image {self.name!r}, "
                    f"which has {len(found)}. Correct the OME-XML, or fetch the file anew."
                )
                raise UnreadableImageError(msg)
            found[position : position + count] = [(block.file, block.page + number) for number in range(count)]
        planes = [plane for plane in found if plane is not None]
        if len(planes) < len(found):
            msg = (
                f"The image {self.name!r} of {name} has {len(found)} planes, and its OME-XML tells of {len(planes)} "
                "only where they are. Fetch the whole set anew, or correct the OME-XML."
            )
            raise UnreadableImageError(msg)
        return planes


@dataclass(frozen=True)
class OmeDocument:
    """What an OME-XML tells.

    Attributes
    ----------
    images : list of OmeImage
    companion : str or None
        The file that has the metadata, where this one says that it has none itself.
    """

    images: list[OmeImage]
    companion: str | None = None


def parse_ome(xml: str | bytes, file: str) -> OmeDocument:
    """Read an OME-XML.

    Parameters
    ----------
    xml : str or bytes
    file : str
        Name of the file that is open, as other files of a set call it.

    Raises
    ------
    UnreadableImageError
        If it is no OME-XML, or does not tell what an image needs.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(xml)
        only = _child(root, "BinaryOnly")
        if only is not None:
            return OmeDocument([], only.attrib["MetadataFile"])
        pairs = [(image, _child(image, "Pixels")) for image in root if _local(image) == "Image"]
        files = _file_names(root, file)
        return OmeDocument([_parse_image(image, pixels, files) for image, pixels in pairs if pixels is not None])
    except (ParseError, DefusedXmlException, KeyError, ValueError) as error:
        msg = f"The OME-XML of {file} cannot be read: {error!r}. Expected Image elements with Pixels. Correct it."
        raise UnreadableImageError(msg) from error


def _file_names(root: Element, file: str) -> dict[str, str | None]:
    """Give by UUID the file that has it; None for the one that is open."""
    named = {(each.text or "").strip(): each.attrib.get("FileName") for each in root.iter() if _local(each) == "UUID"}
    own = root.attrib.get("UUID", "").strip()
    if not own and len(set(named.values())) == 1:
        # One file that says what it was called once.
        return dict.fromkeys(named)
    return {uuid: None if uuid == own or name in (None, file) else name for uuid, name in named.items()}


def _parse_image(image: Element, pixels: Element, files: dict[str, str | None]) -> OmeImage:
    axes = "".join(reversed(pixels.attrib["DimensionOrder"]))
    sizes = {axis: int(pixels.attrib[f"Size{axis}"]) for axis in "XYZCT"}
    if sorted(axes) != sorted("XYZCT") or axes[-2:] != "YX" or min(sizes.values()) < 1:
        msg = f"DimensionOrder {pixels.attrib['DimensionOrder']} with the sizes {sizes}"
        raise ValueError(msg)
    names: list[str] = []
    for number, channel in enumerate(each for each in pixels if _local(each) == "Channel"):
        label = channel.attrib.get("Name") or f"channel {number}"
        names += [label] * int(channel.attrib.get("SamplesPerPixel", 1))
    named = any(each.attrib.get("Name") for each in pixels if _local(each) == "Channel")
    return OmeImage(
        name=image.attrib.get("Name") or image.attrib.get("ID", ""),
        axes=axes,
        sizes=sizes,
        spacing=_parse_spacing(pixels),
        channels=tuple(names) if named and len(names) == sizes["C"] else (),
        blocks=[_parse_block(each, files) for each in pixels if _local(each) == "TiffData"],
    )


def _parse_spacing(pixels: Element) -> dict[str, tuple[float, str]]:
    found = {}
    for axis in "XYZ":
        size = pixels.attrib.get(f"PhysicalSize{axis}")
        scale = MICROMETRES.get(pixels.attrib.get(f"PhysicalSize{axis}Unit", "µm"))
        if size is not None and scale is not None and 0 < float(size) < math.inf:
            found[axis] = (float(size) * scale, "micrometer")
    step = pixels.attrib.get("TimeIncrement")
    scale = SECONDS.get(pixels.attrib.get("TimeIncrementUnit", "s"))
    if step is not None and scale is not None and 0 < float(step) < math.inf:
        found["T"] = (float(step) * scale, "second")
    return found


def _parse_block(block: Element, files: dict[str, str | None]) -> TiffData:
    attributes = block.attrib
    count = attributes.get("PlaneCount", attributes.get("NumPlanes", "1" if "IFD" in attributes else None))
    uuid = _child(block, "UUID")
    return TiffData(
        first={axis: int(attributes.get(f"First{axis}", 0)) for axis in "ZCT"},
        page=int(attributes.get("IFD", 0)),
        count=None if count is None else int(count),
        file=None if uuid is None else files[(uuid.text or "").strip()],
    )


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element if _local(each) == name), None)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
