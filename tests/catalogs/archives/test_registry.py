"""The archives as a whole: each module has the same names, and tells of its archive what a user must know."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

from bioimagehub.catalogs.archives import ALIASES, ARCHIVES, open_archive
from bioimagehub.catalogs.archives.archive import Archive
from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import RecordNotFoundError, UnknownArchiveError

SIGNATURES = {
    "search": ["text", "client", "limit"],
    "fetch_record": ["accession", "client"],
    "list_files": ["accession", "client"],
    "resolve": ["accession", "path", "client"],
    "harvest": ["client", "report", "since", "cursor"],
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_each_archive_has_the_same_functions(name: str) -> None:
    module = open_archive(name)
    for function, parameters in SIGNATURES.items():
        found = inspect.signature(getattr(module, function)).parameters
        assert list(found)[: len(parameters)] == parameters
        # One may offer more, such as an older release of the archive; nobody has to know of it.
        for more in list(found.values())[len(parameters) :]:
            assert more.kind is more.KEYWORD_ONLY
            assert more.default is not more.empty
        assert getattr(module, function).__doc__, f"{name}.{function} is not documented"


@pytest.mark.parametrize("name", ARCHIVES)
def test_each_archive_tells_what_it_gives(name: str) -> None:
    archive = open_archive(name).ARCHIVE
    assert isinstance(archive, Archive)
    assert archive.name == name
    assert re.fullmatch(archive.accession, archive.example)
    assert archive.check(archive.example) == archive.example
    for text in (archive.title, archive.gives, archive.limits, archive.licence):
        assert text
        assert "\n" not in text
    assert archive.home.startswith(("http://", "https://"))


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("accession", ["", "../etc", "x/../y", "a b", "a?b=c", "a#b", "a\nb", "%2e%2e", "\x1b[31m"])
def test_what_is_no_accession_never_stands_in_an_address(name: str, accession: str) -> None:
    with pytest.raises(RecordNotFoundError, match="they look like") as caught:
        open_archive(name).ARCHIVE.check(accession)
    assert "\x1b" not in str(caught.value)


def test_names_are_sorted_and_the_paper_is_covered() -> None:
    assert list(ARCHIVES) == sorted(ARCHIVES)
    assert len(ARCHIVES) == 18


@pytest.mark.parametrize(("alias", "study"), [("mitocheck", "idr0013"), ("mitotic-cell-atlas", "idr0041")])
def test_studies_with_a_name_of_their_own(alias: str, study: str) -> None:
    assert ALIASES[alias] == f"idr:{study}"
    assert open_archive(alias) is open_archive("idr")


def test_an_unknown_archive_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UnknownArchiveError, match=r"no archive 'idrr' here.*empiar, gxa.*mitocheck"):
        open_archive("idrr")


def test_the_registry_loads_no_module_before_it_is_asked_for() -> None:
    code = (
        "import sys, bioimagehub.catalogs.archives as a; "
        "heavy = [m for m in sys.modules if m.startswith('bioimagehub.catalogs.archives.')]; "
        "assert not heavy, heavy; assert not {'urllib3', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_report_tells_what_was_tolerated_and_lost() -> None:
    report = Report(quiet=True)
    report.defect("bia:S-BIAD1", "licence", "'CC\x1b[31m' is no known licence; left out")
    report.lost("bia:S-BIAD2", ValueError("no title"))
    assert report.summary().splitlines() == [
        "1 defect tolerated, 1 record lost",
        "bia:S-BIAD2: lost: no title",
        "bia:S-BIAD1: licence: 'CC\N{REPLACEMENT CHARACTER}[31m' is no known licence; left out",
    ]
    again = Report()
    again.extend(report.fields())
    assert again == Report(defects=report.defects, losses=report.losses)


def test_a_defect_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    Report().defect("bia:S-BIAD1", "licence", "left out")
    assert "bia:S-BIAD1: licence: left out" in caplog.text
