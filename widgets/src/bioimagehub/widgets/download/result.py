"""What a download left: the manifest, checksums counted, and the lines of Python that open it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.manifest import Entry, read_manifest
from bioimagehub.catalogs.downloads.names import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MANIFEST = "manifest.jsonl"
_ZARR = ".zarr/"
_SHOWN = 50


@dataclass(frozen=True)
class Held:
    """A file that is in the folder, as the manifest of its dataset has it.

    Attributes
    ----------
    name : str
        Its path in the folder of the download.
    entry : Entry
    """

    name: str
    entry: Entry


def read_held(folder: Path, inside: Iterable[str]) -> list[Held]:
    """List the files of a download, in the order of their names; the last entry of a name counts.

    Parameters
    ----------
    folder : Path
    inside : iterable of str
        Folders of the datasets in it; empty for the folder itself.
    """
    found: dict[str, Held] = {}
    for part in inside:
        for entry in read_manifest(folder / part / OWN / MANIFEST):
            name = f"{part}/{entry.name}" if part else entry.name
            found[name] = Held(name, entry)
    return [found[name] for name in sorted(found)]


def count_checksums(held: Iterable[Held]) -> dict[str, int]:
    """Count files by what their checksum is made with."""
    return dict(sorted(Counter(each.entry.checksum.partition(":")[0] for each in held).items()))


def write_opening(folder: Path, names: Sequence[str]) -> str:
    """Write the lines that open what came: the first image that a driver reads; else they list the files.

    Examples
    --------
    >>> from pathlib import Path
    >>> print(write_opening(Path("/data/nuclei"), ["image.ome.zarr/zarr.json", "tables/objects.csv"]))
    from bioimagehub.catalogs.drivers import ome_zarr
    image = ome_zarr.open_array("/data/nuclei/image.ome.zarr")
    """
    images = _images(names)
    images = [each for each in images if each[1] == images[0][1]]
    if not images:
        return f'from pathlib import Path\nfiles = sorted(Path("{_quote(folder)}").rglob("*"))'
    first, driver = images[0]
    path = _quote(folder / first)
    opening = f'from bioimagehub.catalogs.drivers import {driver}\nimage = {driver}.open_array("{path}")'
    return opening if len(images) == 1 else f"# This is the first of {len(images):,} images.\n{opening}"


def tell_result(folder: Path, held: Sequence[Held], inside: Iterable[str]) -> dict[str, Any]:
    """Tell what is in the folder: ``path``, ``files``, ``size``, ``checksums`` by kind, ``manifests``, ``code``."""
    manifests = [folder / part / OWN / MANIFEST for part in inside]
    return {
        "path": str(folder),
        "files": len(held),
        "size": sum(each.entry.size for each in held),
        "checksums": count_checksums(held),
        "manifests": [str(file) for file in manifests if file.is_file()][:_SHOWN],
        "code": write_opening(folder, [each.name for each in held]),
    }


def _images(names: Sequence[str]) -> list[tuple[str, str]]:
    from bioimagehub.catalogs.arrays.image_files import find_driver_of

    found: dict[str, str] = {}
    for name in names:
        before, zarr, _ = name.partition(_ZARR)
        if zarr:
            found[f"{before}{_ZARR[:-1]}"] = "ome_zarr"
        elif (driver := find_driver_of(name)) is not None:
            found[name] = driver
    # Thumbnails lie beside images.
    return sorted(found.items(), key=lambda each: each[1] != "ome_zarr")


def _quote(path: Path) -> str:
    return str(path).encode("unicode_escape").decode().replace('"', '\\"')
