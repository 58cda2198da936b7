"""Licences: every spelling that the archives use, and what each licence forbids."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.vocabulary.licences import ALL_RIGHTS_RESERVED, NOT_KNOWN, USES, forbids, parse_licence

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "archives" / "entries_index.csv"
CC = "https://creativecommons.org"


@pytest.mark.parametrize(
    ("text", "spdx", "url"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", f"{CC}/licenses/by/4.0/"),
        ("http://creativecommons.org/licenses/by/4.0", "CC-BY-4.0", f"{CC}/licenses/by/4.0/"),
        ("https://www.creativecommons.org/licenses/by/4.0/deed.de", "CC-BY-4.0", f"{CC}/licenses/by/4.0/"),
        (
            "https://creativecommons.org/licenses/by-nc-nd/4.0/legalcode",
            "CC-BY-NC-ND-4.0",
            f"{CC}/licenses/by-nc-nd/4.0/",
        ),
        ("http://creativecommons.org/licenses/by-nc-sa/3.0/", "CC-BY-NC-SA-3.0", f"{CC}/licenses/by-nc-sa/3.0/"),
        ("https://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US", f"{CC}/licenses/by/3.0/us/"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0", f"{CC}/publicdomain/zero/1.0/"),
        ("https://creativecommons.org/publicdomain/mark/1.0/deed", "CC-PDM-1.0", f"{CC}/publicdomain/mark/1.0/"),
        ("CC BY 4.0", "CC-BY-4.0", f"{CC}/licenses/by/4.0/"),
        ("CC-BY-NC-SA-3.0", "CC-BY-NC-SA-3.0", f"{CC}/licenses/by-nc-sa/3.0/"),
        ("cc_by_sa_4.0", "CC-BY-SA-4.0", f"{CC}/licenses/by-sa/4.0/"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0", f"{CC}/licenses/by/4.0/"),
        (
            "Creative Commons Attribution-NonCommercial-ShareAlike 3.0 Unported License",
            "CC-BY-NC-SA-3.0",
            f"{CC}/licenses/by-nc-sa/3.0/",
        ),
        ("Attribution-NoDerivatives 4.0 International (CC BY-ND 4.0)", "CC-BY-ND-4.0", f"{CC}/licenses/by-nd/4.0/"),
        ("CC0", "CC0-1.0", f"{CC}/publicdomain/zero/1.0/"),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0", f"{CC}/publicdomain/zero/1.0/"),
        ("Public Domain Mark 1.0", "CC-PDM-1.0", f"{CC}/publicdomain/mark/1.0/"),
        ("https://v18.proteinatlas.org/about/licence", "CC-BY-SA-3.0", "https://v18.proteinatlas.org/about/licence"),
        ("https://v15.proteinatlas.org/about/licence", "CC-BY-NC-ND-4.0", "https://v15.proteinatlas.org/about/licence"),
        ("https://www.proteinatlas.org/about/licence", "CC-BY-SA-4.0", "https://www.proteinatlas.org/about/licence"),
        ("Apache License 2.0", "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
    ],
)
def test_what_states_a_version_gets_the_identifier_of_spdx(text: str, spdx: str, url: str) -> None:
    assert parse_licence(text) == (spdx, url)


@pytest.mark.parametrize(
    ("code", "name", "forbidden"),
    [
        ("public_domain", "LicenseRef-public-domain", ()),
        ("attribution_cc_by", "LicenseRef-CC-BY-unversioned", ("unattributed use",)),
        ("attribution_sa", "LicenseRef-CC-BY-SA-unversioned", ("unattributed use", "other terms")),
        ("attribution_nc", "LicenseRef-CC-BY-NC-unversioned", ("commercial use", "unattributed use")),
        (
            "attribution_nc_sa",
            "LicenseRef-CC-BY-NC-SA-unversioned",
            ("commercial use", "unattributed use", "other terms"),
        ),
        (
            "attribution_nc_nd",
            "LicenseRef-CC-BY-NC-ND-unversioned",
            ("commercial use", "derivatives", "unattributed use"),
        ),
        ("attribution_nd", "LicenseRef-CC-BY-ND-unversioned", ("derivatives", "unattributed use")),
        ("copyright", ALL_RIGHTS_RESERVED, USES),
    ],
)
def test_codes_of_the_cell_image_library_get_no_version(code: str, name: str, forbidden: tuple[str, ...]) -> None:
    assert parse_licence(code) == (name, None)
    assert forbids(name) == forbidden


@pytest.mark.parametrize("text", [None, "", "  ", "none", "None stated", "no licence stated", "N/A", "not stated"])
def test_where_none_is_stated_nothing_is_allowed(text: str | None) -> None:
    assert parse_licence(text) == (None, None)
    assert forbids(None) == USES


def test_terms_that_are_not_known_are_not_taken_for_open() -> None:
    assert parse_licence("see the publisher's page") == (NOT_KNOWN, None)
    assert parse_licence("https://example.org/terms") == (NOT_KNOWN, "https://example.org/terms")
    assert parse_licence("https://v21.proteinatlas.org/about/licence")[0] == "LicenseRef-Human-Protein-Atlas-v21"
    for name in (NOT_KNOWN, "LicenseRef-Human-Protein-Atlas-v21", "LicenseRef-never-heard-of"):
        assert forbids(name) == USES


def test_contracts_forbid_everything_that_they_do_not_allow() -> None:
    assert parse_licence("EGA data access agreement")[0] == "LicenseRef-EGA-data-access-agreement"
    assert parse_licence("https://www.ukbiobank.ac.uk/enable-your-research")[0] == "LicenseRef-UK-Biobank-MTA"
    assert "redistribution" in forbids("LicenseRef-EGA-data-access-agreement")
    assert "commercial use" in forbids("LicenseRef-UK-Biobank-MTA")


def test_allen_terms_forbid_sale() -> None:
    name, _ = parse_licence("https://alleninstitute.org/terms-of-use/")
    assert "commercial use" in forbids(name)
    assert "derivatives" not in forbids(name)


def test_copyright_of_a_company_is_reserved() -> None:
    text = "The images and ground truth are copyright AstraZeneca Pharmaceuticals."
    assert parse_licence(text) == (ALL_RIGHTS_RESERVED, None)


@pytest.mark.parametrize("spdx", ["CC-BY-4.0", "CC0-1.0", "CC-BY-NC-ND-4.0", "CC-BY-3.0-US", "MIT", "CC-PDM-1.0"])
def test_an_identifier_is_its_own_name(spdx: str) -> None:
    assert parse_licence(spdx)[0] == spdx


def test_a_port_that_spdx_does_not_list_is_a_reference() -> None:
    name, url = parse_licence("http://creativecommons.org/licenses/by/2.1/jp/")
    assert (name, url) == ("LicenseRef-CC-BY-2.1-JP", f"{CC}/licenses/by/2.1/jp/")
    assert forbids(name) == ("unattributed use",)


@pytest.mark.parametrize(
    ("spdx", "forbidden"),
    [
        ("CC0-1.0", ()),
        ("CC-BY-4.0", ("unattributed use",)),
        ("CC-BY-SA-4.0", ("unattributed use", "other terms")),
        ("CC-BY-NC-4.0", ("commercial use", "unattributed use")),
        ("CC-BY-ND-4.0", ("derivatives", "unattributed use")),
        ("ODbL-1.0", ("unattributed use", "other terms")),
    ],
)
def test_what_a_licence_forbids(spdx: str, forbidden: tuple[str, ...]) -> None:
    assert forbids(spdx) == forbidden


@given(st.text(max_size=80))
def test_any_text_gives_an_identifier_that_a_record_takes(text: str) -> None:
    name, _ = parse_licence(text)
    assert name is None or re.fullmatch(r"[A-Za-z0-9.+-]+", name)
    assert set(forbids(name)) <= set(USES)


@pytest.mark.parametrize("path", [RECORDED] if RECORDED.exists() else [])
def test_every_recorded_licence_is_known(path: Path) -> None:
    with path.open(newline="", encoding="utf-8") as stream:
        stated = {row["licence"] for row in csv.DictReader(stream)}
    assert {text for text in stated if parse_licence(text)[0] == NOT_KNOWN} == set()
    assert {text for text in stated if parse_licence(text)[0] is None} <= {""}
