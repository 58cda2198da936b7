"""What makes a download: of entries and a folder, or of what is being fetched into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioimagehub.widgets.errors import NothingToFetchError

if TYPE_CHECKING:
    from bioimagehub.widgets.download.widget import Download


def download(entries: Any = None, folder: str | Path | None = None, **state: Any) -> Download:
    """Download datasets in a notebook: the plan first, then what is chosen of it, in a process of its own.

    The process goes on when the browser or the notebook is closed. Called again with the same entries or the same
    folder, also in another notebook, this shows it again.

    Parameters
    ----------
    entries : Record, str, Path, or several of them
        Records; identifiers such as ``bia:S-BIAD599``; addresses; paths. None for what is being fetched into `folder`.
    folder : str, Path or None
        Where it goes; None for a folder with the name of the dataset, beside the notebook. Each of several datasets
        gets a folder in it.
    **state
        Traits of `Download`, such as ``chosen=["*.tif"]`` or ``levels=[1]``.

    Raises
    ------
    NothingToFetchError
        If there is nothing that can be fetched.
    UnknownKeywordError
        If a keyword is not one of the traits.

    Examples
    --------
    >>> import bioimagehub.widgets
    >>> widget = download(bioimagehub.widgets.__file__, "copied")
    >>> widget.wait(), widget.plan["files"]
    ('planned', 1)
    >>> widget.close()
    """
    # What fetches takes a while to import, and who looks at images does not wait for it.
    from bioimagehub.catalogs.downloads.background import find_run
    from bioimagehub.widgets.download.sources import default_folder, list_parts
    from bioimagehub.widgets.download.widget import Download

    if entries is not None:
        parts = list_parts(entries)
        place = Path(folder) if folder is not None else default_folder(parts)
        return Download(parts, folder=str(place.expanduser().absolute()), **state)
    place = Path("." if folder is None else folder).expanduser().absolute()
    run = find_run(place)
    order = None if run is None else run.order
    if order is None:
        msg = (
            f"There is nothing to download: no entries are given, and nothing was fetched into {place}. "
            "Give a record, an identifier, an address or a path; or the folder of a download that was begun."
        )
        raise NothingToFetchError(msg)
    return Download(order.parts, folder=str(place), **state)
