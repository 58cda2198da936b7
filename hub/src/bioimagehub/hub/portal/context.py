"""What one running portal holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from bioimagehub.challenges.challenge import Challenge, parse_challenge
from bioimagehub.hub.portal.uploads import UnderWay

if TYPE_CHECKING:
    from bioimagehub.hub.portal.hub import Hub
    from bioimagehub.hub.portal.place import PortalConfiguration
    from bioimagehub.hub.portal.store.database import Store
    from bioimagehub.hub.portal.store.models import EditionRow


@dataclass(frozen=True)
class Context:
    """What one running portal holds.

    Attributes
    ----------
    configuration : PortalConfiguration
        What the hub told it.
    store : Store
        The database.
    hub : Hub
        Who says who asks.
    under_way : UnderWay
        What is being received.
    """

    configuration: PortalConfiguration
    store: Store
    hub: Hub
    under_way: UnderWay = field(default_factory=UnderWay)


@lru_cache(maxsize=256)
def _parse(definition: str) -> Challenge:
    return parse_challenge(definition)


def challenge_of(edition: EditionRow) -> Challenge:
    """Return what an edition asks for. Its file was checked before the edition became active."""
    return _parse(edition.definition)
