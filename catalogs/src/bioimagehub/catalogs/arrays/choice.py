"""Which of the images in a file to open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bioimagehub.catalogs.errors import AmbiguousImageError, UnknownImageError, UnknownLabelError

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 20


def choose_image(
    chosen: int | str | None, names: Sequence[str], option: str, where: str, *, shapes: Sequence[str] = ()
) -> int:
    """Give the number of the image to open.

    Parameters
    ----------
    chosen : int, str or None
        Its number or name; None for the only one that there is.
    names : sequence of str
        Names of all, in the order of their numbers.
    option : str
        Parameter of the driver that chooses one.
    where : str
        What the file is called in an error.
    shapes : sequence of str
        What an error tells of each beside its name.

    Raises
    ------
    AmbiguousImageError
        If there are several, and none was chosen, or the name of several was.
    UnknownImageError
        If there is no such image.

    Examples
    --------
    >>> choose_image("second", ["first", "second"], "series", "slides.lif")
    1
    """
    if chosen is None and len(names) == 1:
        return 0
    if isinstance(chosen, int) and not isinstance(chosen, bool) and 0 <= chosen < len(names):
        return chosen
    found = [number for number, name in enumerate(names) if name == chosen]
    if len(found) == 1:
        return found[0]
    told = (
        [f"{name!r} ({shape})" for name, shape in zip(names, shapes, strict=True)] if shapes else list(map(repr, names))
    )
    listed = ", ".join(f"{number}: {text}" for number, text in enumerate(told[:_MOST]))
    listed += f", and {len(names) - _MOST} more" if len(names) > _MOST else ""
    if chosen is None or found:
        what = f"{len(names)} images" if chosen is None else f"{len(found)} images of the name {chosen!r}"
        msg = f"{where} holds {what}, none was chosen: {listed}. Say which with `{option}`: its number or name."
        raise AmbiguousImageError(msg)
    msg = f"{where} has no image {chosen!r}. It holds {listed}. Choose one of these with `{option}`."
    raise UnknownImageError(msg)


def refuse_label(label: str | None, form: str, where: str) -> None:
    """Raise an error if a label image is asked for in a format that has none.

    Raises
    ------
    UnknownLabelError
    """
    if label is not None:
        msg = f"{where} has no label image {label!r}: {form} holds none. Leave `label` out."
        raise UnknownLabelError(msg)
