"""Licences: their SPDX identifiers out of whatever the archives write, and what each of them forbids.

An identifier never says more than the source. Where the source leaves the version out, there is no SPDX identifier,
and the licence gets a ``LicenseRef-`` that says so. Identifiers are those of the SPDX licence list, https://spdx.org/licenses.
"""

from __future__ import annotations

import re
from functools import lru_cache

USES = ("commercial use", "derivatives", "redistribution", "unattributed use", "other terms")
"""What a licence may forbid; ``other terms`` is to pass on what was made of it under another licence."""

ALL_RIGHTS_RESERVED = "LicenseRef-all-rights-reserved"
PUBLIC_DOMAIN = "LicenseRef-public-domain"
NOT_KNOWN = "LicenseRef-other"
"""Terms that are stated, and that this table does not know."""

# Not Creative Commons: identifier, address and what it forbids.
_TERMS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    PUBLIC_DOMAIN: (None, ()),
    ALL_RIGHTS_RESERVED: (None, USES),
    "CC-PDM-1.0": ("https://creativecommons.org/publicdomain/mark/1.0/", ()),
    "CC-PDDC": ("https://creativecommons.org/licenses/publicdomain/", ()),
    # Open to research that cites and does not sell; to pass the images on is not plainly allowed.
    "LicenseRef-Allen-Institute-terms": (
        "https://alleninstitute.org/terms-of-use/",
        ("commercial use", "redistribution", "unattributed use"),
    ),
    "LicenseRef-EMBL-EBI-terms": ("https://www.ebi.ac.uk/about/terms-of-use/", ("unattributed use",)),
    "LicenseRef-EGA-data-access-agreement": ("https://ega-archive.org/access/data-access-committee/", USES),
    "LicenseRef-UK-Biobank-MTA": ("https://www.ukbiobank.ac.uk/use-our-data/apply-for-access/", USES),
    "Apache-2.0": ("https://www.apache.org/licenses/LICENSE-2.0", ("unattributed use",)),
    "BSD-3-Clause": ("https://opensource.org/license/bsd-3-clause", ("unattributed use",)),
    "MIT": ("https://opensource.org/license/mit", ("unattributed use",)),
    "ODC-By-1.0": ("https://opendatacommons.org/licenses/by/1-0/", ("unattributed use",)),
    "ODbL-1.0": ("https://opendatacommons.org/licenses/odbl/1-0/", ("unattributed use", "other terms")),
    "PDDL-1.0": ("https://opendatacommons.org/licenses/pddl/1-0/", ()),
}

# Patterns over the text in small letters with single hyphens, tried in order.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spdx)
    for pattern, spdx in (
        (r"all-rights-reserved|^copyright|^\(?©|\bcopyright-", ALL_RIGHTS_RESERVED),
        (r"public-?domain-mark|^cc-pdm|^pdm-?1", "CC-PDM-1.0"),
        (r"^cc-pddc", "CC-PDDC"),
        (r"^(in-the-)?public-?domain$|^pd$", PUBLIC_DOMAIN),
        (r"alleninstitute\.org|brain-map\.org|^allen-", "LicenseRef-Allen-Institute-terms"),
        (r"ukbiobank\.ac\.uk|^uk-?biobank", "LicenseRef-UK-Biobank-MTA"),
        (r"ega-archive\.org|^ega-|^data-access-(agreement|committee)", "LicenseRef-EGA-data-access-agreement"),
        (r"ebi\.ac\.uk/about/terms|^embl-ebi-terms", "LicenseRef-EMBL-EBI-terms"),
        (r"^apache(-license)?(-version)?-2", "Apache-2.0"),
        (r"^bsd-3|^new-bsd|^revised-bsd", "BSD-3-Clause"),
        (r"^mit(-license)?$", "MIT"),
        (r"^odc-by|opendatacommons\.org/licenses/by", "ODC-By-1.0"),
        (r"^odbl|opendatacommons\.org/licenses/odbl", "ODbL-1.0"),
        (r"^pddl|opendatacommons\.org/licenses/pddl", "PDDL-1.0"),
    )
)
_NONE = {"", "-", "n/a", "na", "none", "null", "nan", "not-stated", "none-stated", "no-licence-stated", "unknown"}
_NONE |= {"no-license-stated", "no-licence", "no-license", "unspecified", "not-specified"}

_ADDRESS = re.compile(r"^(?:https?:)?//(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)(?:/(.*))?$")
_ZERO = re.compile(r"^(creative-commons-)?cc-?(0|zero)\b|^creative-commons-zero|\bcc0\b|\bcc-zero\b|^zero$")
_ELEMENTS = re.compile(
    r"\b(?:cc|creative-commons|attribution)[-(]*(?:cc-)?(?:by|nc|sa|nd)\b|\bby-(?:nc|sa|nd)|attribution"
)
_VERSION = re.compile(r"(?<![\d.])([1-4])(?:\.(\d))?(?![\d.])")
# The ports of Creative Commons licences to a jurisdiction that are in the SPDX list.
_PORTS = {
    "BY": {"2.5-AU", "3.0-AT", "3.0-AU", "3.0-DE", "3.0-IGO", "3.0-NL", "3.0-US"},
    "BY-NC": {"3.0-DE"},
    "BY-NC-ND": {"3.0-DE", "3.0-IGO"},
    "BY-NC-SA": {"2.0-DE", "2.0-FR", "2.0-UK", "3.0-DE", "3.0-IGO"},
    "BY-ND": {"3.0-DE"},
    "BY-SA": {"2.0-UK", "2.1-JP", "3.0-AT", "3.0-DE", "3.0-IGO"},
}
_VERSIONS = {"1.0", "2.0", "2.5", "3.0", "4.0"}
# The Human Protein Atlas changed its licence; each version keeps its own page. Others are not known.
_PROTEIN_ATLAS = {"15": "CC-BY-NC-ND-4.0", "18": "CC-BY-SA-3.0", "www": "CC-BY-SA-4.0", "": "CC-BY-SA-4.0"}
_PROTEIN_ATLAS_PAGE = re.compile(r"^(?:https?:)?//(?:(www|v\d+)\.)?proteinatlas\.org(?:/|$)")


@lru_cache(maxsize=4096)
def parse_licence(text: str | None) -> tuple[str | None, str | None]:
    """Tell the licence that a text means.

    Parameters
    ----------
    text : str or None
        An address, a name or a code, as ``CC BY 4.0``, ``https://creativecommons.org/licenses/by/4.0/``,
        ``attribution_nc_sa`` or ``public_domain``.

    Returns
    -------
    identifier : str or None
        SPDX identifier. ``LicenseRef-CC-BY-unversioned`` and the like where the version is not stated,
        ``LicenseRef-public-domain``, ``LicenseRef-all-rights-reserved`` and other names for terms that are not in
        SPDX, ``LicenseRef-other`` for terms that are not known here; None where none is stated.
    url : str or None
        Where it is written; None where that is not known, or where a version would have to be chosen.

    Examples
    --------
    >>> parse_licence("http://creativecommons.org/licenses/by-nc-sa/3.0")
    ('CC-BY-NC-SA-3.0', 'https://creativecommons.org/licenses/by-nc-sa/3.0/')
    >>> parse_licence("attribution_nc_sa")
    ('LicenseRef-CC-BY-NC-SA-unversioned', None)
    >>> parse_licence("none stated")
    (None, None)
    """
    plain = " ".join((text or "").split())
    lower = plain.lower()
    if _code(lower) in _NONE:
        return None, None
    if plain.startswith("LicenseRef-"):
        return plain, _TERMS.get(plain, (None, ()))[0]
    found = _ADDRESS.match(lower)
    if found:
        return _creative_commons_of_address(*found.groups())
    page = _PROTEIN_ATLAS_PAGE.match(lower)
    if page:
        version = (page.group(1) or "").removeprefix("v")
        return _PROTEIN_ATLAS.get(version, f"LicenseRef-Human-Protein-Atlas-v{version}"), plain
    return _of_name(_code(lower), plain if re.match(r"https?://", lower) else None)


@lru_cache(maxsize=1024)
def forbids(spdx: str | None) -> tuple[str, ...]:
    """Tell what a licence forbids.

    Parameters
    ----------
    spdx : str or None
        As `parse_licence` gives it.

    Returns
    -------
    tuple of str
        Out of `USES`, in that order. All of them where no licence is stated or the terms are not known here: what is
        not allowed is forbidden.

    Examples
    --------
    >>> forbids("CC-BY-NC-SA-4.0")
    ('commercial use', 'unattributed use', 'other terms')
    >>> forbids("CC0-1.0")
    ()
    """
    if spdx is None:
        return USES
    if spdx in _TERMS:
        return _TERMS[spdx][1]
    name = spdx.removeprefix("LicenseRef-")
    if name.startswith("CC0"):
        return ()
    if not name.startswith("CC-BY"):
        return USES
    parts = set(name.split("-"))
    banned = {"unattributed use"}
    banned |= {"commercial use"} if "NC" in parts else set()
    banned |= {"derivatives"} if "ND" in parts else set()
    banned |= {"other terms"} if "SA" in parts else set()
    return tuple(use for use in USES if use in banned)


def _code(text: str) -> str:
    """Bring a name or a code to small letters and single hyphens."""
    return re.sub(r"[\s_–-]+", "-", text).strip("-. ")


def _creative_commons_of_address(kind: str, name: str, rest: str | None) -> tuple[str | None, str | None]:
    """Read ``/licenses/by/3.0/us/`` and its like, with or without ``deed`` and ``legalcode``."""
    if kind == "publicdomain":
        if name == "zero":
            return "CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"
        return "CC-PDM-1.0", _TERMS["CC-PDM-1.0"][0]
    if name == "publicdomain":
        return "CC-PDDC", _TERMS["CC-PDDC"][0]
    steps = [step for step in (rest or "").split("/") if step and not step.startswith(("deed", "legalcode"))]
    version = steps[0] if steps else None
    port = steps[1].upper() if len(steps) > 1 else ""
    return _creative_commons(name.split("-"), version, port)


def _creative_commons(elements: list[str], version: str | None, port: str = "") -> tuple[str, str | None]:
    """Name a licence of its elements, in the order that Creative Commons writes them."""
    name = "-".join(element for element in ("by", "nc", "nd", "sa") if element in {*elements, "by"})
    label = f"CC-{name.upper()}"
    if version is None:
        return f"LicenseRef-{label}-unversioned", None
    url = f"https://creativecommons.org/licenses/{name}/{version}/" + (f"{port.lower()}/" if port else "")
    full = f"{version}-{port}" if port else version
    listed = full in _PORTS.get(name.upper(), set()) if port else version in _VERSIONS
    return ("" if listed else "LicenseRef-") + f"{label}-{full}", url


def _of_name(code: str, url: str | None) -> tuple[str | None, str | None]:
    """Read a name, such as ``creative-commons-attribution-4.0-international``."""
    if _ZERO.search(code):
        return "CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"
    for pattern, spdx in _PATTERNS:
        if pattern.search(code):
            return spdx, url or _TERMS[spdx][0]
    if not _ELEMENTS.search(code):
        return NOT_KNOWN, url
    elements = ["by"]
    elements += ["nc"] if re.search(r"\bnc\b|non-?commercial", code) else []
    elements += ["nd"] if re.search(r"\bnd\b|no-?deriv", code) else []
    elements += ["sa"] if re.search(r"\bsa\b|share-?alike", code) else []
    version = _VERSION.search(code)
    port = re.search(r"^cc-by.*\d\.\d-([a-z]{2,3})$", code)
    return _creative_commons(
        elements,
        f"{version[1]}.{version[2] or 0}" if version else None,
        port[1].upper() if port else "",
    )
