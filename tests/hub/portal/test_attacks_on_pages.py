"""Attacks on the real hub, in a real browser and under its uids: scripts, foreign pages, hostile files and methods."""

from __future__ import annotations

import html
import io
import json
import os
import struct
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import requests
import tifffile

from challenges.submissions.attacks import lying_zip, npy_header, overlapping_zip
from servers.browser import open_page
from servers.challenge import squares
from servers.portal import held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import Page, Route

    from servers.hub import RunningHub
    from servers.person import Person

pytestmark = [pytest.mark.hub, pytest.mark.browser]

PREFIX = "/services/challenges"
ACCESS = "access:services!service=challenges"
COUNTING = Path(__file__).parents[3] / "notebooks" / "challenges" / "counting" / "challenge.yaml"
DEADLINE = 180
SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
QUOTED = "\"'><svg onload=alert(3)>"
ACTIVE = "script, img, svg, iframe, object, embed, [onerror], [onload]"
# Where each script stands in a challenge file that its organiser may write as they like.
HOSTILE = {
    "title: Squares": f"title: 'Squares {IMAGE}'",
    "summary: Find": f"summary: '{SCRIPT} Find",
    "fields of view.": f"fields of view. {IMAGE}'",
    "name: Ada Example": f"name: 'Ada {SCRIPT}'",
    "title: The final": f"title: 'The final {IMAGE}'",
    "{id: a, ": f"{{id: a, strata: {{tissue: '{SCRIPT}'}}, ",
    "{id: b, ": f"{{id: b, strata: {{tissue: '{IMAGE}'}}, ",
    "phases:\n": f"citation:\n  - {{text: 'A paper {SCRIPT}'}}\nphases:\n",
}
LOUD = f"""
def predict(image):
    print({SCRIPT!r}, {IMAGE!r}, {QUOTED!r})
    raise ValueError({SCRIPT!r})
"""
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


class Portal:
    """The API of the portal on the real hub, as users."""

    def __init__(self, hub: RunningHub, visit: Callable[..., Person]) -> None:
        self.hub = hub
        self._visit = visit
        self._tokens: dict[str, str] = {}

    def _token(self, user: str) -> str:
        """Return a token that the user has made on the page for it."""
        if user not in self._tokens:
            person: Person = self._visit(self.hub, user, start=False)
            made = person.session.post(
                f"{self.hub.url}/hub/api/users/{user}/tokens", json={"scopes": [ACCESS]}, headers=person.xsrf("/hub/"),
                timeout=60,
            )  # fmt: skip
            assert made.status_code == 201, made.text
            self._tokens[user] = made.json()["token"]
        return self._tokens[user]

    def ask(self, method: str, path: str, user: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"token {self._token(user)}"}
        return requests.request(method, f"{self.hub.url}{PREFIX}/api{path}", headers=headers, timeout=120, **options)

    def submit(self, user: str, data: bytes, filename: str, challenge: str = "squares", **more: str) -> str:
        answer = self.ask(
            "POST", f"/challenges/{challenge}/phases/practice/submissions", user, data=data,
            params={"filename": filename, **more},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def wait(self, identifier: str, user: str) -> dict[str, Any]:
        """Wait for the end of a submission and return it."""
        deadline = time.monotonic() + DEADLINE
        while True:
            view: dict[str, Any] = self.ask("GET", f"/submissions/{identifier}", user).json()
            if view["state"] in ("scored", "refused", "failed"):
                return view
            assert time.monotonic() < deadline, f"{view}\n{self.logs()}"
            time.sleep(0.2)

    def create(self, data: bytes) -> dict[str, Any]:
        """Send a challenge and wait for its check."""
        made = self.ask("POST", "/editions", "olga", data=data)
        assert made.status_code == 201, made.text
        deadline = time.monotonic() + DEADLINE
        while True:
            edition: dict[str, Any] = self.editions(made.json()["challenge"])[0]
            if edition["state"] != "waiting":
                return edition
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.2)

    def editions(self, challenge: str) -> list[dict[str, Any]]:
        """Return the editions of a challenge, the newest first."""
        return list(self.ask("GET", f"/challenges/{challenge}/editions", "olga").json())

    def worker(self) -> int:
        """Return the id of the worker; what it has forked for a step has the same command line."""
        found = {pid for pid, line in self.hub.marked().items() if "bioimagehub.hub.portal.worker" in line}
        (worker,) = (pid for pid in found if psutil.Process(pid).ppid() not in found)
        return worker

    def held(self) -> AbstractContextManager[None]:
        """Let what is submitted wait."""
        return held(self.worker(), self.hub.state / "portal" / "data" / "portal.sqlite")

    def logs(self) -> str:
        """What the portal's processes have written."""
        return "".join(
            f"== {path.name}\n{path.read_text()[-3000:]}\n" for path in self.hub.logs() if "portal" in path.name
        )


@pytest.fixture(scope="module")
def portal(
    start_hub: Callable[..., RunningHub], visit: Callable[..., Person], small_challenge: Callable[..., Path]
) -> Portal:
    """A hub with two challenges, of which one is full of scripts."""
    settings = {"users": ["ann", "ben"], "admins": ["olga"], "portal": {"workers": 1}}
    portal = Portal(start_hub(settings), visit)

    def change(text: str) -> str:
        for plain, hostile in HOSTILE.items():
            assert plain in text
            text = text.replace(plain, hostile)
        return text

    assert portal.create(small_challenge(change).read_bytes())["state"] == "active"
    assert portal.create(COUNTING.read_bytes())["state"] == "active"
    return portal


def _log_in(page: Page, portal: Portal, name: str) -> None:
    """Open the portal, and fill in the form that the hub asks for."""
    page.goto(f"{portal.hub.url}{PREFIX}/")
    page.fill("#username_input", name)
    page.fill("#password_input", portal.hub.passwords[name])
    page.click("#login_submit")
    page.wait_for_selector("h1:text-is('Challenges')")


@contextmanager
def _seen(page: Page) -> Iterator[list[str]]:
    """Collect what must not happen in a browser: dialogs, errors of scripts, what a policy had to stop."""
    seen: list[str] = []

    def dismiss(dialog: Any) -> None:
        seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("pageerror", lambda error: seen.append(f"error {error}"))
    page.on("console", lambda message: seen.append(f"console {message.text}"))
    yield seen


def _open_plain(page: Page, url: str) -> str:
    """Open a page, check that nothing in it is active and none could be, and return its text."""
    answer = page.goto(url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'"), url
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert page.locator(ACTIVE).count() == 0, url
    return page.inner_text("body")


def _npz(labels: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, labels=labels)
    return file.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _tiff(labels: np.ndarray, description: str) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, labels, description=description.encode(), metadata=None)
    return file.getvalue()


def _hostile_images() -> bytes:
    """Scripts in the metadata of images, in their names, and in the names of what is not asked for."""
    script, image, unit = (html.escape(one) for one in (SCRIPT, IMAGE, QUOTED))
    xml = (
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="{script}"><Pixels '
        f'ID="Pixels:0" DimensionOrder="{image}" Type="{script}" SizeX="{image}" SizeY="32" SizeZ="1" SizeC="1" '
        f'SizeT="1" PhysicalSizeXUnit="{unit}"/></Image></OME>'
    )
    axes = f'[{{"name": "{IMAGE}", "type": "{SCRIPT}"}}, {{"name": "x", "type": "space", "unit": "{IMAGE}"}}]'
    ngff = (
        f'{{"zarr_format": 3, "node_type": "group", "attributes": {{"ome": {{"version": "{SCRIPT}", "multiscales": '
        f'[{{"name": "{SCRIPT}", "axes": {axes}, "datasets": [{{"path": "{IMAGE}"}}]}}]}}}}}}'
    )
    return _zip(
        {
            "a.ome.tif": _tiff(squares(3), xml),
            "b.zarr/zarr.json": ngff.encode(),
            "c.tif": _tiff(squares(5)[1:], f"ImageJ=1.11a\nunit={SCRIPT}\nimages=1\nInfo={IMAGE}"),
            f"{IMAGE}.npz": _npz(squares(3)),
            "d<svg onload=alert(5)>.npz": b"x",
        }
    )


def test_no_script_runs_whatever_it_stands_in(portal: Portal, predictions: Callable[..., bytes]) -> None:
    good = portal.submit("ann", predictions(7), f"{SCRIPT}.zip", entry=f"{IMAGE} entry")
    images = portal.submit("ann", _hostile_images(), f"{QUOTED}.zip")
    columns = f"{IMAGE},{SCRIPT}\n1,2\n"
    rows = f"item,value\n={SCRIPT},1\n{IMAGE},1\n{IMAGE},2\n"
    names = [f"{layout}-{number}" for layout in ("apart", "touching") for number in range(1, 7)]
    tables = {f"{name}.csv": (rows if number % 2 else columns).encode() for number, name in enumerate(names)}
    table = portal.submit("ann", _zip(tables), "t.zip", challenge="counting")
    method = portal.submit("ann", LOUD.encode(), f"{IMAGE}.py", entry=f"{SCRIPT} method")
    assert portal.wait(good, "ann")["state"] == "scored"
    told = [portal.wait(one, "ann") for one in (images, table, method)]
    assert [one["state"] for one in told] == ["refused"] * 3
    problems = [str(one["problems"]) for one in told]
    # What is wrong is told with its name, so the scripts come to the page.
    assert IMAGE in problems[0]
    assert IMAGE in problems[1]
    refused = portal.ask("POST", "/editions", "olga", data=f"name: squares\n{IMAGE}: 1\ntitle: [{SCRIPT!r}]\n".encode())
    assert refused.status_code == 400
    deadline = time.monotonic() + DEADLINE
    board = ""
    with open_page() as (page, hosts), _seen(page) as seen:
        _log_in(page, portal, "ann")
        seen.clear()
        base = f"{portal.hub.url}{PREFIX}"
        while IMAGE not in board:
            board = _open_plain(page, f"{base}/challenge/squares/practice/board")
            assert time.monotonic() < deadline, portal.logs()
        assert f"{IMAGE} entry — ann" in board
        assert SCRIPT in _open_plain(page, f"{base}/")
        assert f"Ada {SCRIPT}" in _open_plain(page, f"{base}/challenge/squares")
        own = _open_plain(page, f"{base}/submissions")
        assert f"{SCRIPT} method" in own
        assert f"{IMAGE} entry" in own
        for identifier in (good, images, table):
            assert "alert(" in _open_plain(page, f"{base}/submission/{identifier}")
        log = _open_plain(page, f"{base}/submission/{method}")
        assert f"{SCRIPT} {IMAGE} {QUOTED}" in log
        _open_plain(page, f"{base}/challenge/squares/practice/submit")
        _open_plain(page, f"{base}/challenge/squares/practice/compare/1/1")
        assert seen == []
        for lost in (f"challenge/{SCRIPT}", f"challenge/squares/{IMAGE}/board", f"submission/{IMAGE}", f"?q={SCRIPT}"):
            _open_plain(page, f"{base}/{lost}")
        assert [one for one in seen if "404" not in one] == []
        assert hosts == {"127.0.0.1"}
    for identifier in (good, method):
        # Nothing that was sent is shown by a browser as a page of the hub.
        answer = portal.ask("GET", f"/submissions/{identifier}/file", "ann")
        if answer.status_code == 200:
            assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.headers["content-type"] == "application/octet-stream"
            assert "<" not in answer.headers["content-disposition"]


FORGED = """
<form id=f method=post enctype={enctype} action="{url}"><input name=form_token value="{token}"></form>
<script>
const file = new File(["name: x"], "challenge.yaml"), all = new DataTransfer();
all.items.add(file);
if ({file}) {{
  const field = document.createElement("input");
  field.type = "file"; field.name = "file"; field.files = all.files;
  document.getElementById("f").append(field);
}}
</script>
"""


def _page(text: str) -> Callable[[Route], None]:
    """Return what answers a browser in place of a server."""
    return lambda route: route.fulfill(body=text, content_type="text/html")


@pytest.mark.parametrize(("origin", "status"), [("http://127.0.0.1:45781", 403), ("http://localhost:45781", 401)])
def test_a_foreign_page_sends_no_form(
    portal: Portal, predictions: Callable[..., bytes], origin: str, status: int
) -> None:
    """The first origin is of the hub's own site, so the browser sends the cookie: the form's token alone is missing."""
    base, before = f"{portal.hub.url}{PREFIX}", portal.editions("squares")
    with portal.held():
        waits = portal.submit("olga", predictions(5, seed=status), "p.zip")
        own = len(portal.ask("GET", "/submissions", "olga").json())
        with open_page() as (page, _):
            _log_in(page, portal, "olga")
            page.goto(f"{base}/organise")
            for path, enctype, file in (
                ("/organise", "multipart/form-data", "true"),
                ("/challenge/squares/practice/submit", "multipart/form-data", "true"),
                ("/challenge/squares/rescore", "application/x-www-form-urlencoded", "false"),
                (f"/submission/{waits}/withdraw", "application/x-www-form-urlencoded", "false"),
                ("/logout", "application/x-www-form-urlencoded", "false"),
            ):
                for token in ("", "0" * 64):
                    forged = FORGED.format(url=f"{base}{path}", enctype=enctype, file=file, token=token)
                    page.route(f"{origin}/**", _page(forged))
                    page.goto(f"{origin}/page")
                    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
                        page.evaluate("document.getElementById('f').submit()")
                    assert sent.value.status == status, (path, token)
                    page.unroute(f"{origin}/**")
            page.goto(f"{base}/submission/{waits}")
            assert "Withdraw" in page.inner_text("main"), "the log-in has ended, or the submission does not wait"
        assert portal.ask("GET", f"/submissions/{waits}", "olga").json()["state"] == "waiting"
        assert len(portal.ask("GET", "/submissions", "olga").json()) == own
        assert portal.editions("squares") == before
        assert portal.ask("GET", "/challenges/x/editions", "olga").json() == []
    assert portal.wait(waits, "olga")["state"] == "scored"


def test_the_hub_takes_the_forms_of_its_own_pages(portal: Portal, predictions: Callable[..., bytes]) -> None:
    """So that what is refused above is refused for its origin."""
    with portal.held():
        waits = portal.submit("ben", predictions(5), "p.zip")
        with open_page() as (page, _):
            _log_in(page, portal, "ben")
            page.goto(f"{portal.hub.url}{PREFIX}/submission/{waits}")
            page.get_by_role("button", name="Withdraw").click()
            page.wait_for_selector("text=withdrawn")
    assert portal.ask("GET", f"/submissions/{waits}", "ben").json()["state"] == "withdrawn"


def test_a_method_reads_no_submission_of_others(portal: Portal, predictions: Callable[..., bytes]) -> None:
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
    return _zip({f"a.zarr/{name}": json.dumps(values).encode() for name, values in files.items()})


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
    whole = {name: _npz(squares(3)) for name in ("b.npz", "c.npz")}
    return {
        "bomb": (_bomb(folder / "bomb.zip"), "cannot be read"),
        "overlap": (overlapping_zip(folder / "overlap.zip", 500, 2**20).read_bytes(), "overlap"),
        "lie": (lying_zip(folder / "lie.zip", "a.npz", 2**26).read_bytes(), "cannot be read"),
        "path": (_zip({"../../../../truth/1/public/a.npy": b"x", "/etc/cron.d/x": b"x"}), "/etc/cron.d/x"),
        "link": (_linked(), "link"),
        "not finite": (_zip({**whole, "a.npz": _npz(finite)}), "float"),
        "pickle": (_zip({**whole, "a.npy": _pickled()}), "object"),
        "huge shape": (_zip({**whole, "a.npy": npy_header((2**20, 2**20))}), "a"),
        "external TIFF": (_zip({**whole, "a.ome.tif": _tiff(squares(3), external)}), "other files"),
        "Zarr that leads out": (_zip(_members(_zarr("../../../../truth/1")) | whole), "a"),
        "HDF5": (_zip({**whole, "a.h5": _hdf5(folder)}), "a.h5"),
        "HDF5 under another name": (_zip({**whole, "a.npz": _hdf5(folder)}), "a"),
        "no zip": (b"PK\x03\x04" + bytes(100) + struct.pack("<I", 2**31), "zip"),
        "one large label": (_zip({**whole, "a.npz": _npz(one)}), ""),
    }


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_hostile_files_are_refused_with_reasons(portal: Portal, tmp_path: Path) -> None:
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
