"""A real HTTP store in a process of its own, with every fault that stores have had.

It serves the files of a folder: ranges, HEAD, conditional requests, strong entity tags, index pages for folders.

    with StoreServer(folder, delay=0.02) as server:
        server.fault("*.zarr/*", status=429, headers={"Retry-After": "1"}, times=3)
        ...
        assert server.count == 4
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from servers.certificates import make_certificate

if TYPE_CHECKING:
    from collections.abc import Mapping

TESTS = Path(__file__).resolve().parents[1]
BEFORE = -1
"""For `cut`, `reset` and `stall`: before anything is answered."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong; what is not set is as it should be. The first fault that is due for a request counts alone.

    Attributes
    ----------
    path : str
        Pattern of the paths, decoded and without the first slash, such as ``*.zarr/0/*``.
    times, skip : int
        After `skip` requests that fit, it is due for `times` of them; None for all.
    method : str or None
        ``GET`` or ``HEAD``; None for both.
    status : int or None
        Answered in place of the file, with a short body. A redirect is 302 with the header ``Location``.
    headers : mapping of str to str or None
        Put in place of those of the answer; None leaves one out.
    wait : float
        Seconds before the answer.
    cut, reset, stall : int or None
        Bytes of the body after which the connection is closed, is reset, or is silent for ever; `BEFORE` for
        before the head.
    rate : float or None
        Bytes of the body a second, in small pieces.
    flip : int or None
        Byte of the file that is sent wrong.
    whole : bool
        Ignore ``Range`` and ``If-Range``: answer 200 with the whole file.
    shift : int
        Bytes by which the part that is sent lies further on than the part that is asked for and stated.
    instead : str or None
        Path of the file that is served in place of the one asked for, as that one.
    authorization : str or None
        Answer 401 unless the request has this ``Authorization``.
    framing : {"length", "chunked", "close"}
        How the end of the body is marked.
    hang_up : bool
        Close the connection after the answer, unannounced.
    """

    path: str = "*"
    times: int | None = None
    skip: int = 0
    method: str | None = None
    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    wait: float = 0.0
    cut: int | None = None
    reset: int | None = None
    stall: int | None = None
    rate: float | None = None
    flip: int | None = None
    whole: bool = False
    shift: int = 0
    instead: str | None = None
    authorization: str | None = None
    framing: str = "length"
    hang_up: bool = False


@dataclass(frozen=True)
class Request:
    """What the server was asked: `path` is decoded and without the first slash, names of `headers` are lower-case.

    `sent` counts the bytes of the body that were sent, `status` is 0 where nothing was answered.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    status: int
    sent: int


class StoreServer:
    """The store; a context manager.

    Parameters
    ----------
    folder : Path
    delay : float
        Seconds before each answer.
    rate : float or None
        Bytes a second and connection; None for as fast as it goes.
    tls : bool
        Whether it speaks TLS, with a certificate that is trusted only through the file `certificate`.

    Attributes
    ----------
    url : str
        Where it listens, without a slash at the end.
    """

    def __init__(self, folder: Path, *, delay: float = 0.0, rate: float | None = None, tls: bool = False) -> None:
        self.folder = folder
        self._options: dict[str, Any] = {"folder": str(folder), "delay": delay, "rate": rate}
        self._tls = tls
        self._talking = threading.Lock()
        self.certificate: Path | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self._own = tempfile.TemporaryDirectory()
        if self._tls:
            self.certificate, key = make_certificate(Path(self._own.name))
            self._options |= {"certificate": str(self.certificate), "key": str(key)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "servers.store_process", json.dumps(self._options)],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = json.loads(self._line())
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._own.cleanup()

    def fault(self, path: str = "*", **what: Any) -> None:
        """Let something go wrong from now on; see `Fault`."""
        self._tell("fault", asdict(Fault(path, **what)))

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._tell("mend")

    def reset(self) -> None:
        """Forget what was asked, also what is still being answered."""
        self._tell("reset")

    @property
    def requests(self) -> list[Request]:
        """What was asked since the last reset, in the order of the answers."""
        return [Request(*each) for each in self._tell("requests")]

    @property
    def count(self) -> int:
        """Number of requests since the last reset."""
        return int(self._tell("totals")["requests"])

    @property
    def bytes(self) -> int:
        """Bytes of bodies sent since the last reset."""
        return int(self._tell("totals")["bytes"])

    @property
    def most_at_once(self) -> int:
        """Most requests that were being answered at the same time since the last reset."""
        return int(self._tell("totals")["most"])

    @property
    def connections(self) -> int:
        """Connections that were made since the last reset."""
        return int(self._tell("totals")["connections"])

    def _tell(self, *message: Any) -> Any:
        with self._talking:
            assert self._process.stdin
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the process of the store server ended"
        return line
