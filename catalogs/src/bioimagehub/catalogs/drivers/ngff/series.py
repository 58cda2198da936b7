"""Several images in one store, as bioformats2raw writes them: which there are.

References
----------
OME-NGFF 0.5, section "bioformats2raw.layout", https://ngff.openmicroscopy.org/0.5/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.arrays.choice import choose_image
from bioimagehub.catalogs.drivers.ngff.documents import Documents, Group, join
from bioimagehub.catalogs.errors import MissingFileError, UnreadableImageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LAYOUT = "bioformats2raw.layout"


def list_series(documents: Documents, group: Group) -> list[str]:
    """Give the paths of the images in a collection.

    They are those that its group ``OME`` lists, or as many as its OME-XML has, or those that are there, from 0 on.

    Raises
    ------
    UnreadableImageError
        If there are none, or the list or the OME-XML is none.
    """
    if documents.facts is not None and "series" in documents.facts:
        return list(documents.facts["series"])
    name = documents.url(group.path)
    folder = documents.group(join(group.path, "OME"))
    listed: Any = None if folder is None else folder.attributes.get("series")
    if listed is None:
        count = _count_images(documents, join(group.path, "OME", "METADATA.ome.xml"))
        listed = _look(documents, group.path) if count is None else list(map(str, range(count)))
    if not isinstance(listed, list) or not listed or not all(isinstance(each, str) and each for each in listed):
        msg = (
            f"The collection {name} lists the images {listed!r:.80}. Expected paths of one image or more in "
            "OME/zarr.json or OME/.zattrs. Build it anew, or give the address of one image in it."
        )
        raise UnreadableImageError(msg)
    return listed


def choose_series(documents: Documents, group: Group, series: int | str | None, arrays: Iterable[str] = ()) -> Group:
    """Give the group of an image of a collection; `arrays` as in `Documents.group`.

    Raises
    ------
    AmbiguousImageError, UnknownImageError
        If there are several and none was chosen, or there is no such one.
    UnreadableImageError
        If it is listed and missing.
    """
    name = documents.url(group.path)
    listed = list_series(documents, group)
    path = join(group.path, listed[choose_image(series, listed, "series", name)])
    found = documents.group(path, arrays=arrays)
    if found is None:
        msg = f"The image {documents.url(path)} is listed and missing. Fetch or build the collection anew."
        raise UnreadableImageError(msg)
    return found


def is_collection(attributes: Mapping[str, Any]) -> bool:
    """Tell whether a group is a collection of images."""
    return LAYOUT in attributes


def _count_images(documents: Documents, path: str) -> int | None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    place = documents.place / path
    try:
        root = fromstring(bytes(place.read()))
    except MissingFileError:
        return None
    except (ParseError, DefusedXmlException, ValueError) as error:
        msg = f"The OME-XML {place.url} cannot be read: {error}. Fetch the collection anew."
        raise UnreadableImageError(msg) from error
    return len(root.findall("{*}Image"))


def _look(documents: Documents, path: str) -> list[str]:
    found: list[str] = []
    while documents.group(join(path, str(len(found)))) is not None:
        found.append(str(len(found)))
    return found
