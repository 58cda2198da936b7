"""What a prediction of a case must be: known before it is looked at, and from the challenge alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Expected:
    """The contract for one case.

    Attributes
    ----------
    case : str
        Its id, which is also the name of its file without the ending.
    kind : str
        ``labels``, ``classes``, ``points``, ``landmarks``, ``tracks``, ``image``, ``map`` or ``values``.
    shape : tuple of int or None
        Of the image along `axes`, in pixels; None where it is not known before. Bounds the memory that is used.
    axes : tuple of str
        Out of t c z y x, in this order; empty for values.
    spacing : tuple of float or None
        Pixel size along `axes` in µm, of t in seconds; None where it is not known.
    highest : int or None
        Of classes: the highest number that one has. None for any.
    items : frozenset of str or None
        Of values: all items that are asked for, without the fields that an answer may have. None for any.
    choices : frozenset of str or None
        Of values: the texts that answers may be; the numbers of fields are not looked at. None for any.
    fields : tuple of str or None
        Of values: the fields that each item has, all of them finite numbers; ``value`` is the one of an item that is
        answered without a field. None for any, also texts.
    lowest : float or None
        Of values with `fields`: the lowest number that an answer may be. None for any.
    count : int or None
        Of landmarks: how many there are. None for any number.
    """

    case: str
    kind: str
    shape: tuple[int, ...] | None = None
    axes: tuple[str, ...] = ()
    spacing: tuple[float, ...] | None = None
    highest: int | None = None
    items: frozenset[str] | None = None
    choices: frozenset[str] | None = None
    fields: tuple[str, ...] | None = None
    lowest: float | None = None
    count: int | None = None

    @property
    def pixels(self) -> int | None:
        """Number of pixels; None where the shape is not known."""
        if self.shape is None:
            return None
        product = 1
        for size in self.shape:
            product *= size
        return product

    def as_dict(self) -> dict[str, Any]:
        """Return all but the defaults as plain values for JSON."""
        return {
            key: sorted(value) if isinstance(value, frozenset) else value
            for key, value in asdict(self).items()
            if value is not None
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Expected:
        """Return what `as_dict` wrote."""
        read: dict[str, Any] = {
            key: frozenset(value) if key in {"items", "choices"} else tuple(value) if isinstance(value, list) else value
            for key, value in values.items()
        }
        return cls(**read)


@dataclass(frozen=True)
class Caps:
    """How large a submission may be.

    Attributes
    ----------
    packed : int
        Bytes as it is sent.
    unpacked : int
        Bytes on the disk when it is unpacked.
    files : int
        Files in it.
    objects : int
        Objects (or points, or tracks) in a case.
    pixels : int
        Pixels of a case whose shape is not known before.
    problems : int
        Problems that are listed; the others are counted.
    """

    packed: int = 2 * 2**30
    unpacked: int = 8 * 2**30
    files: int = 100_000
    objects: int = 1_000_000
    pixels: int = 2**29
    problems: int = 200
