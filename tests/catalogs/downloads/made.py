"""What the tests of downloads share: bytes that tell where they belong, and settings for hosts that fail fast."""

from __future__ import annotations

import numpy as np

FAST = {"pause": 0.02, "stall_timeout": 0.5, "connect_timeout": 2.0, "tries": 3, "patience": 3.0}


def make_bytes(size: int, seed: int = 0) -> bytes:
    """Bytes without zeros, so that what was never written differs from all of them."""
    return np.random.default_rng(seed).integers(1, 256, size, dtype=np.uint8).tobytes()
