"""What of a challenge those may see who run methods: its file, and its images without the truth.

Most images come from the catalog. Those that are generated from a secret are written down by a worker, since whoever
has the secret has the truth, too.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bioimagehub.challenges.submissions import Expected
from bioimagehub.challenges.submissions.contracts import expect
from bioimagehub.challenges.truth import Images

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bioimagehub.challenges.challenge import Challenge


def show_challenge(challenge: Challenge, folder: Path, target: Path) -> None:
    """Write what of a challenge is no secret, whole or not at all.

    Parameters
    ----------
    challenge : Challenge
    folder : Path
        Where the challenge is, with its secrets.
    target : Path
        The folder to make.
    """
    made = target.with_name(f"{target.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    shutil.copyfile(folder / "challenge.yaml", made / "challenge.yaml")
    if challenge.data.lock is not None:
        (made / challenge.data.lock).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / challenge.data.lock, made / challenge.data.lock)
    for name, split in challenge.splits.items():
        if split.truth.key is not None:
            _write_images(challenge, name, folder, made / "images" / name)
    made.rename(target)


def _write_images(challenge: Challenge, split: str, root: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    images, expected = Images(challenge, split, root), expect(challenge, split, root=root)
    for name, case in images.cases.items():
        source, contract = images.open(case), expected[name]
        np.save(folder / f"{name}.npy", np.asarray(source.load()), allow_pickle=False)
        told = {
            "axes": source.axes,
            "spacing": images.spacing(case),
            "expected": contract.as_dict(),
        }
        (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")


@dataclass(frozen=True)
class ShownImages:
    """The images of a split as a method may see them.

    Attributes
    ----------
    challenge : Challenge
        As `show_challenge` wrote it.
    split : str
    """

    challenge: Challenge
    split: str

    @property
    def _folder(self) -> Path | None:
        found = self.challenge.folder / "images" / self.split
        return found if found.is_dir() else None

    def expected(self) -> Mapping[str, Expected]:
        """Return what the prediction of each case must be."""
        folder = self._folder
        if folder is None:
            return expect(self.challenge, self.split)
        return {case.id: self._expected(folder, case.id) for case in self.challenge.splits[self.split].cases}

    def _expected(self, folder: Path, case: str) -> Expected:
        told = json.loads((folder / f"{case}.json").read_text(encoding="utf-8"))["expected"]
        return Expected.from_dict(told)

    def load(self, case: str) -> tuple[Any, tuple[str, ...], tuple[float, ...] | None]:
        """Return the pixels of a case, their axes, and the spacing along each axis but c."""
        folder = self._folder
        if folder is None:
            images = Images(self.challenge, self.split)
            source = images.open(images.cases[case])
            return np.asarray(source.load()), tuple(source.axes), images.spacing(images.cases[case])
        told = json.loads((folder / f"{case}.json").read_text(encoding="utf-8"))
        spacing = None if told["spacing"] is None else tuple(told["spacing"])
        return np.load(folder / f"{case}.npy", allow_pickle=False), tuple(told["axes"]), spacing
