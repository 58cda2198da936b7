"""Runs a command, takes what comes out of it up to a cap, and leaves none of its processes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PART = 2**16
_LOOK = 0.25
"""Seconds between two looks at the memory."""

_PATIENCE = 10.0
"""Seconds after its end for the system to take the processes away."""


@dataclass
class Ended:
    """How a command ended.

    Attributes
    ----------
    code : int
        Exit code; negative for the signal that ended it.
    timed_out, too_large, too_hungry : bool
        Whether it was ended because its time was over, it gave more than it may, or held more memory.
    log : bytes
        The first bytes that it printed.
    cut : bool
        Whether it printed more.
    begun : bool
        Whether the sandbox was made; if not, the command was not run.
    seconds : float
        Time by the clock.
    """

    code: int
    timed_out: bool
    too_large: bool
    too_hungry: bool
    log: bytes
    cut: bool
    begun: bool
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
    make_command: Callable[[int, int], Sequence[str]],
    target: IO[bytes],
    *,
    seconds: float,
    memory: int,
    output: int,
    log: int,
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
    memory : int
        Bytes that all processes may hold together. They are looked at from time to time; a control group is exact.
    output, log : int
        Bytes of output, after which the command is ended; and of what it prints, after which no more is kept.

    Returns
    -------
    Ended
        When this returns, all processes of the sandbox have ended.
    """
    out_read, out_write = os.pipe()
    status_read, status_write = os.pipe()
    begin = time.monotonic()
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
    logged: list[bytes] = []
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, out_read)
        stack.callback(os.close, status_read)
        printed = stack.enter_context(process.stdout).fileno() if process.stdout is not None else -1
        first = _First(process)
        stack.callback(first.end)
        taken = {
            out_read: _Taken(output, target.write),
            printed: _Taken(log, logged.append),
            status_read: _Taken(_PART, first.learn),
        }
        timed_out = _drain(first, taken, out_read, begin + seconds, memory)
    return Ended(
        process.returncode,
        timed_out,
        taken[out_read].full,
        first.too_hungry,
        b"".join(logged),
        taken[printed].full,
        first.begun,
        time.monotonic() - begin,
    )


class _First:
    """The first process of a sandbox, with which all others end; and the program that made the sandbox."""

    def __init__(self, maker: subprocess.Popen[bytes]) -> None:
        self._maker = maker
        self._status = b""
        self._descriptor: int | None = None
        self._process: psutil.Process | None = None
        self._looked = 0.0
        self.too_hungry = False

    @property
    def begun(self) -> bool:
        """Whether there is or was a sandbox."""
        return self._descriptor is not None

    def learn(self, status: bytes) -> None:
        """Take what the program says of the sandbox. It says so before it lets the method begin."""
        self._status += status
        line, end, _ = self._status.partition(b"\n")
        if end and not self.begun:
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                number = json.loads(line)["child-pid"]
                self._descriptor = os.pidfd_open(number)
                self._process = psutil.Process(number)

    def wait(self, seconds: float) -> bool:
        """Wait for the program to end; tell whether it did."""
        try:
            self._maker.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def is_hungry(self, memory: int) -> bool:
        """Tell whether all processes of the sandbox together hold more bytes of memory, if it is time to look."""
        if self._process is None or time.monotonic() - self._looked < _LOOK:
            return False
        self._looked = time.monotonic()
        held = 0
        # Processes that end meanwhile hold nothing.
        with contextlib.suppress(psutil.Error):
            for one in (self._process, *self._process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    held += _held(one)
        self.too_hungry = held > memory
        return self.too_hungry

    def kill(self) -> None:
        """End everything."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._maker.pid, signal.SIGKILL)
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def end(self) -> None:
        """End everything that has not ended, and wait until the system has taken it away."""
        if self._maker.poll() is None:
            self.kill()
        self._maker.wait(_PATIENCE)
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            select.select([self._descriptor], [], [], _PATIENCE)
            os.close(self._descriptor)


def _held(process: psutil.Process) -> int:
    """Give the memory of a process: of what it shares with others, such as those it was forked from, its part."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)


def _drain(first: _First, taken: dict[int, _Taken], output: int, deadline: float, memory: int) -> bool:
    """Take from all pipes until they are closed; end the sandbox when its time is over, or it takes or gives too much.

    Returns
    -------
    bool
        Whether its time was over.
    """
    with selectors.DefaultSelector() as selector:
        for descriptor in taken:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0 or taken[output].full or first.is_hungry(memory):
                first.kill()
                return left <= 0
            for key, _ in selector.select(min(left, _LOOK)):
                data = os.read(key.fd, _PART)
                taken[key.fd].take(data)
                if not data:
                    selector.unregister(key.fd)
    # What closes all pipes goes on all the same.
    while not first.wait(min(_LOOK, deadline - time.monotonic())):
        if time.monotonic() >= deadline or first.is_hungry(memory):
            first.kill()
            return time.monotonic() >= deadline
    return False
