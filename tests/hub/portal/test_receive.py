"""What is received: damaged challenges get clear answers, and the bytes of nothing that has ended stay."""

from __future__ import annotations

import contextlib
import errno
import io
import zipfile
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioimagehub.hub.errors import PortalError, TooLargeError
from bioimagehub.hub.portal.context import Context
from bioimagehub.hub.portal.people import Person
from bioimagehub.hub.portal.receive import DEFINITION_BYTES, keep_challenge
from bioimagehub.hub.portal.uploads import Upload
from servers.challenge import CHALLENGE
from servers.portal import RunningPortal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.hub.portal.store.database import Store
    from bioimagehub.hub.portal.store.models import SubmissionRow

TEXT = CHALLENGE.replace("PIN", f"sha256:{'0' * 64}").encode()


def _pack(text: bytes = TEXT, method: int = zipfile.ZIP_DEFLATED, name: str = "challenge.yaml") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


WHOLE = _pack()


@pytest.fixture(scope="module")
def send(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], str]:
    """Return a function that sends bytes as a challenge of Olga's and returns its name."""
    from bioimagehub.hub.portal.hub import Hub
    from bioimagehub.hub.portal.store.database import Store

    configuration = RunningPortal(tmp_path_factory.mktemp("portal")).configuration
    store = Store(configuration.database)
    store.migrate()
    context = Context(configuration, store, Hub(configuration))

    def send_bytes(data: bytes) -> str:
        upload = Upload.begin(configuration.inbox, configuration.challenge_size)
        try:
            upload.write(data)
            return keep_challenge(context, upload, Person("olga"))[0]
        finally:
            upload.discard()

    return send_bytes


def _inner(data: bytes) -> tuple[int, int]:
    """Return where the packed bytes of the only member begin and end."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (one,) = archive.infolist()
        begin = one.header_offset + 30 + len(one.filename)
        return begin, begin + one.compress_size


def test_a_whole_one_is_taken(send: Callable[[bytes], str]) -> None:
    assert send(WHOLE) == "squares"
    assert send(TEXT) == "squares"


def test_damaged_packed_bytes_are_told(send: Callable[[bytes], str]) -> None:
    begin, end = _inner(WHOLE)
    damaged = WHOLE[:begin] + b"\xff" * (end - begin) + WHOLE[end:]
    with pytest.raises(PortalError, match=r"Cannot read the challenge: it is damaged .*Make it again"):
        send(damaged)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_whatever_bytes_are_changed_the_answer_is_clear(send: Callable[[bytes], str], at: int, new: bytes) -> None:
    with contextlib.suppress(PortalError):
        assert send(WHOLE[:at] + new + WHOLE[at + len(new) :]) == "squares"


@given(st.integers(0, len(WHOLE)))
@settings(max_examples=40, deadline=None)
def test_half_of_one_is_told(send: Callable[[bytes], str], length: int) -> None:
    if length == len(WHOLE):
        return
    with pytest.raises(PortalError):
        send(WHOLE[:length])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_unpacks_without_measure_is_refused(send: Callable[[bytes], str], method: int) -> None:
    with pytest.raises(PortalError, match="expected is Deflate or none"):
        send(_pack(method=method))


def test_what_is_missing_and_what_is_too_large_are_told(send: Callable[[bytes], str]) -> None:
    with pytest.raises(PortalError, match=r"has no challenge\.yaml at its top"):
        send(_pack(name="folder/challenge.yaml"))
    for data in (_pack(b"#" * (DEFINITION_BYTES + 1)), b"#" * (DEFINITION_BYTES + 1)):
        with pytest.raises(TooLargeError, match="Keep data in other files"):
            send(data)
    with pytest.raises(PortalError, match="it is damaged"):
        send(b"\xff\xfe\xfd")


@pytest.mark.parametrize("text", [b"[" * 50_000, b"a: " * 20_000, b"&a [*a]", b"\x00"])
def test_text_that_no_reader_gets_through_is_told(send: Callable[[bytes], str], text: bytes) -> None:
    with pytest.raises(PortalError):
        send(text)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_broken_disk_is_not_the_fault_of_the_file(
    send: Callable[[bytes], str], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, "the disk")

    monkeypatch.setattr(zipfile.ZipFile, "read", fail)
    with pytest.raises(OSError, match="the disk"):
        send(WHOLE)


@pytest.mark.usefixtures("squares_edition")
def test_the_portal_removes_what_a_killed_one_left(
    store: Store, add_to: Callable[..., SubmissionRow], tmp_path: Path
) -> None:
    """What was being received, and what was refused or withdrawn; and nothing of which it does not know."""
    from bioimagehub.hub.portal.store.submissions import set_state, withdraw
    from bioimagehub.hub.portal.web import sweep

    configuration = RunningPortal(tmp_path).configuration
    (configuration.inbox / "0.part").touch()
    (configuration.inbox / "edition-1").touch()
    rows = {name: add_to(name, phase="practice").id for name in ("refused", "failed", "scored", "withdrawn", "waiting")}
    with store.writing() as session:
        withdraw(session, rows["withdrawn"], "withdrawn")
        for state in ("refused", "failed", "scored"):
            set_state(session, rows[state], state)
    for identifier in (*rows.values(), "unknown"):
        (configuration.submissions / identifier).mkdir()
        (configuration.submissions / identifier / "submission.zip").touch()
    sweep(configuration, store)
    left = {path.name for path in configuration.submissions.iterdir()}
    assert left == {rows["failed"], rows["scored"], rows["waiting"], "unknown"}
    assert [path.name for path in configuration.inbox.iterdir()] == ["edition-1"]
