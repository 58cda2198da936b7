"""What must not get through: anonymous, forged, foreign, replayed, late, too many, too large, and scripts in names."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

import pytest
import requests

from servers.portal import PREFIX, held

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

PAGES = [
    "/", "/submissions", "/organise", "/challenge/squares", "/challenge/squares/challenge.yaml",
    "/challenge/squares/practice/submit", "/challenge/squares/practice/board", "/challenge/squares/practice/board/1",
    "/challenge/squares/practice/board/1/board.json", "/challenge/squares/practice/compare/1/1",
    f"/submission/{'0' * 32}",
]  # fmt: skip
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def portal(start_portal: Callable[..., RunningPortal], small_challenge: Callable[..., Path]) -> RunningPortal:
    portal = start_portal()
    assert portal.create(small_challenge())["state"] == "active"
    return portal


@pytest.fixture(scope="module")
def anns(portal: RunningPortal, predictions: Callable[..., bytes]) -> str:
    """A scored submission of Ann's."""
    sent = portal.submit("ann", predictions(7)).json()["id"]
    portal.wait_state(sent, "ann", "scored")
    return str(sent)


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_a_log_in(portal: RunningPortal, path: str) -> None:
    answer = requests.get(f"{portal.public}{path}", timeout=60, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/hub/api/oauth2/authorize?client_id=service-challenges&")
    assert "code_challenge_method=S256" in answer.headers["location"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "squares" not in answer.text


def test_nobody_uses_the_api_without_a_token(portal: RunningPortal, anns: str) -> None:
    description = requests.get(f"{portal.url}/api/openapi.json", timeout=60).json()
    operations = [(method, path) for path, item in description["paths"].items() for method in item]
    assert len(operations) >= 12
    for method, path in operations:
        url = path.format(challenge="squares", phase="practice", submission=anns, number=1)
        for headers in (
            {},
            {"Authorization": "token "},
            {"Authorization": f"token {secrets.token_hex(16)}"},
            {"Authorization": f"Basic {secrets.token_hex(16)}"},
            {"Authorization": "token \x7f\xff"},
            {"Cookie": f"portal-session={secrets.token_urlsafe(32)}"},
        ):
            answer = requests.request(method, f"{portal.url[: -len(PREFIX)]}{url}", headers=headers, timeout=60)
            if "\x7f" in headers.get("Authorization", ""):
                assert answer.status_code == 400
                continue
            assert answer.status_code == 401, (method, url, headers, answer.text)
            assert "token" in answer.json()["detail"]


def test_the_cookie_of_a_log_in_does_not_open_the_api(portal: RunningPortal, bens_browser: requests.Session) -> None:
    """So no page of somebody else's can make a browser use it."""
    assert bens_browser.get(f"{portal.public}/submissions", timeout=60).status_code == 200
    assert bens_browser.get(f"{portal.public}/api/submissions", timeout=60).status_code == 401


def test_the_token_of_a_service_or_of_another_scope_opens_nothing(portal: RunningPortal) -> None:
    portal.token("ben")
    narrow = portal.hub_api("POST", "/users/ben/tokens", json={"scopes": ["read:users!user"]})["token"]
    for token in (narrow, portal.configuration.token):
        answer = requests.get(f"{portal.url}/api/submissions", headers={"Authorization": f"token {token}"}, timeout=60)
        assert answer.status_code == 403
        assert "access:services!service=challenges" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/result"), ("GET", "/file"), ("POST", "/withdraw")],
)
def test_somebody_elses_submission_is_not_there(portal: RunningPortal, anns: str, method: str, path: str) -> None:
    """The answer is the same as for one that does not exist."""
    theirs = portal.ask(method, f"/submissions/{anns}{path}", "ben")
    none = portal.ask(method, f"/submissions/{'0' * 32}{path}", "ben")
    assert (theirs.status_code, theirs.text) == (none.status_code, none.text)
    assert theirs.status_code == 404
    assert portal.ask("GET", f"/submissions/{anns}", "ann").status_code == 200


def test_lists_have_ones_own_alone(portal: RunningPortal, anns: str, bens_browser: requests.Session) -> None:
    assert [one["id"] for one in portal.ask("GET", "/submissions", "ann").json()] == [anns]
    assert portal.ask("GET", "/submissions", "ben").json() == []
    assert bens_browser.get(f"{portal.public}/submission/{anns}", timeout=60).status_code == 404
    assert anns[:8] not in bens_browser.get(f"{portal.public}/submissions", timeout=60).text


def test_an_organiser_sees_no_submissions_of_others(portal: RunningPortal, anns: str) -> None:
    assert portal.ask("GET", f"/submissions/{anns}/file", "olga").status_code == 404


@pytest.mark.parametrize("user", ["ben", "olga", "otto"])
def test_organisers_are_admins_and_a_group(portal: RunningPortal, user: str) -> None:
    answer = portal.ask("POST", "/editions", user, data=b"nothing")
    assert answer.status_code == (403 if user == "ben" else 400), answer.text
    rescore = portal.ask("POST", "/challenges/squares/rescore", user)
    assert rescore.status_code == (409 if user == "olga" else 403)


def test_the_challenge_of_another_organiser_cannot_be_replaced(
    portal: RunningPortal, small_challenge: Callable[..., Path]
) -> None:
    """Otto is an organiser, and Olga an admin."""
    ottos = small_challenge(lambda text: text.replace("name: squares", "name: ottos"))
    assert portal.create(ottos, user="otto")["edition"] == 1
    before = portal.ask("GET", "/challenges/squares/editions", "olga").json()
    stolen = portal.ask("POST", "/editions", "otto", data=small_challenge().read_bytes())
    assert stolen.status_code == 403
    assert "it is olga's" in stolen.json()["detail"]
    assert "Give yours another name" in stolen.json()["detail"]
    session, page = portal.log_in("otto", "/organise")
    assert page.text.count("/rescore") == 1
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found is not None
    form = {"form_token": found[1]}
    with small_challenge().open("rb") as file:
        sent = session.post(f"{portal.public}/organise", data=form, files={"file": file}, timeout=60)
    assert sent.status_code == 403
    assert session.post(f"{portal.public}/challenge/squares/rescore", data=form, timeout=60).status_code == 403
    session.close()
    assert portal.ask("GET", "/challenges/squares/editions", "olga").json() == before
    assert list(portal.configuration.inbox.iterdir()) == []
    assert portal.create(ottos, user="otto")["edition"] == 2
    assert portal.create(ottos, user="olga")["edition"] == 3


@pytest.mark.parametrize("token", ["", "0" * 64, "of somebody else"])
def test_forms_of_foreign_pages_do_nothing(
    portal: RunningPortal, bens_browser: requests.Session, token: str, predictions: Callable[..., bytes]
) -> None:
    if token == "of somebody else":
        session, _ = portal.log_in("ann")
        token = portal.form_token(session)
        session.close()
    form = {"form_token": token} if token else {}
    file = {"file": ("p.zip", predictions(5))}
    for path, files in (("/challenge/squares/practice/submit", file), ("/logout", None)):
        answer = bens_browser.post(f"{portal.public}{path}", data=form, files=files, timeout=60)
        assert answer.status_code == 403, answer.text
        assert "not sent from a page of your log-in" in answer.text
    assert portal.ask("GET", "/submissions", "ben").json() == []
    assert list(portal.configuration.inbox.glob("*.part")) == []
    assert bens_browser.get(f"{portal.public}/submissions", timeout=60).status_code == 200


def test_nothing_is_changed_by_get(portal: RunningPortal, bens_browser: requests.Session) -> None:
    for path in ("/logout", f"/submission/{'0' * 32}/withdraw", "/challenge/squares/rescore"):
        assert bens_browser.get(f"{portal.public}{path}", timeout=60).status_code == 405


def test_a_log_in_ends_only_where_it_began(portal: RunningPortal) -> None:
    """Whoever is sent a link with somebody's code is not logged in as that person."""
    with requests.Session() as victim:
        begun = victim.get(f"{portal.public}/", timeout=60, allow_redirects=False)
        state = re.search(r"state=([^&]+)", begun.headers["location"])
        assert state is not None
        for query in ("", "code=x", "code=x&state=y", f"code={secrets.token_hex(8)}&state={state[1]}x"):
            answer = victim.get(f"{portal.public}/oauth_callback?{query}", timeout=60)
            assert answer.status_code == 403, answer.text
        answer = victim.get(f"{portal.public}/oauth_callback?code=guess&state={state[1]}", timeout=60)
        assert answer.status_code == 403
        assert "does not know this code" in answer.text
        assert "portal-session" not in victim.cookies
        cookie = next(one for one in victim.cookies if one.name == "portal-state")
        forged = requests.get(
            f"{portal.public}/oauth_callback?code=x&state=x", cookies={"portal-state": f"{cookie.value}x"}, timeout=60
        )
        assert forged.status_code == 403


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(portal: RunningPortal) -> None:
    session, _ = portal.log_in("dora")
    cookie = next(one for one in session.cookies if one.name == "portal-session")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    assert cookie.path == PREFIX
    stored = portal.store
    with stored.reading() as database:
        from bioimagehub.hub.portal.store.models import SessionRow

        assert all(cookie.value not in row.id for row in database.query(SessionRow))
    stored.close()
    token = portal.form_token(session)
    session.post(f"{portal.public}/logout", data={"form_token": token}, timeout=60)
    again = requests.get(
        f"{portal.public}/submissions", cookies={"portal-session": str(cookie.value)}, timeout=60, allow_redirects=False
    )
    assert again.status_code == 302, "a session that was ended opens a page"
    session.close()


def test_a_deleted_user_is_logged_out(portal: RunningPortal, monkeypatch: pytest.MonkeyPatch) -> None:
    from bioimagehub.hub.portal.hub import BELIEVED_SECONDS

    session, _ = portal.log_in("gone")
    token = portal.token("gone")
    portal.hub_api("DELETE", "/users/gone")
    deadline = time.monotonic() + BELIEVED_SECONDS + 10
    while session.get(f"{portal.public}/submissions", timeout=60, allow_redirects=False).status_code != 302:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    answer = requests.get(f"{portal.url}/api/submissions", headers={"Authorization": f"token {token}"}, timeout=60)
    assert answer.status_code == 401
    session.close()


def test_the_same_bytes_count_once(portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
    first = portal.submit("eve", predictions(6))
    assert first.status_code == 201
    again = portal.submit("eve", predictions(6))
    assert again.status_code == 409
    assert first.json()["id"] in again.json()["detail"]
    assert portal.ask("GET", "/challenges/squares", "eve").json()["phases"][0]["used_total"] == 1


@pytest.mark.parametrize(("phase", "told"), [("past", "closed at 2020-01-31 10:00:00"), ("future", "opens at 2120")])
def test_the_clock_of_the_server_decides(
    portal: RunningPortal, predictions: Callable[..., bytes], phase: str, told: str
) -> None:
    """Whatever time zone the file or the request name."""
    headers = {"Date": "Wed, 15 Jan 2020 00:00:00 GMT"}
    answer = portal.ask(
        "POST", f"/challenges/squares/phases/{phase}/submissions", "ann", data=predictions(),
        params={"filename": "p.zip"}, headers=headers,
    )  # fmt: skip
    assert answer.status_code == 409
    assert told in answer.json()["detail"]
    assert "UTC" in answer.json()["detail"]


def test_scripts_in_names_are_text(portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
    answer = portal.submit("ivan", predictions(5), entry=SCRIPT, filename=f"{SCRIPT}.zip")
    assert answer.status_code == 201, answer.text
    portal.wait_state(answer.json()["id"], "ivan", "scored")
    portal.wait_idle()
    session, _ = portal.log_in("ivan")
    for path in ("/submissions", f"/submission/{answer.json()['id']}", "/challenge/squares/practice/board"):
        page = session.get(f"{portal.public}{path}", timeout=60)
        assert page.status_code == 200
        assert SCRIPT not in page.text
        assert "&lt;script&gt;" in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["x-content-type-options"] == "nosniff"
    session.close()


@pytest.mark.parametrize("entry", ["a\ue000b", "a\u202eb", "a\u200bb", "nul\x00"])
def test_names_that_deceive_are_refused(portal: RunningPortal, predictions: Callable[..., bytes], entry: str) -> None:
    answer = portal.submit("ivan", predictions(4), entry=entry)
    assert answer.status_code == 400
    assert "plain name" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..\\x.zip", "/abs.zip", "a" * 200, ".zip", "x.\x00zip"])
def test_the_name_of_a_file_is_no_path(portal: RunningPortal, predictions: Callable[..., bytes], name: str) -> None:
    answer = portal.submit("judy", predictions(8, seed=sum(name.encode())), filename=name)
    assert answer.status_code == 201, answer.text
    view = portal.ask("GET", f"/submissions/{answer.json()['id']}", "judy").json()
    assert "/" not in view["filename"]
    kept = list((portal.configuration.submissions / view["id"]).iterdir())
    assert len(kept) == 1
    assert kept[0].name.startswith("submission")
    assert kept[0].stat().st_mode & 0o777 == 0o440


def test_a_submission_that_waits_can_be_withdrawn(portal: RunningPortal, predictions: Callable[..., bytes]) -> None:
    """It counts no more, and is never scored."""
    with held(portal.processes["worker-0"].pid, portal.configuration.data / "portal.sqlite"):
        sent = portal.submit("kim", predictions(6), phase="final").json()["id"]
        view = portal.ask("GET", f"/submissions/{sent}", "kim").json()
        assert view["state"] == "waiting"
        assert view["ahead"] is not None
        assert portal.ask("POST", f"/submissions/{sent}/withdraw", "kim").json()["state"] == "withdrawn"
        assert portal.ask("POST", f"/submissions/{sent}/withdraw", "kim").status_code == 409
        assert portal.ask("GET", "/challenges/squares", "kim").json()["phases"][1]["used_total"] == 0
        assert not (portal.configuration.submissions / sent).exists()
        assert portal.ask("GET", f"/submissions/{sent}", "kim").json()["sha256"] == view["sha256"]
        answer = portal.ask("GET", f"/submissions/{sent}/file", "kim")
        assert answer.status_code == 404
        assert "since it was withdrawn" in answer.json()["detail"]
    portal.wait_idle()
    assert portal.ask("GET", f"/submissions/{sent}/result", "kim").status_code == 404
