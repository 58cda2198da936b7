"""What a method may use, for each image."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class MethodLimits:
    """Limits of one run, which is of one image.

    Attributes
    ----------
    seconds : float
        Time by the clock.
    cpu_seconds : int
        Time that one of its processes may compute.
    memory : int
        Bytes: of each process, and of all together. Where the hub may make control groups that is exact and counts
        files in the sandbox; elsewhere it is looked at four times a second.
    cpus : float
        Cores, where the hub may make control groups; also the number of threads that libraries are told to use.
    processes : int
        Processes and threads at once.
    disk : int
        Bytes of files that it may write; they are gone afterwards.
    output : int
        Bytes of its prediction.
    log : int
        Bytes of what it prints that are kept.
    """

    seconds: float = 600.0
    cpu_seconds: int = 1200
    memory: int = 4 * 2**30
    cpus: float = 2.0
    processes: int = 128
    disk: int = 2**30
    output: int = 2**30
    log: int = 64 * 2**10

    def as_dict(self) -> dict[str, float]:
        """Return them as plain values for JSON."""
        return asdict(self)
