"""Many people at once: nothing that was acknowledged is lost, and everybody is answered. How fast is a benchmark's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from servers.crowd import Crowd, Plan, find_lost, write_challenge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.portal import RunningPortal

pytestmark = pytest.mark.hub

PLAN = Plan(people=20, seconds=20, each=3, cases=4, side=128, pause=2)


def test_a_crowd_loses_nothing(start_portal: Callable[..., RunningPortal], tmp_path: Path) -> None:
    portal = start_portal(workers=2)
    assert portal.create(write_challenge(PLAN, tmp_path / "challenge.zip"))["state"] == "active"
    story = Crowd(portal, PLAN).live()
    assert story.failures == [], portal.log("web")[-3000:]
    assert len(story.acknowledged) == PLAN.people * PLAN.each
    assert len(story.pages) >= PLAN.people
    portal.wait_idle(240)
    assert find_lost(portal, story.acknowledged) == []
