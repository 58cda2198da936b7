"""Hostile files and methods on the real hub, under its uids: nothing gets through, and each is told why."""

from __future__ import annotations

import io
import json
import os
import struct
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import requests

from challenges.submissions.attacks import lying_zip, npy_header, overlapping_zip
from servers.challenge import squares
from servers.hub_portal import DEADLINE, HubPortal
from servers.portal import PREFIX
from servers.submitted import npz_of, tiff_of, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.hub import RunningHub
    from servers.person import Person

pytestmark = pytest.mark.hub

THIEF = """
import os, socket, urllib.request

def attempt(action):
    try:
        return action()
    except Exception as error:
        return None

def connect(kind, address):
    with socket.socket(kind, socket.SOCK_STREAM) as client:
        client.settimeout(3)
        client.connect(address)
        return address

def predict(image):
    found = []
    for path in PATHS:
        found.append(attempt(lambda: os.listdir(path)))
        found.append(attempt(lambda: open(path, "rb").read(1)))
    for port in PORTS:
        found.append(attempt(lambda: connect(socket.AF_INET, ("127.0.0.1", port))))
        for address in ADDRESSES:
            found.append(attempt(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}{address}", timeout=3).read()))
    found += [name for name in os.environ if "TOKEN" in name or "BIOIMAGEHUB" in name or "JUPYTERHUB" in name]
    print("FOUND", [one for one in found if one], os.getuid())
    raise RuntimeError("nothing to predict")
"""


@pytest.fixture(scope="module")
def portal(
    start_hub: Callable[..., RunningHub], visit: Callable[..., Person], small_challenge: Callable[..., Path]
) -> HubPortal:
    settings = {"users": ["ann", "ben"], "admins": ["olga"], "portal": {"workers": 1}}
    portal = HubPortal(start_hub(settings), visit)
    assert portal.create(small_challenge().read_bytes())["state"] == "active"
    return portal


def test_a_method_reads_no_submission_of_others(portal: HubPortal, predictions: Callable[..., bytes]) -> None:
    """It knows where everything is, has the id of a submission, and runs under the uid that the hub gives it."""
    anns = portal.submit("ann", predictions(6), "p.zip", entry="to be stolen")
    assert portal.wait(anns, "ann")["state"] == "scored"
    data = portal.hub.state / "portal" / "data"
    paths = [str(portal.hub.state), str(data), str(data / "submissions" / anns), str(data / "portal.sqlite")]
    paths += [str(path) for path in (data / "submissions" / anns).iterdir()]
    paths += [str(portal.hub.state / "portal" / name) for name in ("truth", "methods", "work", "data/challenges")]
    paths += [f"/proc/{pid}/{name}" for pid in portal.hub.marked() for name in ("environ", "cwd", "root")]
    ports = [portal.hub.settings["port"], *portal.hub.settings["ports"].values()]
    addresses = [f"{PREFIX}/health", f"{PREFIX}/api/submissions/{anns}", "/hub/api", "/api/rawdata"]
    known = f"PATHS = {paths!r}\nPORTS = {ports!r}\nADDRESSES = {addresses!r}\n"
    assert requests.get(f"http://127.0.0.1:{portal.hub.settings['ports']['portal']}{PREFIX}/health", timeout=60).ok
    view = portal.wait(portal.submit("ben", f"{known}{THIEF}".encode(), "method.py"), "ben")
    assert view["state"] == "refused"
    log = view["run"]["cases"][0]["log"]
    assert "FOUND [] " in log, log
    assert "FOUND [] 0" not in log


def _bomb(path: Path) -> bytes:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npz", "w", force_zip64=True) as to,
    ):
        for _ in range(512):
            to.write(bytes(2**20))
    return path.read_bytes()


def _linked() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("a.npz")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "../../../truth/1/public/a.npy")
    return file.getvalue()


def _zarr(path: str) -> bytes:
    """An OME-Zarr whose image is elsewhere."""
    scale = {"type": "scale", "scale": [1, 1]}
    image = {
        "version": "0.4",
        "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}],
        "datasets": [{"path": path, "coordinateTransformations": [scale]}],
    }
    array = {
        "zarr_format": 2, "shape": [32, 32], "chunks": [32, 32], "dtype": "<u2", "compressor": None, "order": "C",
        "fill_value": 0, "filters": None,
    }  # fmt: skip
    files = {".zgroup": {"zarr_format": 2}, ".zattrs": {"multiscales": [image]}, "0/.zarray": array}
    return zip_of({f"a.zarr/{name}": json.dumps(values).encode() for name, values in files.items()})


def _hdf5(folder: Path) -> bytes:
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        file["labels"] = h5py.ExternalLink("/etc/passwd", "/")
        file.create_dataset("other", (4,), "u1", external=[("/etc/passwd", 0, 4)])
    return (folder / "a.h5").read_bytes()


def _pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([os.system, {}], object), allow_pickle=True)
    return file.getvalue()


def _attacks(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Return hostile submissions, and a word of what each is told."""
    one = np.zeros((32, 32), np.int64)
    one[0, 0] = 2**31 - 1
    finite = squares(3).astype(float)
    finite[0, 0], finite[1, 1] = np.nan, np.inf
    external = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        'DimensionOrder="XYZCT" Type="uint16" SizeX="32" SizeY="32" SizeZ="1" SizeC="1" SizeT="1"><TiffData IFD="0">'
        '<UUID FileName="../../../../truth/1/public/a.tif">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    whole = {name: npz_of(squares(3)) for name in ("b.npz", "c.npz")}
    return {
        "bomb": (_bomb(folder / "bomb.zip"), "cannot be read"),
        "overlap": (overlapping_zip(folder / "overlap.zip", 500, 2**20).read_bytes(), "overlap"),
        "lie": (lying_zip(folder / "lie.zip", "a.npz", 2**26).read_bytes(), "cannot be read"),
        "path": (zip_of({"../../../../truth/1/public/a.npy": b"x", "/etc/cron.d/x": b"x"}), "/etc/cron.d/x"),
        "link": (_linked(), "link"),
        "not finite": (zip_of({**whole, "a.npz": npz_of(finite)}), "float"),
        "pickle": (zip_of({**whole, "a.npy": _pickled()}), "object"),
        "huge shape": (zip_of({**whole, "a.npy": npy_header((2**20, 2**20))}), "a"),
        "external TIFF": (zip_of({**whole, "a.ome.tif": tiff_of(squares(3), external)}), "other files"),
        "Zarr that leads out": (zip_of(_members(_zarr("../../../../truth/1")) | whole), "a"),
        "HDF5": (zip_of({**whole, "a.h5": _hdf5(folder)}), "a.h5"),
        "HDF5 under another name": (zip_of({**whole, "a.npz": _hdf5(folder)}), "a"),
        "no zip": (b"PK\x03\x04" + bytes(100) + struct.pack("<I", 2**31), "zip"),
        "one large label": (zip_of({**whole, "a.npz": npz_of(one)}), ""),
    }


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_hostile_files_are_refused_with_reasons(portal: HubPortal, tmp_path: Path) -> None:
    """By the uids of the real hub; the worker lives on, and leaves nothing behind."""
    worker = portal.worker()
    folder = portal.hub.state / "portal"
    truth = {path: path.read_bytes() for path in (folder / "truth").rglob("*") if path.is_file()}
    attacks = _attacks(tmp_path)
    sent = {name: portal.submit("ben", data, "p.zip") for name, (data, _) in attacks.items()}
    views = {name: portal.wait(identifier, "ben") for name, identifier in sent.items()}
    # A large number is a label like any other.
    assert views.pop("one large label")["state"] == "scored"
    for name, view in views.items():
        assert view["state"] == "refused", (name, view, portal.logs())
        said = " ".join(f"{one['case']} {one['what']}" for one in view["problems"])
        assert attacks[name][1] in said, (name, said)
        assert all(problem["expected"] and problem["cure"] for problem in view["problems"]), name
        assert str(folder) not in str(view["problems"]), name
        assert "Traceback" not in str(view["problems"])
        assert not view["counts"]
        assert portal.ask("GET", f"/submissions/{sent[name]}/file", "ben").status_code == 404
    assert portal.worker() == worker
    assert {path: path.read_bytes() for path in (folder / "truth").rglob("*") if path.is_file()} == truth
    # The board that the good one asks for is made after it.
    deadline = time.monotonic() + DEADLINE
    while left := [path.name for path in (folder / "work").iterdir() if "-job-" in path.name]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
    assert not Path("/etc/cron.d/x").exists()
