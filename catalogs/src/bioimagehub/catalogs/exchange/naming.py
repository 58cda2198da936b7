"""What documents of other standards call records and licences, which know nothing of this catalog."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from bioimagehub.catalogs.archives.values import line, slug
from bioimagehub.catalogs.parts import Identifier
from bioimagehub.catalogs.vocabulary.licences import parse_licence

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPDX_PAGE = re.compile(r"https?://spdx\.org/licenses/([A-Za-z0-9.+-]+?)(?:\.html|\.json)?")
# An identifier of SPDX ends in a version, as EUPL-1.2 and GPL-3.0-only do.
_SPDX_CODE = re.compile(r"([A-Za-z]+(?:-[A-Za-z0-9]+)*-\d+(?:\.\d+)*(?:-only|-or-later)?)")


@cache
def _identifiers() -> TypeAdapter[str]:
    return TypeAdapter(Identifier)


def find_identifier(stated: Iterable[Any], doi: str | None) -> str | None:
    """Give an identifier: the first stated one that is one, else one made of the DOI; None where there is neither.

    >>> find_identifier(["bia:S-BIAD1002"], None), find_identifier(["smith2020"], "10.5281/zenodo.1120379")
    ('bia:S-BIAD1002', 'doi:10.5281-zenodo.1120379')
    """
    for each in stated:
        try:
            return _identifiers().validate_python(line(each))
        except ValidationError:
            continue
    return f"doi:{slug(doi)}" if doi else None


def licence_page(licence: str) -> str | None:
    """Give the page of a licence: its own, or that in the SPDX list; None of terms that have none.

    >>> licence_page("CC0-1.0"), licence_page("EUPL-1.2"), licence_page("LicenseRef-all-rights-reserved")
    ('https://creativecommons.org/publicdomain/zero/1.0/', 'https://spdx.org/licenses/EUPL-1.2', None)
    """
    own = parse_licence(licence)[1]
    return own if own or licence.startswith("LicenseRef-") else f"https://spdx.org/licenses/{licence}"


def find_licence(text: str | None) -> tuple[str | None, str | None]:
    """Give identifier and address of a licence as `parse_licence` does, and of what else looks like one of SPDX.

    >>> find_licence("https://spdx.org/licenses/EUPL-1.2.html"), find_licence("EUPL-1.2")
    (('EUPL-1.2', 'https://spdx.org/licenses/EUPL-1.2'), ('EUPL-1.2', 'https://spdx.org/licenses/EUPL-1.2'))
    """
    page = _SPDX_PAGE.fullmatch(text or "") or _SPDX_CODE.fullmatch(text or "")
    if page is None:
        return parse_licence(text)
    known, url = parse_licence(page[1])
    return (page[1], licence_page(page[1])) if known in {None, "LicenseRef-other"} else (known, url)
