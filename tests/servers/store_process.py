"""The process of `servers.store`: an HTTP server on one event loop, told by lines of JSON what to do wrong."""

from __future__ import annotations

import asyncio
import html
import json
import os
import signal
import socket
import ssl
import struct
import sys
from email.utils import formatdate
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from servers.store import BEFORE, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1 << 18
SLOW_PIECE = 1 << 12


class Store:
    """What all connections share: the folder, the faults, and what was asked."""

    def __init__(self, folder: str, delay: float, rate: float | None) -> None:
        self.folder = folder
        self.delay = delay
        self.rate = rate
        self.faults: list[tuple[Fault, list[int]]] = []
        self.now = 0
        self.resets = 0
        self.forget()

    def forget(self) -> None:
        self.resets += 1
        self.asked: list[tuple[str, str, dict[str, str], int, int]] = []
        self.bytes = 0
        self.connections = 0
        self.most = self.now

    def find_fault(self, method: str, path: str) -> Fault | None:
        """Give the first fault that is due, and count the request for all that fit before it."""
        for fault, seen in self.faults:
            if fault.method in (None, method) and fnmatchcase(path, fault.path):
                seen[0] += 1
                past = seen[0] - fault.skip
                if past > 0 and (fault.times is None or past <= fault.times):
                    return fault
        return None

    def tell(self, what: str, *details: Any) -> Any:
        if what == "fault":
            self.faults.append((Fault(**details[0]), [0]))
        elif what == "mend":
            self.faults.clear()
        elif what == "reset":
            self.forget()
        elif what == "requests":
            return self.asked
        elif what == "totals":
            return {
                "requests": len(self.asked),
                "bytes": self.bytes,
                "most": self.most,
                "connections": self.connections,
            }
        return None


class Answer:
    """Status, headers and body of an answer; `read(offset, length)` gives bytes of the body."""

    def __init__(self, status: int, headers: dict[str, str], length: int, read: Callable[[int, int], bytes]) -> None:
        self.status = status
        self.headers = headers
        self.length = length
        self.read = read
        self.close: Callable[[], object] = int
        self.start = 0


def text_answer(status: int, text: str = "", **headers: str) -> Answer:
    body = (text or HTTPStatus(status).phrase).encode() if status != 304 else b""
    return Answer(status, {"Content-Type": "text/html", **headers}, len(body), lambda at, n: body[at : at + n])


def folder_answer(folder: Path, path: str) -> Answer:
    """Give an index page as Apache writes it."""
    if path and not path.endswith("/"):
        return text_answer(301, Location=f"/{quote(path)}/")
    rows = ['<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>', '<a href="/">Parent Directory</a>']
    for each in sorted(folder.iterdir()):
        name = each.name + "/" * each.is_dir()
        link = quote(name) if ":" not in name else f"./{quote(name)}"
        rows.append(f'<a href="{html.escape(link)}">{html.escape(name)}</a> 2026-01-31 12:00 1.0K')
    title = html.escape(f"Index of /{path}")
    body = "\n".join(rows)
    return text_answer(200, f"<html><head><title>{title}</title></head><body><h1>{title}</h1><pre>{body}</pre></body>")


def file_answer(file: Path, asked: dict[str, str], fault: Fault | None) -> Answer:
    """Answer with a file or a part of it."""
    descriptor = os.open(file, os.O_RDONLY)
    stat = os.fstat(descriptor)
    size = stat.st_size
    headers = {
        "Accept-Ranges": "bytes",
        "Last-Modified": formatdate(int(stat.st_mtime), usegmt=True),
        "ETag": f'"{stat.st_mtime_ns:x}-{size:x}"',
        "Content-Type": "application/octet-stream",
    } | {name: value for name, value in (fault.headers if fault else {}).items() if name != "Content-Length"}
    same = {each for each in (headers["ETag"], headers["Last-Modified"]) if each is not None}
    condition = asked.get("if-none-match", asked.get("if-modified-since"))
    unchanged = condition is not None and condition in same
    part: tuple[int, int] | None = (0, size)
    status = 200
    if "range" in asked and not (fault and fault.whole) and ("if-range" not in asked or asked["if-range"] in same):
        part, status = parse_range(asked["range"], size), 206
    if unchanged or part is None:
        os.close(descriptor)
        headers = {name: headers[name] for name in ("ETag", "Last-Modified") if headers[name] is not None}
        return text_answer(304, **headers) if unchanged else text_answer(416, **{"Content-Range": f"bytes */{size}"})
    first, end = part
    if status == 206:
        headers = {"Content-Range": f"bytes {first}-{end - 1}/{size}"} | headers
    begin = min(first + (fault.shift if fault else 0), size - (end - first))
    answer = Answer(status, headers, end - first, lambda at, n: os.pread(descriptor, n, begin + at))
    answer.close = lambda: os.close(descriptor)
    answer.start = first
    return answer


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """Give the first byte and the end of what is asked for; None where that is empty."""
    first, _, last = text.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    return (start, end) if start < end else None


class Connection(asyncio.Protocol):
    """One connection: takes requests one after another."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.received = b""
        self.busy = False
        self.closed = False
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=4 * PIECE)
        self.store.connections += 1

    def connection_lost(self, _: Exception | None) -> None:
        self.closed = True
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.busy:
            self.take()

    def take(self) -> None:
        """Take the next request that is whole."""
        if self.busy:
            return
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        self.received, self.busy = rest, True
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        path = unquote(urlsplit(target).path).lstrip("/")
        self.store.now += 1
        self.store.most = max(self.store.most, self.store.now)
        self.entry = (method, path, headers)
        self.resets = self.store.resets
        fault = self.store.find_fault(method, path)
        wait = self.store.delay + (fault.wait if fault else 0.0)
        if wait:
            asyncio.get_running_loop().call_later(wait, self.answer, fault)
        else:
            self.answer(fault)

    def answer(self, fault: Fault | None) -> None:
        if self.closed:
            self.note(0, 0)
            return
        if fault and BEFORE in (fault.cut, fault.reset, fault.stall):
            self.note(0, 0)
            self.break_off(fault, BEFORE)
            return
        method, path, headers = self.entry
        answer = self.find(path, headers, fault)
        plain = fault is None and self.store.rate is None
        self.transport.write(self.head(answer, fault))
        if method == "HEAD" or answer.status == 304:
            answer.length = 0
        if plain and answer.length <= 4 * PIECE:
            self.transport.write(answer.read(0, answer.length))
            self.end(answer, answer.length)
        else:
            self.task = asyncio.ensure_future(self.send(answer, fault))

    def find(self, path: str, headers: dict[str, str], fault: Fault | None) -> Answer:
        if fault and fault.authorization is not None and headers.get("authorization") != fault.authorization:
            return text_answer(401)
        if fault and fault.status:
            return text_answer(fault.status)
        file = Path(self.store.folder) / ((fault.instead if fault else None) or path)
        try:
            return folder_answer(file, path) if file.is_dir() else file_answer(file, headers, fault)
        except (OSError, ValueError):
            return text_answer(404)

    def head(self, answer: Answer, fault: Fault | None) -> bytes:
        headers = dict(answer.headers)
        framing = fault.framing if fault else "length"
        if framing == "length":
            headers["Content-Length"] = str(answer.length)
        elif framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        for name, value in (fault.headers if fault else {}).items():
            headers.pop(name, None)
            if value is not None:
                headers[name] = value
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
        return "\r\n".join((status, *lines, "", "")).encode("latin-1")

    async def send(self, answer: Answer, fault: Fault | None) -> None:
        """Send a body that is large, slow or wrong."""
        fault = fault or Fault()
        rate = fault.rate or self.store.rate
        piece = SLOW_PIECE if fault.rate else PIECE
        stops = [each for each in (fault.cut, fault.reset, fault.stall) if each is not None]
        end = min([answer.length, *stops])
        at, began = 0, asyncio.get_running_loop().time()
        while at < end and not self.closed and not self.transport.is_closing():
            data = bytearray(answer.read(at, min(piece, end - at)))
            if fault.flip is not None and 0 <= fault.flip - answer.start - at < len(data):
                data[fault.flip - answer.start - at] ^= 0xFF
            self.transport.write(b"%x\r\n%b\r\n" % (len(data), bytes(data)) if fault.framing == "chunked" else data)
            at += len(data)
            if at == end:
                # What was asked is noted before whoever asked can know the answer.
                break
            await self.writable.wait()
            await asyncio.sleep(0)
            if rate and (ahead := began + at / rate - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(ahead)
            if not data:
                break
        if stops:
            answer.close()
            self.note(answer.status, at)
            self.break_off(fault, end)
            return
        if fault.framing == "chunked" and not self.closed:
            self.transport.write(b"0\r\n\r\n")
        self.end(answer, at, close=fault.framing == "close" or fault.hang_up)

    def end(self, answer: Answer, sent: int, *, close: bool = False) -> None:
        answer.close()
        self.note(answer.status, sent)
        self.busy = False
        if close:
            self.transport.close()
        elif self.received and not self.closed:
            asyncio.get_running_loop().call_soon(self.take)

    def note(self, status: int, sent: int) -> None:
        self.store.now -= 1
        if self.resets != self.store.resets:
            # Asked before the reset: its asker may be dead, which a slow answer finds out late.
            return
        self.store.bytes += sent
        self.store.asked.append((*self.entry, status, sent))

    def break_off(self, fault: Fault, at: int) -> None:
        """End the connection in the way of the fault; a stalled one stays open and silent."""
        if fault.stall == at:
            return
        if fault.reset == at:
            with socket.socket(fileno=os.dup(self.transport.get_extra_info("socket").fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()


class Orders(asyncio.Protocol):
    """The lines that come from the test; the server ends when they end."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.received = b""

    def data_received(self, data: bytes) -> None:
        *lines, self.received = (self.received + data).split(b"\n")
        for line in lines:
            say(self.store.tell(*json.loads(line)))

    def connection_lost(self, _: Exception | None) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def serve(options: dict[str, Any]) -> None:
    context = None
    if "certificate" in options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])
    store = Store(options["folder"], options["delay"], options["rate"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(store), "127.0.0.1", 0, ssl=context, backlog=512)
    await loop.connect_read_pipe(lambda: Orders(store), sys.stdin)
    say(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main() -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(json.loads(sys.argv[1])))
    else:
        uvloop.run(serve(json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
