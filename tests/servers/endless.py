"""An OME-Zarr image far larger than any disk: its chunks are computed when they are asked for.

    with EndlessServer(delay=0.02) as server:
        image = view(server.url)
        ...
        assert server.chunks_read(level=11)

Each sample is a function of its position, channel and level (`expected`), so that what arrives can be checked.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CHUNK = 512
_CHUNK_KEY = re.compile(r"/(\d+)/c/(\d+)/(\d+)/(\d+)")


def expected(level: int, channel: int, y: ArrayLike, x: ArrayLike) -> NDArray[np.uint16]:
    """Give the samples at rows and columns of a level, shape (rows, columns)."""
    # Slopes that are seen on every level, and steps that tell neighbours apart.
    rows, columns = (np.asarray(each, np.uint32) for each in (y, x))
    down = ((rows << np.uint32(level)) >> np.uint32(8)) * np.uint32(12 * (3 + channel)) + (
        rows & np.uint32(15)
    ) * np.uint32(3)
    along = ((columns << np.uint32(level)) >> np.uint32(8)) * np.uint32(60) + (columns & np.uint32(15)) * np.uint32(50)
    return (down[:, None] + along[None, :] + np.uint32(1000 * channel + 97 * level)).astype(np.uint16)


class EndlessServer:
    """Serves one image, `channels` × `size` × `size`, uint16, in chunks of 512 × 512.

    Parameters
    ----------
    size : int
        Samples along y and x.
    levels : int
        Each has half of the samples of the one before.
    channels : int
    delay : float
        Seconds before each answer.
    """

    def __init__(self, size: int = 100_000, levels: int = 12, channels: int = 4, delay: float = 0.02) -> None:
        self.size, self.levels, self.channels, self.delay = size, levels, channels, delay
        self._lock = threading.Lock()
        self._asked: list[str] = []
        self._hanging = threading.Event()
        self._free = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/image.zarr"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._free.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def asked(self) -> list[str]:
        """Paths that were asked for, in the order in which they were."""
        with self._lock:
            return list(self._asked)

    def forget(self) -> None:
        """Count anew."""
        with self._lock:
            self._asked.clear()

    def chunks_read(self, level: int | None = None) -> list[tuple[int, int, int, int]]:
        """Give level, channel, row and column of the chunks that were asked for."""
        found = [_CHUNK_KEY.search(path) for path in self.asked]
        numbers = [(int(one[1]), int(one[2]), int(one[3]), int(one[4])) for one in found if one]
        return [each for each in numbers if level is None or each[0] == level]

    def hang(self) -> None:
        """Answer no request for a chunk from now on."""
        self._hanging.set()

    def shape(self, level: int) -> tuple[int, int, int]:
        """Give the shape of a level."""
        side = math.ceil(self.size / 2**level)
        return self.channels, side, side

    def _find(self, path: str) -> bytes | None:
        name = path.removeprefix("/image.zarr")
        if name == "/zarr.json":
            return json.dumps(self._describe_group()).encode()
        level = re.fullmatch(r"/(\d+)/zarr\.json", name)
        if level and int(level[1]) < self.levels:
            return json.dumps(self._describe_array(int(level[1]))).encode()
        chunk = _CHUNK_KEY.fullmatch(name)
        if chunk is None:
            return None
        if self._hanging.is_set():
            self._free.wait()
        number, channel, row, column = map(int, chunk.groups())
        rows, columns = (np.arange(each * CHUNK, (each + 1) * CHUNK) for each in (row, column))
        return expected(number, channel, rows, columns).astype("<u2").tobytes()

    def _describe_group(self) -> dict[str, Any]:
        axes = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space", "unit": "micrometer"} for n in "yx")]
        datasets = [
            {
                "path": str(level),
                "coordinateTransformations": [{"type": "scale", "scale": [1.0, 0.25 * 2**level, 0.25 * 2**level]}],
            }
            for level in range(self.levels)
        ]
        ome = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets, "name": "endless"}]}
        return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}

    def _describe_array(self, level: int) -> dict[str, Any]:
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape(level)),
            "data_type": "uint16",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, CHUNK, CHUNK]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "attributes": {},
            "dimension_names": ["c", "y", "x"],
        }

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Otherwise each answer waits for the acknowledgement of its head.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                with store._lock:
                    store._asked.append(self.path)
                time.sleep(store.delay)
                found = store._find(self.path)
                body = b"" if found is None else found
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", '"1"')
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
