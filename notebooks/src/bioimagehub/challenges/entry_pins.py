"""The entries of a challenge, which must be as they were when it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.errors import ChallengeDataError

if TYPE_CHECKING:
    from bioimagehub.catalogs.records import Record
    from bioimagehub.challenges.challenge import Challenge
    from bioimagehub.challenges.challenge_parts import Entry


def find_entry(challenge: Challenge, identifier: str) -> tuple[Record, dict[str, Any]]:
    """Return an entry of a challenge and what pins it.

    Raises
    ------
    ChallengeDataError
        If it is not in the catalog, or not as it was pinned.
    """
    from bioimagehub.catalogs import open_catalog
    from bioimagehub.catalogs.errors import UnknownEntryError

    try:
        record: Record = open_catalog()[identifier]
    except UnknownEntryError as error:
        msg = f"The challenge {challenge.name} takes {identifier}, which the catalog does not have. {error}"
        raise ChallengeDataError(msg) from error
    entry = next(one for one in challenge.data.entries if one.identifier == identifier)
    pin = _make_pin(challenge, entry)
    for name, pinned in pin.items():
        found = _stated(record, name)
        if name != "identifier" and pinned not in found:
            msg = (
                f"{identifier} is not what the challenge {challenge.name} was made with: its {name} was {pinned}, is "
                f"{found[0] or 'not stated'}. Take the catalog of that time, or pin it anew and score all again."
            )
            raise ChallengeDataError(msg)
    return record, pin


def _make_pin(challenge: Challenge, entry: Entry) -> dict[str, Any]:
    given = {name: value for name, value in entry.model_dump().items() if value is not None}
    if len(given) > 1 or challenge.data.lock is None:
        return given
    from bioimagehub.catalogs.errors import CatalogError
    from bioimagehub.catalogs.locks import read_lock

    file = challenge.folder / challenge.data.lock
    try:
        locked = read_lock(file).find(entry.identifier)
    except CatalogError as error:
        msg = f"The lock of the challenge {challenge.name} cannot be used. {error}"
        raise ChallengeDataError(msg) from error
    if locked is None:
        msg = (
            f"The lock {file} does not pin {entry.identifier}. Lock it anew with: bioimagehub catalog lock "
            f"{entry.identifier} --into {challenge.data.lock}"
        )
        raise ChallengeDataError(msg)
    return given | {"facts": locked.facts}


def _stated(record: Record, name: str) -> list[str | None]:
    """Give what a record states, in all forms that are the same to a challenge."""
    if name != "facts":
        return [getattr(record, name)]
    from bioimagehub.catalogs import pins

    # The record of a sample has a checksum only where it is built.
    return [pins.digest(record), pins.digest(record.model_copy(update={"checksum": None}))]
