"""Writes small Leica image files: no tool that Python has does. liffile reads them, which the tests check.

Source: Leica, LAS AF file format 2.0: an XML header in UTF-16, then blocks of memory with the identifiers it names.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NUMBERS = {"x": 1, "y": 2, "z": 3, "t": 4, "emission": 5, "field": 10}


@dataclass
class LifImage:
    """An image to write.

    Attributes
    ----------
    name : str
    pixels : array
        With the axes of `axes`.
    axes : tuple of str
        As they are stored, the slowest first; ``c`` anywhere.
    lengths : mapping of axis to (origin, length from the first to the last sample, unit)
    colours : sequence of (ChannelTag, LUTName)
        One for each channel.
    offsets : sequence of int or None
        Positions of the channels along ``c``, in the order of the header; None for 0, 1, 2...
    folder : str or None
        Name of the element that it lies in.
    """

    name: str
    pixels: NDArray[Any]
    axes: tuple[str, ...]
    lengths: dict[str, tuple[float, float, str]] = field(default_factory=dict)
    colours: tuple[tuple[int, str], ...] = ((0, "Gray"),)
    offsets: tuple[int, ...] | None = None
    folder: str | None = None


def write_lif(path: Path, images: list[LifImage], *, version: int = 2) -> None:
    """Write a file."""
    elements = "".join(_element(number, image) for number, image in enumerate(images))
    header = (
        f'<LMSDataContainerHeader Version="{version}"><Element Name="Project" UniqueID="0-1">'
        f'<Data><Experiment Path=""/></Data><Memory Size="0" MemoryBlockID="MemBlock_none"/>'
        f"<Children>{elements}</Children></Element></LMSDataContainerHeader>"
    ).encode("utf-16-le")
    with path.open("wb") as file:
        file.write(struct.pack("<IIBI", 0x70, len(header) + 5, 0x2A, len(header) // 2) + header)
        for number, image in enumerate(images):
            name = f"MemBlock_{number}".encode("utf-16-le")
            data = image.pixels.tobytes()
            size = struct.pack("<Q" if version == 2 else "<I", len(data))
            head = struct.pack("<B", 0x2A) + size + struct.pack("<BI", 0x2A, len(name) // 2) + name
            file.write(struct.pack("<II", 0x70, len(head)) + head + data)


def _element(number: int, image: LifImage) -> str:
    strides = dict(zip(image.axes, image.pixels.strides, strict=True))
    sizes = dict(zip(image.axes, image.pixels.shape, strict=True))
    bits = 8 * image.pixels.dtype.itemsize
    kind = int(image.pixels.dtype.kind == "f")
    offsets = image.offsets or tuple(range(sizes.get("c", 1)))
    channels = "".join(
        f'<ChannelDescription DataType="{kind}" ChannelTag="{tag}" Resolution="{bits}" NameOfMeasuredQuantity="" '
        f'Min="0" Max="1" Unit="" LUTName={quoteattr(lut)} IsLUTInverted="0" BytesInc="{at * strides.get("c", 0)}" '
        'BitInc="0"/>'
        for (tag, lut), at in zip(image.colours, offsets, strict=True)
    )
    dimensions = "".join(
        '<DimensionDescription DimID="{}" NumberOfElements="{}" Origin="{}" Length="{}" Unit="{}" BitInc="0" '
        'BytesInc="{}"/>'.format(NUMBERS[axis], sizes[axis], *image.lengths.get(axis, (0, 0, "")), strides[axis])
        for axis in reversed(image.axes)
        if axis != "c"
    )
    element = (
        f'<Element Name={quoteattr(image.name)} UniqueID="1-{number}"><Data><Image><ImageDescription>'
        f"<Channels>{channels}</Channels><Dimensions>{dimensions}</Dimensions></ImageDescription></Image></Data>"
        f'<Memory Size="{image.pixels.nbytes}" MemoryBlockID="MemBlock_{number}"/><Children/></Element>'
    )
    if image.folder is None:
        return element
    return (
        f'<Element Name={quoteattr(image.folder)} UniqueID="2-{number}"><Data/>'
        f'<Memory Size="0" MemoryBlockID="MemBlock_f{number}"/><Children>{element}</Children></Element>'
    )
