"""Kernels that count as active while they compute."""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager


class WorkingKernels(AsyncMappingKernelManager):
    """The kernels of one server, whose latest activity is now as long as one of them is busy.

    Jupyter takes a message of a kernel for activity. A cell that computes for hours and prints nothing would count as
    idle, and the hub would stop the server under it.
    """

    _latest: datetime

    @property
    def last_kernel_activity(self) -> datetime:
        """When a kernel was last active, in UTC; now, while one is busy."""
        if any(getattr(kernel, "execution_state", None) == "busy" for kernel in self._kernels.values()):
            return datetime.now(UTC)
        return self._latest

    @last_kernel_activity.setter
    def last_kernel_activity(self, time: datetime) -> None:
        self._latest = time
