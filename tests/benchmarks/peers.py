"""Programs that cannot be installed beside the hub: `make bench` gives them a Python of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOLDER = Path(sys.prefix) / "peers"


def find_python() -> Path:
    """Return the Python of the peers; a test that needs it fails where there is none."""
    found = FOLDER / "bin" / "python"
    assert found.exists(), f"the peers are not installed in {FOLDER}; `make bench` installs them"
    return found


class Peer:
    """The metrics of others in a process that stays, so that what they import is imported once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._images: list[NDArray[Any]] = []
        self._process = subprocess.Popen(
            [find_python(), "-W", "ignore", Path(__file__).with_name("peer_metrics.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.versions: dict[str, str] = self._read()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process of the peers has ended with {self._process.wait(10)}"
        return json.loads(line)

    def _path(self, image: NDArray[Any]) -> str:
        number = next((at for at, known in enumerate(self._images) if known is image), len(self._images))
        if number == len(self._images):
            self._images.append(image)
            np.save(self._folder / f"{number}.npy", image)
        return str(self._folder / f"{number}.npy")

    def ask(
        self, what: str, truth: NDArray[Any], prediction: NDArray[Any], thresholds: Sequence[float] = (0.5,)
    ) -> dict[str, Any]:
        """Return `value` and `ms`, or `error`, the kind of exception."""
        question = {"what": what, "images": [self._path(truth), self._path(prediction)], "thresholds": list(thresholds)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = self._read()
        return found

    def stop(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
