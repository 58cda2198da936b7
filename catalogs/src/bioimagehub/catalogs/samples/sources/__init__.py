"""Where each sample comes from: one module a dataset, each with `INPUTS` and `read`."""

from __future__ import annotations

__all__: list[str] = []
