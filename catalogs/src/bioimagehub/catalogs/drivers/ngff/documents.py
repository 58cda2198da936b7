"""The metadata files of an OME-Zarr store: each is read once, several at once, or taken from what was indexed."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.pace import workers
from bioimagehub.catalogs.arrays.work import run
from bioimagehub.catalogs.errors import MissingFileError, NoAccessError, UnreadableImageError
from bioimagehub.catalogs.reader.versions import make_edition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bioimagehub.catalogs.reader import Place

Document = Mapping[str, Any]

GROUPS = {3: "zarr.json", 2: ".zattrs"}
"""Where the attributes of a group are, by the format of Zarr."""

ARRAYS = {3: "zarr.json", 2: ".zarray"}
"""Where the metadata of an array are, by the format of Zarr."""


@dataclass(frozen=True)
class Group:
    """A group of the store.

    Attributes
    ----------
    path : str
        In the store; empty for the store itself.
    zarr : int
        Format of Zarr, 2 or 3.
    attributes : mapping
        What OME-Zarr says of it: those under ``ome`` from version 0.5 on, all before.
    """

    path: str
    zarr: int
    attributes: Document


class Documents:
    """The metadata files of a store. It can be pickled, and shared by threads.

    Parameters
    ----------
    place : Place
        The store; where it has a layout, its documents are taken and the store is asked nothing.
    consolidated : bool
        Whether copies of them in the file of their group are taken for them.
    """

    def __init__(self, place: Place, *, consolidated: bool = True) -> None:
        self.place = place
        self.facts: Mapping[str, Any] | None = None if place.layout is None else place.layout.facts
        # What was indexed has each document by itself.
        self._consolidated = consolidated and self.facts is None
        self._found: dict[str, Document | None] = {}
        self._bytes: dict[str, bytes] = {}
        self._editions: dict[str, str] = {}
        self._zarr: int | None = None
        self._refusals: dict[str, NoAccessError] = {}
        self._changing = threading.Lock()

    def url(self, path: str) -> str:
        """Give the address of something in the store."""
        return (self.place / path).url

    def read(self, paths: Iterable[str]) -> list[Document | None]:
        """Read documents, at once those that were not read before; None for each that is not there.

        Raises
        ------
        UnreadableImageError
            If one is no JSON object.
        ReadError
            If one cannot be had.
        """
        wanted = list(paths)
        with self._changing:
            missing = [path for path in dict.fromkeys(wanted) if path not in self._found]
        if self.facts is not None:
            for path in missing:
                digest = self.facts["documents"].get(path)
                self._keep(path, None if digest is None else self.facts["texts"][digest].encode())
        elif missing:
            run((self._fetching(path) for path in missing), workers(near=self.place.near))
        with self._changing:
            return [self._found[path] for path in wanted]

    def edition(self, path: str) -> str | None:
        """Give what tells the state of the array that a document is of: the document that was read, and its version."""
        editions: Mapping[str, str] = self._editions if self.facts is None else self.facts["editions"]
        return editions.get(path)

    def keep(self) -> dict[str, Any]:
        """Give all that was read as the facts of a layout, equal documents once."""
        digests = {path: hashlib.sha256(text).hexdigest() for path, text in sorted(self._bytes.items())}
        texts = {digests[path]: text.decode() for path, text in sorted(self._bytes.items())}
        return {"documents": digests, "texts": texts, "editions": dict(sorted(self._editions.items()))}

    def group(self, path: str, *, arrays: Iterable[str] = (), groups: Iterable[str] = ()) -> Group | None:
        """Read the attributes of a group; None if there is none.

        Parameters
        ----------
        path : str
        arrays, groups : iterable of str
            Paths in it of what will be wanted next, or may be: read at once with it where the store is far away.
        """
        formats = (3, 2) if self._zarr is None else (self._zarr,)
        head = f"{path}/" if path else ""
        far = not self.place.near and self.facts is None
        if far:
            ahead = [
                [head + GROUPS[form]]
                + [f"{head}{each}/{GROUPS[form]}" for each in groups]
                + [f"{head}{each}/{ARRAYS[form]}" for each in arrays]
                for form in formats
            ]
            self.read(itertools.chain(*ahead))
        for form in formats:
            (document,) = self.read([head + GROUPS[form]])
            if document is not None:
                return self._make_group(path, form, document)
        if self._zarr is None:
            for form in formats:
                self.see_access(head + GROUPS[form])
        return None

    def see_access(self, path: str) -> None:
        """Raise what the store said of a document that is not there for us, if it refused it.

        Raises
        ------
        NoAccessError
        """
        if path in self._refusals:
            raise self._refusals[path]

    def _make_group(self, path: str, form: int, document: Document) -> Group:
        attributes: Any = document
        if form == 3:
            if document.get("node_type") == "array":
                msg = (
                    f"{self.url(path)} is a Zarr array and no OME-Zarr image. Give the address of the image group, "
                    "which is a folder above, not of an array in it."
                )
                raise UnreadableImageError(msg)
            attributes = document.get("attributes", {})
        if isinstance(attributes, Mapping) and "ome" in attributes:
            attributes = attributes["ome"]
        if not isinstance(attributes, Mapping):
            msg = f"The attributes of {self.url(path)} are {attributes!r:.80} and no JSON object. Fetch the image anew."
            raise UnreadableImageError(msg)
        self._zarr = form
        return Group(path, form, attributes)

    def _fetching(self, path: str) -> Callable[[], None]:
        def job() -> None:
            place = self.place / path
            try:
                content = bytes(place.read())
            except MissingFileError:
                content = None
            except NoAccessError as error:
                # A bucket that may not be listed says this of each file that is not there.
                self._refusals[path], content = error, None
            if content is not None:
                self._editions[path] = make_edition(place.version, content)
            self._keep(path, content)

        return job

    def _keep(self, path: str, content: bytes | None) -> None:
        document = None if content is None else self._parse(path, content)
        with self._changing:
            self._found[path] = document
            if content is not None:
                self._bytes[path] = content
            if document is not None and self._consolidated and path.endswith("zarr.json"):
                self._take_copies(path.removesuffix("zarr.json"), document.get("consolidated_metadata"))

    def _take_copies(self, head: str, copies: Any) -> None:
        metadata = copies.get("metadata") if isinstance(copies, Mapping) else None
        if isinstance(metadata, Mapping):
            for path, document in metadata.items():
                if isinstance(document, Mapping):
                    self._found.setdefault(f"{head}{path}/zarr.json", document)
                    self._editions.setdefault(f"{head}{path}/zarr.json", self._editions.get(f"{head}zarr.json", ""))

    def _parse(self, path: str, content: bytes) -> Document:
        try:
            document = json.loads(content.decode("utf-8-sig"))
            if not isinstance(document, dict):
                message = f"it is {type(document).__name__}"
                raise TypeError(message)
        except (TypeError, ValueError, RecursionError) as error:
            msg = (
                f"The metadata file {self.url(path)} cannot be read: {error}. Expected a JSON object. "
                "It is missing or damaged; fetch or build the image anew."
            )
            raise UnreadableImageError(msg) from error
        return document

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.__dict__.items() if name not in {"_changing", "_bytes", "_refusals"}
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._bytes, self._refusals, self._changing = {}, {}, threading.Lock()


def join(*steps: str) -> str:
    """Join the steps of a path in the store.

    Examples
    --------
    >>> join("", "labels", "nuclei")
    'labels/nuclei'
    """
    return "/".join(step.strip("/") for step in steps if step)
