"""From the bytes of a picture to its pixels: whole, or an error; never with grey where bytes are missing."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.catalogs.arrays.picture_headers import CELLOMICS, Header, NotAPictureError, png_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_MARKER = re.compile(rb"\xff[^\x00\xff]")
# Bytes that are no marker, and decode to something that is not flat.
_PAD = bytes((17, 170, 91, 204, 53, 149, 226, 78, 197, 42, 113, 155, 230, 61, 84, 169)) * 2


def decode_picture(data: bytes, header: Header) -> NDArray[Any]:
    """Decode a picture.

    Parameters
    ----------
    data : bytes
        All of the file.
    header : Header
        What it is.

    Returns
    -------
    array
        Shape (frames, height, width, samples), each also where it is 1; of a palette the indices.

    Raises
    ------
    NotAPictureError
        If the file is cut off, damaged, or is not what `header` says.
    """
    from PIL import ImageFile

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        msg = "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set, so grey would stand for what is missing; set it to False"
        raise NotAPictureError(msg)
    try:
        if header.form == "PNG":
            _check_png(data)
        if header.form.startswith("Cellomics"):
            found = _decode_cellomics(data, header)
        elif header.form == "PNG" and header.bits == 16:
            found = _decode_deep_png(data)
        else:
            found = _decode_by_pillow(data, header)
        if header.form == "JPEG":
            _check_jpeg(data, header, found)
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error, IndexError, zlib.error) as error:
        if isinstance(error, NotAPictureError):
            raise
        msg = f"its pixels cannot be decoded: {error}"
        raise NotAPictureError(msg) from error
    shape = (header.frames, header.height, header.width, max(1, len(header.channels)))
    if found.size != header.samples or found.dtype != np.dtype(header.dtype):
        msg = f"it gives {found.dtype} of shape {found.shape}, and its header tells {header.dtype} of shape {shape}"
        raise NotAPictureError(msg)
    return found.reshape(shape)


def colour(indices: NDArray[Any], palette: tuple[tuple[int, ...], ...]) -> NDArray[np.uint8]:
    """Give the colours that indices stand for, along a new last axis.

    Raises
    ------
    NotAPictureError
        If an index is beyond the palette.
    """
    table = np.array(palette, dtype=np.uint8)
    if indices.size and int(indices.max()) >= len(table):
        msg = f"its index {int(indices.max())} is beyond its palette of {len(table)} colours"
        raise NotAPictureError(msg)
    found: NDArray[np.uint8] = table[indices]
    return found


def _decode_by_pillow(data: bytes, header: Header) -> NDArray[Any]:
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    # These classes, and not Image.open: its limit of pixels is one for the process, and warns on the way.
    plugins: dict[str, Any] = {
        "BMP": BmpImagePlugin.BmpImageFile,
        "DIB": BmpImagePlugin.DibImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "WebP": WebPImagePlugin.WebPImageFile,
    }
    with plugins[header.form](io.BytesIO(data)) as image:
        if header.frames == 1 and header.form != "GIF":
            return np.asarray(image)
        mode = {0: "L", 3: "RGB", 4: "RGBA"}[len(header.channels)]
        frames = []
        for number in range(header.frames):
            image.seek(number)
            frames.append(np.asarray(image.convert(mode)))
        return np.stack(frames)


def _decode_deep_png(data: bytes) -> NDArray[Any]:
    import imagecodecs

    # Pillow leaves 8 of the 16 bits where there is more than one sample a pixel.
    found: NDArray[Any] = imagecodecs.png_decode(data)
    return found


def _decode_cellomics(data: bytes, header: Header) -> NDArray[Any]:
    size = header.samples * header.bits // 8
    if header.form.endswith("C01"):
        data = zlib.decompressobj().decompress(data[4:], CELLOMICS + size)
    return np.frombuffer(data, f"<u{header.bits // 8}", header.samples, CELLOMICS).astype(header.dtype, copy=False)


def _check_png(data: bytes) -> None:
    """Check every chunk: Pillow leaves out the checksums of those that hold the pixels."""
    for name, at, length in png_chunks(data):
        (told,) = struct.unpack_from(">I", data, at + length)
        if zlib.crc32(memoryview(data)[at - 4 : at + length]) != told:
            msg = f"the checksum of its chunk {name!r} is not the one that is stated"
            raise NotAPictureError(msg)


def _check_jpeg(data: bytes, header: Header, found: NDArray[Any]) -> None:
    """Check that all pixels come from the file.

    A decoder that runs out of data goes on with grey and does not tell. So bytes are put behind the end of the data
    of each scan: a decoder that has what it needs passes over them, one that lacks something takes them for pixels.
    """
    pieces, last = [], 0
    for end in _jpeg_ends(data):
        pieces += [data[last:end], _PAD]
        last = end
    if data.find(b"\xff\xc9") >= 0 or data.find(b"\xff\xca") >= 0:
        # Arithmetic coding leaves out zeros at the end, so its decoder does go on without data.
        return
    again = _decode_by_pillow(b"".join([*pieces, data[last:]]), header)
    if not np.array_equal(found, again):
        msg = "data are missing within it, for which its decoder puts grey"
        raise NotAPictureError(msg)


def _jpeg_ends(data: bytes) -> Iterator[int]:
    """Give the places where data of pixels end: before each restart marker, and after each scan."""
    at, inside = 2, False
    while True:
        match = _MARKER.search(data, at)
        if match is None:
            msg = "it ends before its end marker"
            raise NotAPictureError(msg)
        marker, at = data[match.start() + 1], match.end()
        if inside:
            yield match.start()
        if marker == 0xD9:
            return
        if not 0xD0 <= marker <= 0xD7:
            (length,) = struct.unpack_from(">H", data, at)
            at += length
            inside = marker == 0xDA
