"""Taking submissions and challenges: checked first, written to the disk, acknowledged when both are kept."""

from __future__ import annotations

import errno
import os
import re
import shutil
import struct
import time
import uuid
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bioimagehub.challenges.challenge import parse_challenge
from bioimagehub.challenges.errors import ChallengeError
from bioimagehub.hub.errors import ConflictError, NotFoundError, PortalError, TooLargeError
from bioimagehub.hub.portal.context import challenge_of
from bioimagehub.hub.portal.store.challenges import add_edition, find_challenge
from bioimagehub.hub.portal.store.database import now
from bioimagehub.hub.portal.store.models import METHOD, PREDICTIONS, WAITING, SubmissionRow
from bioimagehub.hub.portal.store.submissions import add_submission, check_may_submit
from bioimagehub.hub.portal.uploads import Upload

if TYPE_CHECKING:
    from pathlib import Path

    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Phase
    from bioimagehub.hub.portal.context import Context
    from bioimagehub.hub.portal.people import Person
    from bioimagehub.hub.portal.place import PortalConfiguration
    from bioimagehub.hub.portal.store.models import EditionRow

METHOD_SUFFIXES = (".ipynb", ".py")
# What runs methods says that often that it can, and a little more.
READY_SECONDS = 60.0
ENTRY_LENGTH = 60
DEFINITION, DEFINITION_BYTES = "challenge.yaml", 2**20
# What is raised for a zip file with anything wrong in it, and for text that is none.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)
# What a file may be called on the disk; what somebody called it is not used there.
SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,8}){0,2}")


def find_phase(challenge: Challenge, name: str) -> Phase:
    """Return a phase of a challenge.

    Raises
    ------
    NotFoundError
        If there is none of this name.
    """
    for phase in challenge.phases:
        if phase.name == name:
            return phase
    known = ", ".join(sorted(phase.name for phase in challenge.phases)) or "none"
    msg = f"The challenge {challenge.name!r} has no phase {name!r:.80}. Expected one of: {known}."
    raise NotFoundError(msg)


def clean_entry(entry: str | None, user: str) -> str:
    """Return the name of an entry: what was typed in one line, or the user's name.

    Raises
    ------
    PortalError
        If it is too long, or has letters that cannot be seen or change what stands beside them.
    """
    text = " ".join((entry or "").split())
    if not text:
        return user
    if len(text) > ENTRY_LENGTH or not text.isprintable():
        msg = (
            f"Cannot name an entry {text!r:.90}: expected are at most {ENTRY_LENGTH} letters that can be seen. "
            "Choose a shorter, plain name."
        )
        raise PortalError(msg)
    return text


def clean_filename(name: str | None) -> str:
    """Return the name of a file as it is shown; nothing is ever stored under it."""
    last = re.split(r"[\\/]", name or "")[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200] or "submission"


def choose_kind(kind: str | None, filename: str) -> str:
    """Return what is submitted: as was said, else by the ending of the file."""
    if kind in (PREDICTIONS, METHOD):
        return kind
    return METHOD if PurePosixPath(filename).suffix.lower() in METHOD_SUFFIXES else PREDICTIONS


def takes_methods(configuration: PortalConfiguration) -> bool:
    """Tell whether methods can be run now: something runs them, and has found a sandbox."""
    try:
        return time.time() - configuration.methods_ready.stat().st_mtime < READY_SECONDS
    except FileNotFoundError:
        return False


def begin_submission(context: Context, challenge: str, phase: str, user: str, kind: str) -> Upload:
    """Check that somebody may submit, and give the file that the bytes go into.

    Raises
    ------
    NotFoundError
        If there is no such challenge or phase.
    ConflictError, LimitReachedError
        See `bioimagehub.hub.portal.store.submissions.check_may_submit`; also where there is no sandbox for a method.
    """
    if kind == METHOD and not takes_methods(context.configuration):
        msg = (
            "This hub takes no methods: it has no sandbox to run them in, or its setting portal.methods is off. "
            "Submit predictions."
        )
        raise ConflictError(msg)
    with context.store.reading() as session:
        row, edition = find_challenge(session, challenge)
        wanted = find_phase(challenge_of(edition), phase)
        check_may_submit(session, row, wanted, user, context.configuration.attempts_per_day)
    return Upload.begin(
        context.configuration.inbox, min(int(wanted.limits.size), context.configuration.submission_size)
    )


def keep_submission(
    context: Context, upload: Upload, challenge: str, phase: str, user: str, entry: str, filename: str, kind: str
) -> str:
    """Keep a whole upload as a submission and return its id.

    When this returns, file and row are on the disk: the submission survives whatever happens next. Limits and end
    are checked again in the same transaction, by the server's clock now.
    """
    if upload.size == 0:
        msg = "The file is empty: expected were predictions. Choose the file again."
        raise PortalError(msg)
    digest = upload.finish()
    identifier = uuid.uuid4().hex
    folder = context.configuration.submissions / identifier
    path = folder / stored_name(filename)
    try:
        folder.mkdir(mode=0o770)
        upload.path.chmod(0o440)
        upload.path.rename(path)
        for kept in (folder, folder.parent):
            _sync_folder(kept)
        with context.store.writing() as session:
            row, edition = find_challenge(session, challenge)
            check_may_submit(
                session, row, find_phase(challenge_of(edition), phase), user, context.configuration.attempts_per_day
            )
            add_submission(
                session,
                SubmissionRow(
                    id=identifier, challenge_id=row.id, phase=phase, user=user, entry=entry, kind=kind,
                    filename=filename, size=upload.size, sha256=digest, received=now(), state=WAITING, report=[],
                ),
                edition,
            )  # fmt: skip
    except PortalError:
        path.unlink(missing_ok=True)
        folder.rmdir()
        raise
    return identifier


def stored_name(filename: str) -> str:
    """Return what a submission's file is called on the disk: the format by its ending, nothing else of its name."""
    suffixes = "".join(PurePosixPath(filename).suffixes[-2:])
    return f"submission{suffixes.lower()}" if SUFFIX.fullmatch(suffixes) else "submission"


def payload(submissions: Path, row: SubmissionRow) -> Path:
    """Return where the file of a submission is, in the folder of all submissions."""
    return submissions / row.id / stored_name(row.filename)


def predictions_of(submissions: Path, row: SubmissionRow) -> Path:
    """Return where the predictions of a submission are: what was sent, or what its method gave."""
    return submissions / row.id / "predictions.zip" if row.kind == METHOD else payload(submissions, row)


def discard_bytes(submissions: Path, identifier: str) -> None:
    """Remove what was sent as a submission that will never be scored. Its row stays, with the checksum."""
    shutil.rmtree(submissions / identifier, ignore_errors=True)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_challenge(context: Context, upload: Upload, person: Person) -> tuple[str, EditionRow]:
    """Keep an uploaded challenge for the workers to check and install; return its name and edition.

    Parameters
    ----------
    context : Context
        The running portal.
    upload : Upload
        A challenge file, or a zip with ``challenge.yaml`` and its truth at the top.
    person : Person
        The organiser.

    Raises
    ------
    PortalError
        If there is no challenge file in it, or it has problems; all of them are listed. Also if it is another
        organiser's.
    """
    digest = upload.finish()
    definition = _read_definition(upload.path)
    try:
        challenge = parse_challenge(definition)
    except ChallengeError as error:
        raise PortalError(str(error)) from error
    with context.store.writing() as session:
        edition = add_edition(session, challenge.name, definition, digest, person.name, admin=person.admin)
        # Before the commit: a worker that finds the job finds the file.
        upload.path.chmod(0o440)
        upload.path.rename(installation(context.configuration.inbox, edition.id))
        _sync_folder(context.configuration.inbox)
    return challenge.name, edition


def installation(inbox: Path, edition: int) -> Path:
    """Return where an uploaded challenge waits for its installation."""
    return inbox / f"edition-{edition}"


def _read_definition(path: Path) -> str:
    """Return the text of the challenge file in an upload."""
    try:
        if not zipfile.is_zipfile(path):
            if path.stat().st_size > DEFINITION_BYTES:
                raise _definition_too_large()
            return path.read_text(encoding="utf-8")
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(DEFINITION)
            if info.file_size > DEFINITION_BYTES:
                raise _definition_too_large()
            # Of other methods, a few bytes give as many as there is memory.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                msg = f"{DEFINITION} is packed by the method {info.compress_type}, expected is Deflate or none"
                raise _unreadable(msg)
            return archive.read(info).decode("utf-8")
    except PortalError:
        raise
    except KeyError as error:
        msg = f"the zip file has no {DEFINITION} at its top"
        raise _unreadable(msg) from error
    except (*DAMAGE, OSError) as error:
        # A full disk is no fault of the file; a seek to nowhere is.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        msg = f"it is damaged ({error})"
        raise _unreadable(msg) from error


def _unreadable(found: str) -> PortalError:
    msg = (
        f"Cannot read the challenge: {found}. Expected is a challenge file, or a zip that has {DEFINITION} at its top "
        "and the truth beside it. Make it again."
    )
    return PortalError(msg)


def _definition_too_large() -> TooLargeError:
    msg = f"The challenge file has more than {DEFINITION_BYTES:,} bytes. Keep data in other files beside it."
    return TooLargeError(msg)
