"""Attacks on the pages of the real hub, in a real browser: scripts in all text, and forms of foreign pages."""

from __future__ import annotations

import html
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from servers.browser import open_page
from servers.challenge import squares
from servers.hub_portal import DEADLINE, HubPortal
from servers.portal import PREFIX
from servers.submitted import npz_of, tiff_of, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page, Route

    from servers.hub import RunningHub
    from servers.person import Person

pytestmark = [pytest.mark.hub, pytest.mark.browser]

COUNTING = Path(__file__).parents[3] / "notebooks" / "challenges" / "counting" / "challenge.yaml"
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


@pytest.fixture(scope="module")
def portal(
    start_hub: Callable[..., RunningHub], visit: Callable[..., Person], small_challenge: Callable[..., Path]
) -> HubPortal:
    """A hub with two challenges, of which one is full of scripts."""
    settings = {"users": ["ann", "ben"], "admins": ["olga"], "portal": {"workers": 1}}
    portal = HubPortal(start_hub(settings), visit)

    def change(text: str) -> str:
        for plain, hostile in HOSTILE.items():
            assert plain in text
            text = text.replace(plain, hostile)
        return text

    assert portal.create(small_challenge(change).read_bytes())["state"] == "active"
    assert portal.create(COUNTING.read_bytes())["state"] == "active"
    return portal


def _log_in(page: Page, portal: HubPortal, name: str) -> None:
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
    return zip_of(
        {
            "a.ome.tif": tiff_of(squares(3), xml),
            "b.zarr/zarr.json": ngff.encode(),
            "c.tif": tiff_of(squares(5)[1:], f"ImageJ=1.11a\nunit={SCRIPT}\nimages=1\nInfo={IMAGE}"),
            f"{IMAGE}.npz": npz_of(squares(3)),
            "d<svg onload=alert(5)>.npz": b"x",
        }
    )


def test_no_script_runs_whatever_it_stands_in(portal: HubPortal, predictions: Callable[..., bytes]) -> None:
    good = portal.submit("ann", predictions(7), f"{SCRIPT}.zip", entry=f"{IMAGE} entry")
    images = portal.submit("ann", _hostile_images(), f"{QUOTED}.zip")
    columns = f"{IMAGE},{SCRIPT}\n1,2\n"
    rows = f"item,value\n={SCRIPT},1\n{IMAGE},1\n{IMAGE},2\n"
    names = [f"{layout}-{number}" for layout in ("apart", "touching") for number in range(1, 7)]
    tables = {f"{name}.csv": (rows if number % 2 else columns).encode() for number, name in enumerate(names)}
    table = portal.submit("ann", zip_of(tables), "t.zip", challenge="counting")
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
    portal: HubPortal, predictions: Callable[..., bytes], origin: str, status: int
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


def test_the_hub_takes_the_forms_of_its_own_pages(portal: HubPortal, predictions: Callable[..., bytes]) -> None:
    """So that what is refused above is refused for its origin."""
    with portal.held():
        waits = portal.submit("ben", predictions(5), "p.zip")
        with open_page() as (page, _):
            _log_in(page, portal, "ben")
            page.goto(f"{portal.hub.url}{PREFIX}/submission/{waits}")
            page.get_by_role("button", name="Withdraw").click()
            page.wait_for_selector("text=withdrawn")
    assert portal.ask("GET", f"/submissions/{waits}", "ben").json()["state"] == "withdrawn"
