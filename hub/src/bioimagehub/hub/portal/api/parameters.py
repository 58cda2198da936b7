"""The parameters that several operations take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

ChallengeName = Annotated[
    str, Path(description="Name of a challenge.", max_length=64, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
]
PhaseName = Annotated[
    str, Path(description="Name of a phase.", max_length=64, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
]
SubmissionId = Annotated[str, Path(description="Id of a submission.", pattern=r"^[0-9a-f]{32}$")]
BoardNumber = Annotated[int, Path(description="Number of a version of a board.", ge=1, lt=2**31)]
