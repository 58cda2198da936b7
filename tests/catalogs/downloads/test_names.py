"""Names of files that archives choose, on file systems that they never heard of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.catalogs.downloads.names import check_links, choose_names, escape_name
from bioimagehub.catalogs.errors import UnsafeNameError

if TYPE_CHECKING:
    from pathlib import Path

STEPS = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda step: step not in {".", ".."}
)
PATHS = st.lists(STEPS, min_size=1, max_size=3).map("/".join)


@pytest.mark.parametrize(
    "path",
    ["../etc/passwd", "/etc/passwd", "a/../../b", "a//b", "", ".", "a/./b", "a/"],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(UnsafeNameError, match="Leave these files out with a glob"):
        choose_names(["fine.tif", path])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("C:", "C%3A"),
        ("a\\b", "a%5Cb"),
        ("CON", "%43ON"),
        ("con.txt", "%63on.txt"),
        ("lpt1.tar.gz", "%6Cpt1.tar.gz"),
        ("console", "console"),
        ("dot.", "dot%2E"),
        ("space ", "space%20"),
        ("nul\0", "nul%00"),
        ("bell\x07", "bell%07"),
        ("\u202egpj.exe", "%E2%80%AEgpj.exe"),
        ("what?*", "what%3F%2A"),
        ("x.part", "x%2Epart"),
        (".bioimagehub", "%2Ebioimagehub"),
        ("100%", "100%"),
        ("Größe µm.tif", "Größe µm.tif"),
    ],
)
def test_what_no_file_system_takes_is_escaped(name: str, written: str) -> None:
    assert escape_name(name) == written
    assert unquote(written) == name


def test_names_that_differ_by_case_alone_are_told_apart() -> None:
    names = choose_names(["A.tif", "a.tif", "Set/1.tif", "set/1.tif"])
    assert names["A.tif"] == "A.tif"
    assert names["a.tif"] == "%61.tif"
    assert len({name.casefold() for name in names.values()}) == 4
    assert len({name.partition("/")[0].casefold() for name in names.values() if "/" in name}) == 2


def test_an_accent_is_the_same_in_both_encodings() -> None:
    names = choose_names(["\u00e9.tif", "e\u0301.tif"])
    assert len(set(names.values())) == 2
    assert any("%" in name for name in names.values())


def test_a_file_gives_way_to_the_folder_of_its_name() -> None:
    assert choose_names(["a", "a/b"]) == {"a": "%61", "a/b": "a/b"}


def test_a_file_gives_way_where_all_its_letters_are_escaped_anyway() -> None:
    names = choose_names(['"', '"/b'])
    assert names['"/b'] == "%22/b"
    assert names['"'].startswith("%22~")
    assert choose_names(['"', '"/b'], names) == names


def test_names_of_an_earlier_run_stay() -> None:
    assert choose_names(["a.tif"]) == {"a.tif": "a.tif"}
    assert choose_names(["A.tif", "a.tif"], {"a.tif": "a.tif"}) == {"A.tif": "%41.tif", "a.tif": "a.tif"}


def test_a_long_name_is_cut_and_stays_the_only_one() -> None:
    names = choose_names([f"{'x' * 300}{number}.tif" for number in range(3)])
    assert len(set(names.values())) == 3
    assert all(len(name.encode()) <= 250 and name.endswith(".tif") for name in names.values())


def test_a_long_path_is_refused() -> None:
    with pytest.raises(UnsafeNameError, match="paths of more than 3,500 bytes"):
        choose_names(["/".join(["folder" * 20] * 40)])


@given(st.lists(PATHS, min_size=1, max_size=8))
def test_names_are_safe_reversible_and_their_own(paths: list[str]) -> None:
    names = choose_names(paths)
    assert set(names) == set(paths)
    assert len({name.casefold() for name in names.values()}) == len(names)
    for path, name in names.items():
        # Such a file has a folder of the same name beside it, and nothing in it that could be escaped.
        is_told_apart = any(other.startswith(f"{path}/") for other in paths) and not re.search(r"\w", path)
        assert unquote(name) == path or (is_told_apart and "~" in name)
        for step in name.split("/"):
            assert step not in {"", ".", ".."}
            assert step[-1] not in ". "
            assert not set(step) & set('\0"*:<>?\\|')
    assert choose_names(paths, names) == names


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "near").symlink_to(tmp_path / "in")
    check_links(tmp_path / "in", ["near/a.tif"])
    with pytest.raises(UnsafeNameError, match=r"link is a link to .*out.*Remove the link"):
        check_links(tmp_path / "in", ["link/a.tif"])
