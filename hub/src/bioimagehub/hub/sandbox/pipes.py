"""Runs a command, takes what comes out of it up to a cap, and leaves none of its processes."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PART = 2**16
_PATIENCE = 10.0
"""Seconds after its end for the system to take the processes away."""


@dataclass
class Ended:
    """How a command ended.

    Attributes
    ----------
    code : int
        Exit code; negative for the signal that ended it.
    timed_out, too_large : bool
        Whether it was ended because its time was over, or because it gave more than it may.
    log : bytes
        The first bytes that it printed.
    cut : bool
        Whether it printed more.
    status : bytes
        What the sandbox said of it.
    seconds : float
        Time by the clock.
    """

    code: int
    timed_out: bool
    too_large: bool
    log: bytes
    cut: bool
    status: bytes
    seconds: float


@dataclass
class _Taken:
    """What came out of a pipe, up to a cap; what comes after it is thrown away."""

    most: int
    keep: Callable[[bytes], object]
    size: int = 0
    parts: list[bytes] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.size > self.most

    def take(self, data: bytes) -> None:
        room = self.most - self.size
        self.size += len(data)
        if room > 0:
            self.keep(data[:room])


def run_with_pipes(
    make_command: Callable[[int, int], Sequence[str]], target: IO[bytes], *, seconds: float, output: int, log: int
) -> Ended:
    """Run a command until it ends or its time is over.

    Parameters
    ----------
    make_command : callable
        Given the numbers of two descriptors, gives the command: to the first goes the output of the method, to the
        second the status of the sandbox.
    target : file
        Where the output goes.
    seconds : float
    output, log : int
        Bytes of output, after which the command is ended; and of what it prints, after which no more is kept.
    """
    out_read, out_write = os.pipe()
    status_read, status_write = os.pipe()
    begin = time.monotonic()
    logged: list[bytes] = []
    stated: list[bytes] = []
    try:
        process = subprocess.Popen(
            list(make_command(out_write, status_write)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(out_write, status_write),
            env={"PATH": os.defpath},
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(out_write)
        os.close(status_write)
    printed = process.stdout.fileno() if process.stdout is not None else -1
    taken = {
        out_read: _Taken(output, target.write),
        printed: _Taken(log, logged.append),
        status_read: _Taken(_PART, stated.append),
    }
    try:
        timed_out = _drain(process, taken, out_read, begin + seconds)
        code = process.wait(_PATIENCE)
    finally:
        _kill(process)
        os.close(out_read)
        os.close(status_read)
        if process.stdout is not None:
            process.stdout.close()
    spent = time.monotonic() - begin
    return Ended(code, timed_out, taken[out_read].full, b"".join(logged), taken[printed].full, b"".join(stated), spent)


def _drain(process: subprocess.Popen[bytes], taken: dict[int, _Taken], output: int, deadline: float) -> bool:
    """Take from all pipes until they are closed; end the process when its time is over, or it gives too much."""
    with selectors.DefaultSelector() as selector:
        for descriptor in taken:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0 or taken[output].full:
                _kill(process)
                return left <= 0
            for key, _ in selector.select(min(left, 1.0)):
                data = os.read(key.fd, _PART)
                taken[key.fd].take(data)
                if not data:
                    selector.unregister(key.fd)
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, deadline - time.monotonic()))
        return False
    _kill(process)
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The sandbox dies with its first process, and all that is in it with the sandbox.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_PATIENCE)
