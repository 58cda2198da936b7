"""Errors of estimated contrast transfer functions: defocus and astigmatism of micrographs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from bioimagehub.challenges.choices import Choices, library_version
from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.values import Values, by_item, check_items, listed, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIELDS = ("defocus_u", "defocus_v", "angle")
HALF_TURN = 180.0


@dataclass(frozen=True)
class Conventions(Choices):
    """How estimated parameters of contrast transfer functions are compared with the true ones.

    Parameters
    ----------
    voltage : float
        Acceleration voltage in kV, for the resolution at which the phase is wrong by 90°.

    Examples
    --------
    >>> print(Conventions())  # doctest: +ELLIPSIS
    defocus in Å, underfocus positive, U ≥ V; angle of U in degrees modulo 180, weighted by the true |U − V|; ...
    """

    # RELION and CTFFIND write U ≥ V and the angle of U, as is done here.
    REFERENCES: ClassVar[dict[str, dict[str, Any]]] = {"ctffind": {}, "relion": {}}

    voltage: float = 300.0
    version: str = field(default_factory=library_version, init=False)

    def __post_init__(self) -> None:
        if not 0 < self.voltage < float("inf"):
            msg = f"The voltage is {self.voltage} kV. Expected a positive number, such as 300. Correct it."
            raise ConventionError(msg)

    @property
    def wavelength(self) -> float:
        """Wavelength of the electrons in Å, with the relativistic correction."""
        volts = self.voltage * 1e3
        return 12.2643 / sqrt(volts + 0.978466e-6 * volts**2)

    def __str__(self) -> str:
        return (
            "defocus in Å, underfocus positive, U ≥ V; angle of U in degrees modulo 180, weighted by the true |U − V|; "
            f"phase at {self.voltage:g} kV; bioimagehub {self.version}"
        )


@dataclass(frozen=True)
class CtfErrors:
    """Sums of the errors of micrographs.

    Attributes
    ----------
    conventions : Conventions
        The voltage.
    micrographs : int
        How many there are.
    defocus_u, defocus_v, mean_defocus : float
        Sums of |ΔU|, |ΔV| and |Δ(U + V)/2| in Å.
    astigmatism : float
        Sum of |Δ|U − V|| in Å.
    angle, angle_weight : float
        Sum of |Δangle| in degrees, from 0 to 90 each, times the true |U − V|; and the sum of the true |U − V|.
    phase_resolution : float
        Sum of the resolutions in Å at which the phase is wrong by 90°: √(2 λ |Δ(U + V)/2|).
    """

    conventions: Conventions
    micrographs: int
    defocus_u: float
    defocus_v: float
    mean_defocus: float
    astigmatism: float
    angle: float
    angle_weight: float
    phase_resolution: float

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values for JSON; nothing is rounded."""
        return asdict(self) | {"conventions": self.conventions.as_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CtfErrors:
        """Return the sums that `as_dict` wrote, exactly."""
        return cls(**(values | {"conventions": Conventions.from_dict(values["conventions"])}))


def measure(
    truth: Values,
    prediction: Values,
    *,
    conventions: Conventions,
    spacing: Sequence[float] | None = None,  # noqa: ARG001  all families have it
    name: str = "case",
) -> CtfErrors:
    """Return the sums of the errors of the micrographs of a case.

    Parameters
    ----------
    truth, prediction : mapping
        For each micrograph ``defocus_u`` and ``defocus_v`` in Å and ``angle`` in degrees, as ``micrograph/field`` or as
        mappings. If U < V, the two are swapped and the angle turned by 90°, which is the same function.
    conventions : Conventions
        The voltage.
    spacing : sequence of float, optional
        Not used: defocus is in Å.
    name : str
        What messages call the case.

    Raises
    ------
    AnswersError
        If a micrograph or a field is missing or too many, or is not a finite number.

    References
    ----------
    Marabini et al., "CTF Challenge: result summary", J. Struct. Biol. 190 (2015),
    https://doi.org/10.1016/j.jsb.2015.04.003

    Examples
    --------
    >>> truth = {"a/defocus_u": 10500.0, "a/defocus_v": 9500.0, "a/angle": 5.0}
    >>> guess = {"a/defocus_u": 10600.0, "a/defocus_v": 9600.0, "a/angle": 175.0}
    >>> found = measure(truth, guess, conventions=Conventions())
    >>> found.mean_defocus, found.astigmatism, found.angle / found.angle_weight
    (100.0, 0.0, 10.0)
    """
    true, guessed = by_item(truth, f"the truth of {name}"), by_item(prediction, f"the prediction of {name}")
    rows = []
    for item in check_items(true, guessed, name):
        u, v, angle = _parameters(true[item], item, f"the truth of {name}")
        u2, v2, angle2 = _parameters(guessed[item], item, f"the prediction of {name}")
        turn = abs(angle2 - angle) % HALF_TURN
        mean = abs((u2 + v2) / 2 - (u + v) / 2)
        rows.append((
            abs(u2 - u),
            abs(v2 - v),
            mean,
            abs((u2 - v2) - (u - v)),
            min(turn, HALF_TURN - turn) * (u - v),
            u - v,
            sqrt(2 * conventions.wavelength * mean),
        ))  # fmt: skip
    sums = [sum(column) for column in zip(*rows, strict=True)] if rows else [0.0] * 7
    return CtfErrors(conventions, len(rows), *sums)


def pool(errors: Sequence[CtfErrors]) -> CtfErrors:
    """Add up the sums of several cases, as if all micrographs were of one.

    Parameters
    ----------
    errors : sequence of CtfErrors
        At least one.
    """
    added = {
        one.name: sum(getattr(case, one.name) for case in errors)
        for one in fields(CtfErrors)
        if one.name != "conventions"
    }
    return CtfErrors(conventions=errors[0].conventions, **added)


def _parameters(fields_given: Mapping[str, float | str], item: str, name: str) -> tuple[float, float, float]:
    if strange := sorted(set(fields_given) - set(FIELDS)):
        msg = f"The item {item!r} of {name} has {listed(strange)}. Expected {', '.join(FIELDS)}. Leave the others out."
        raise AnswersError(msg)
    u, v, angle = (number(fields_given, one, item, name) for one in FIELDS)
    return (u, v, angle) if u >= v else (v, u, angle + HALF_TURN / 2)
