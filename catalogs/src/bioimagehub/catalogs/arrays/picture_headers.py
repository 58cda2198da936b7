"""What the first bytes of a picture tell: PNG, JPEG, BMP, DIB, C01, GIF and WebP."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RED_GREEN_BLUE = ("red", "green", "blue")
_PNG = b"\x89PNG\r\n\x1a\n"
_DIB = struct.Struct("<IiiHHI")
CELLOMICS = 52
"""Bytes before the pixels of a Cellomics file: the header of a DIB, and three words."""

# What tells which bits of 16 are red, green and blue.
_MASKS = (struct.pack("<3I", 0xF800, 0x7E0, 0x1F), struct.pack("<3I", 0x7C00, 0x3E0, 0x1F))
# Channels and whether there is a palette, by the colour type of a PNG.
_PNG_CHANNELS: dict[int, tuple[str, ...]] = {
    0: (), 2: RED_GREEN_BLUE, 3: (), 4: ("grey", "alpha"), 6: (*RED_GREEN_BLUE, "alpha"),
}  # fmt: skip
_JPEG_CHANNELS: dict[int, tuple[str, ...]] = {1: (), 3: RED_GREEN_BLUE, 4: ("cyan", "magenta", "yellow", "black")}
_CHANNELS: dict[str, tuple[str, ...]] = {
    "1": (), "L": (), "P": (), "RGB": RED_GREEN_BLUE, "RGBX": RED_GREEN_BLUE, "RGBA": (*RED_GREEN_BLUE, "alpha"),
}  # fmt: skip


class NotAPictureError(ValueError):
    """The bytes are no picture, or one that is not read; told again by who knows its address."""


@dataclass(frozen=True)
class Header:
    """What a picture is.

    Attributes
    ----------
    form : str
        ``PNG``, ``JPEG``, ``BMP``, ``DIB``, ``Cellomics DIB``, ``Cellomics C01``, ``GIF`` or ``WebP``.
    width, height : int
    channels : tuple of str
        Empty for grey values and for the indices of a palette.
    bits : int
        Bits of a sample as it is stored: 1 gives bool, up to 8 uint8, 16 uint16.
    frames : int
        More than 1 for an animation.
    palette : tuple of (int, ...) or None
        Colours, 0 to 255: red, green, blue, and alpha where it has any; None for a picture without palette.
    orientation : int
        As EXIF has it; 1 for a picture that is stored as it is to be seen.
    further : bool
        Whether the file holds further pictures, such as the preview that a camera adds.
    """

    form: str
    width: int
    height: int
    channels: tuple[str, ...] = ()
    bits: int = 8
    frames: int = 1
    palette: tuple[tuple[int, ...], ...] | None = None
    orientation: int = 1
    further: bool = False

    @property
    def dtype(self) -> str:
        """NumPy's name of the type of a sample."""
        return "bool" if self.bits == 1 and self.palette is None else "uint16" if self.bits == 16 else "uint8"

    @property
    def samples(self) -> int:
        """Number of samples of all frames."""
        return self.frames * self.height * self.width * max(1, len(self.channels))

    def to_facts(self) -> dict[str, Any]:
        """Give plain values, of which `from_facts` makes it again."""
        return asdict(self)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Header:
        """Make it of what `to_facts` gave, also after a journey through JSON."""
        palette = None if facts["palette"] is None else tuple(tuple(colour) for colour in facts["palette"])
        return cls(**{**facts, "channels": tuple(facts["channels"]), "palette": palette})


def parse_header(data: bytes, *, whole: bool) -> Header | None:
    """Read what a picture is.

    Parameters
    ----------
    data : bytes
        The beginning of the file.
    whole : bool
        Whether that is all of it.

    Returns
    -------
    Header or None
        None where more bytes are needed; never if `whole`.

    Raises
    ------
    NotAPictureError
        If the bytes are no picture of the forms that are read, or end too early.

    References
    ----------
    PNG: W3C Recommendation, third edition (2025). JPEG: ITU-T T.81 (1992). C01 and the DIB files of ArrayScan
    readers: CellomicsReader of Bio-Formats, doi:10.1083/jcb.201004104.
    """
    try:
        if data.startswith(_PNG):
            return _png(data, whole=whole)
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith((b"GIF87a", b"GIF89a")) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
            return _animation(data) if whole else None
        if data.startswith(b"\0\0\0\x10"):
            return _cellomics("C01", zlib.decompressobj().decompress(data[4:], CELLOMICS))
        if data.startswith(b"\x28\0\0\0"):
            return _dib(data) if whole else None
        if data.startswith(b"BM"):
            return _bitmap("BMP", data)
    except (struct.error, IndexError, EOFError, OSError, SyntaxError, zlib.error) as error:
        if not whole:
            return None
        msg = f"it ends before all of its header: {error}"
        raise NotAPictureError(msg) from error
    msg = f"it begins with {data[:8].hex(' ')}" if data else "it is empty"
    raise NotAPictureError(msg)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give the chunks of a PNG: name, first byte and length of each, also of one that is cut off."""
    at = len(_PNG)
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8, length
        if name == b"IEND":
            return
        at += length + 12


def _png(data: bytes, *, whole: bool) -> Header | None:
    width, height, bits, colour, _, _, _ = struct.unpack_from(">IIBBBBB", data, 16)
    if data[12:16] != b"IHDR" or colour not in _PNG_CHANNELS or bits not in (1, 2, 4, 8, 16):
        msg = f"it has a PNG header of colour type {colour} and {bits} bits"
        raise NotAPictureError(msg)
    palette, alpha, orientation = None, b"", 1
    for name, at, length in png_chunks(data):
        content = data[at : at + length]
        if name == b"acTL":
            if not whole:
                return None
            found = _animation(data)
            if bits == 16 or len(found.channels) != len(_PNG_CHANNELS[colour]):
                msg = f"it is an animated PNG of colour type {colour} and {bits} bits, which is not read"
                raise NotAPictureError(msg)
            return found
        if name == b"PLTE":
            palette = tuple(tuple(content[first : first + 3]) for first in range(0, length, 3))
        elif name == b"tRNS" and colour == 3:
            alpha = content
        elif name == b"eXIf":
            orientation = _orientation(content)
        elif name in (b"IDAT", b"IEND"):
            break
        if at + length > len(data):
            msg = "in the middle of a chunk"
            raise EOFError(msg)
    if colour == 3 and palette is None:
        msg = "it is a PNG with a palette, and has none"
        raise NotAPictureError(msg)
    if palette is not None and alpha:
        clear = alpha.ljust(len(palette), b"\xff")
        palette = tuple((*each, opacity) for each, opacity in zip(palette, clear, strict=False))
    palette = palette if colour == 3 else None
    return Header("PNG", width, height, _PNG_CHANNELS[colour], bits, palette=palette, orientation=orientation)


def _jpeg(data: bytes) -> Header:
    at, orientation, further = 2, 1, False
    while True:
        if data[at] != 0xFF:
            msg = f"byte {at} is no marker of a JPEG"
            raise NotAPictureError(msg)
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _orientation(data[at + 10 : at + 2 + length])
        further = further or (marker == 0xE2 and data[at + 4 : at + 8] == b"MPF\0")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
            if bits != 8 or marker not in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA) or components not in _JPEG_CHANNELS:
                msg = f"it is a JPEG of {bits} bits, {components} components and process {marker - 0xC0}"
                raise NotAPictureError(msg)
            channels = _JPEG_CHANNELS[components]
            return Header("JPEG", width, height, channels, orientation=orientation, further=further)
        at += 2 + length


def _dib(data: bytes) -> Header:
    """Tell the two kinds by their length: those of ArrayScan readers have no palette, and grey values of 16 bits."""
    _, width, height, _, bits, _ = _DIB.unpack_from(data)
    if len(data) == CELLOMICS + width * height * bits // 8 and data[40:52] not in _MASKS:
        return _cellomics("DIB", data)
    return _bitmap("DIB", data)


def _bitmap(form: str, data: bytes) -> Header:
    from PIL import BmpImagePlugin

    plugin = BmpImagePlugin.BmpImageFile if form == "BMP" else BmpImagePlugin.DibImageFile
    with plugin(io.BytesIO(data)) as image:
        if image.mode not in _CHANNELS:
            msg = f"it is a {form} of Pillow's mode {image.mode}"
            raise NotAPictureError(msg)
        flat = (image.getpalette("RGB") or []) if image.mode == "P" else []
        palette = tuple(tuple(flat[first : first + 3]) for first in range(0, len(flat), 3)) or None
        bits = 1 if image.mode == "1" else 8
        return Header(form, image.width, image.height, _CHANNELS[image.mode], bits, palette=palette)


def _cellomics(form: str, data: bytes) -> Header:
    _, width, height, planes, bits, _ = _DIB.unpack_from(data)
    if bits not in (8, 16) or planes != 1 or min(width, height) < 1:
        msg = f"it is a Cellomics {form} of {width} by {height} pixels, {bits} bits and {planes} planes"
        raise NotAPictureError(msg)
    return Header(f"Cellomics {form}", width, height, bits=bits)


def _animation(data: bytes) -> Header:
    from PIL import GifImagePlugin, PngImagePlugin, WebPImagePlugin

    plugins: dict[bytes, tuple[str, Any]] = {
        b"GI": ("GIF", GifImagePlugin.GifImageFile),
        b"RI": ("WebP", WebPImagePlugin.WebPImageFile),
        b"\x89P": ("PNG", PngImagePlugin.PngImageFile),
    }
    form, plugin = plugins[data[:2]]
    with plugin(io.BytesIO(data)) as image:
        frames, mode, clear = image.n_frames, image.mode, False
        for number in range(frames):
            image.seek(number)
            clear = clear or "transparency" in image.info
        if form == "GIF":
            mode = "L" if frames == 1 and mode == "L" and not clear else "RGBA" if clear else "RGB"
        if mode not in _CHANNELS or (mode == "P" and form == "PNG"):
            msg = f"it is an animation of Pillow's mode {mode}"
            raise NotAPictureError(msg)
        return Header(form, image.width, image.height, _CHANNELS[mode], frames=frames)


def _orientation(exif: bytes) -> int:
    from PIL import Image

    found = Image.Exif()
    found.load(exif)
    value = found.get(0x0112, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
