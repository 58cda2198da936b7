"""What runs in the sandbox: ``python -I -B runner.py DESCRIPTOR``.

It reads the image, calls the method, and writes its prediction as a zip file to the descriptor. It runs together with
the method, so nothing is believed of what it gives.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

IMAGE = Path("/input/image.npy")
DESCRIPTION = Path("/input/image.json")
METHOD = Path("/method/method.py")
OUTPUT = Path("/tmp/.output")  # noqa: S108 - in the sandbox


def main() -> None:
    """Run the method on the image."""
    descriptor = int(sys.argv[1])
    predict = load_function()
    # Not before: a method that fails at once fails fast.
    import numpy as np

    described = json.loads(DESCRIPTION.read_text("utf-8"))
    image = label_image(np.load(IMAGE, allow_pickle=False), described["axes"], described["spacing"])
    prediction = predict(image)
    write_prediction(prediction, described, OUTPUT)
    sys.stdout.flush()
    with os.fdopen(descriptor, "wb") as pipe, zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for path in sorted(one for one in OUTPUT.rglob("*") if one.is_file()):
            file.write(path, path.relative_to(OUTPUT).as_posix())


def label_image(pixels: Any, axes: list[str], spacing: list[float] | None) -> xr.DataArray:
    """Give an image its dimensions and coordinates.

    Parameters
    ----------
    pixels : ndarray
    axes : list of str
        Out of t c z y x, one for each axis.
    spacing : list of float or None
        Along each axis but c, in µm, of t in seconds; None where it is not known.

    Returns
    -------
    xarray.DataArray
        Coordinates float64, with the attributes ``units`` and ``spacing``; pixels and frames where nothing is known.
    """
    import numpy as np
    import xarray as xr

    sizes = dict(zip([axis for axis in axes if axis != "c"], spacing or [], strict=spacing is not None))
    coordinates = {}
    for axis, length in zip(axes, pixels.shape, strict=True):
        if axis == "c":
            continue
        known, unknown = ("second", "frame") if axis == "t" else ("micrometer", "pixel")
        step = sizes.get(axis, 1.0)
        attributes = {"units": known if axis in sizes else unknown, "spacing": step}
        coordinates[axis] = (axis, np.arange(length, dtype=np.float64) * step, attributes)
    return xr.DataArray(pixels, dims=axes, coords=coordinates)


def load_function() -> Any:
    """Import the module of the method, and give its function."""
    sys.path.insert(0, str(METHOD.parent))
    specification = importlib.util.spec_from_file_location("method", METHOD)
    if specification is None or specification.loader is None:
        message = f"{METHOD} is no module"
        raise ImportError(message)
    module = importlib.util.module_from_spec(specification)
    sys.modules["method"] = module
    specification.loader.exec_module(module)
    return module.predict


def write_prediction(prediction: Any, described: dict[str, Any], folder: Path) -> None:
    """Write a prediction in the format that is told."""
    import numpy as np

    from bioimagehub.challenges.formats import find_format

    folder.mkdir()
    data = np.asarray(prediction) if described["format"] == "npz" else prediction
    find_format(described["format"]).write(folder / described["name"], data, tuple(described["prediction_axes"]), None)


if __name__ == "__main__":
    main()
