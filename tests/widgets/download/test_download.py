"""What a download does, by its traits: no browser, and real stores."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs import Record, open_catalog
from bioimagehub.catalogs.downloads.background import BackgroundRun
from bioimagehub.catalogs.errors import FetchRunningError, FolderNotWritableError
from bioimagehub.catalogs.records import parse_record
from bioimagehub.widgets.download import download
from bioimagehub.widgets.errors import NothingToFetchError, NotNowError, UnknownKeywordError
from catalogs.downloads.made import make_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.widgets.download.widget import Download
    from servers.store import StoreServer

    Make = Callable[..., Download]

DEADLINE = 60.0
SIZE = 20_000_000


def until(widget: Download, *states: str) -> None:
    late = time.monotonic() + DEADLINE
    while widget.state not in states:
        assert time.monotonic() < late, (widget.state, widget.problem)
        time.sleep(0.02)


def ask(widget: Download, name: str, **content: Any) -> dict[str, Any]:
    answer: dict[str, Any] = getattr(widget, f"answer_{name}")(content, [], None)[0]
    return answer


@pytest.fixture
def slow(store: StoreServer, folder: Path) -> str:
    (folder / "image.tif").write_bytes(make_bytes(SIZE))
    store.fault(rate=5e5, method="GET")
    return f"{store.url}/image.tif"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for name in ("raw/a.tif", "raw/b.tif", "notes.txt"):
        file = tmp_path / "study" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(make_bytes(100))
    return tmp_path / "study"


def test_the_plan_comes_first(samples: Path, make: Make, into: Path) -> None:
    widget = make("samples:nuclei-3d")
    assert widget.wait(DEADLINE) == "planned"
    plan = widget.plan
    assert plan["files"] == plan["files_all"] > 10
    assert plan["exact"]
    assert plan["fits"]
    assert plan["free"] > plan["size"] > 1_000_000
    assert plan["parts"][0]["terms"] == "Nothing is forbidden."
    assert plan["images"][0]["axes"] == ["z", "y", "x"]
    assert plan["images"][0]["labels"] == ["nuclei"]
    assert not into.exists()
    text = widget.as_text()
    assert "licence   CC0-1.0. Nothing is forbidden." in text
    assert "free)" in text


def test_it_is_fetched_and_told(study: Path, make: Make, into: Path) -> None:
    widget = make(study)
    widget.wait(DEADLINE)
    widget.start()
    until(widget, "done")
    assert (into / "raw" / "a.tif").read_bytes() == make_bytes(100)
    assert widget.progress["files"] == widget.progress["files_total"] == 3
    assert {key: widget.result[key] for key in ("path", "files", "size", "checksums")} == {
        "path": str(into), "files": 3, "size": 300, "checksums": {"crc32": 3},
    }  # fmt: skip
    assert widget.result["code"].startswith("# This is the first of 2 images.\nfrom bioimagehub.")
    assert [entry.name for entry in widget.manifest()] == ["notes.txt", "raw/a.tif", "raw/b.tif"]
    assert ask(widget, "manifest", offset=1)["rows"][0]["name"] == "raw/a.tif"
    html = widget.as_static()["text/html"]
    assert str(into) in html
    assert "3 by crc32" in html
    assert "tiff.open_array" in html


def test_files_are_chosen(study: Path, make: Make, into: Path) -> None:
    widget = make(study)
    widget.wait(DEADLINE)
    assert ask(widget, "files", open=["raw"])["count"] == 4
    ask(widget, "choose", path="raw", take=False)
    assert widget.chosen == ["!raw"]
    assert (widget.plan["files"], widget.plan["size"]) == (1, 100)
    ask(widget, "choose", search="b.tif", take=True)
    assert widget.plan["files"] == 2
    widget.choose("", take=False)
    with pytest.raises(NothingToFetchError, match="Choose one in the list"):
        widget.start()
    widget.chosen = ["raw/b.tif"]
    widget.start()
    until(widget, "done")
    assert [entry.name for entry in widget.manifest()] == ["raw/b.tif"]


def test_a_part_of_an_image_is_planned_anew(samples: Path, make: Make, into: Path) -> None:
    from bioimagehub.catalogs.drivers import ome_zarr

    widget = make("samples:nuclei-3d", chosen=["image.ome.zarr"])
    widget.wait(DEADLINE)
    whole = widget.plan["files"]
    widget.levels = [1]
    until(widget, "planned")
    widget.region = {"z": [0, 8]}
    until(widget, "planned")
    assert widget.plan["files"] < whole
    # What there is to choose from stays that of the whole image.
    assert len(widget.plan["images"][0]["levels"]) == 2
    widget.start()
    until(widget, "done")
    assert ome_zarr.open_array(str(into / "image.ome.zarr")).shape == (4, 128, 128)
    widget.region = {"z": [1000, 2000]}
    until(widget, "failed")
    assert widget.problem["cure"]


def test_download_takes_what_was_chosen_at_the_last_moment(samples: Path, make: Make, into: Path) -> None:
    from bioimagehub.catalogs.drivers import ome_zarr

    widget = make("samples:nuclei-3d", chosen=["image.ome.zarr"])
    widget.wait(DEADLINE)
    # The page asks before it saves: the traits of the kernel are still those of the whole image.
    sent = {"levels": [1], "channels": [], "region": {"z": [0, 8]}, "labels": False, "rate": 5e8, "replace": True}
    ask(widget, "act", do="start", set=sent | {"folder": "/elsewhere"})
    until(widget, "done", "failed")
    assert ome_zarr.open_array(str(into / "image.ome.zarr")).shape == (4, 128, 128)
    assert {name: getattr(widget, name) for name in sent} == sent
    assert widget.folder == str(into)
    order = BackgroundRun(into).order
    assert order is not None
    assert (order.settings.rate, order.settings.replace) == (5e8, True)
    # What is saved in the end is nothing new.
    widget.set_state({"levels": [1], "region": {"z": [0, 8]}})
    assert widget.state == "done"


def test_what_cannot_be_planned_is_not_begun(samples: Path, make: Make, into: Path) -> None:
    widget = make("samples:nuclei-3d", chosen=["image.ome.zarr"])
    widget.wait(DEADLINE)
    ask(widget, "act", do="start", set={"region": {"z": [1000, 2000]}})
    until(widget, "failed")
    assert "z" in widget.problem["found"] + widget.problem["what"]
    assert not (into / "image.ome.zarr").exists()


@pytest.mark.parametrize(("ending", "files"), [(".tif", ["raw/A.TIF", "raw/b.tif"]), (".ome.tif", ["raw/c.ome.tif"])])
def test_a_format_is_fetched_as_it_was_counted(
    study: Path, make: Make, into: Path, ending: str, files: list[str]
) -> None:
    for name in ("A.TIF", "c.ome.tif"):
        (study / "raw" / name).write_bytes(make_bytes(100))
    (study / "raw" / "a.tif").unlink()
    widget = make(study)
    widget.wait(DEADLINE)
    (counted,) = [each["files"] for each in widget.plan["endings"] if each["ending"] == ending]
    ask(widget, "choose", ending=ending)
    assert widget.plan["files"] == counted == len(files)
    widget.start()
    until(widget, "done", "failed")
    assert [entry.name for entry in widget.manifest()] == files


def test_the_format_of_an_image_of_this_machine_is_fetched(samples: Path, make: Make, into: Path) -> None:
    widget = make("samples:nuclei-3d")
    widget.wait(DEADLINE)
    ask(widget, "choose", ending=".ome.zarr")
    widget.start()
    until(widget, "done", "failed")
    assert {entry.name.partition("/")[0] for entry in widget.manifest()} == {"image.ome.zarr"}


def test_the_licences_of_all_datasets_are_told(study: Path, make: Make) -> None:
    plain = open_catalog()["samples:bbbc038-nuclei"]
    assert isinstance(plain, Record)
    fields = plain.model_dump(mode="json", exclude_defaults=True)

    def record(number: int, licence: str | None) -> Record:
        return parse_record(
            fields | {"identifier": f"test:{number}", "url": str(study), "licence": licence, "licence_url": None}, study
        )

    many = [record(number, "CC0-1.0") for number in range(55)]
    widget = make([*many, record(55, "CC-BY-NC-4.0"), record(56, None)])
    assert widget.wait(DEADLINE) == "planned", widget.problem
    groups = widget.plan["licences"]
    assert [(each["licence"], each["count"]) for each in groups] == [("CC0-1.0", 55), ("CC-BY-NC-4.0", 1), (None, 1)]
    assert groups[0]["sources"] == [f"test:{number}" for number in range(5)]
    text = widget.as_text()
    assert "licence of 55" in text
    assert "CC0-1.0. Nothing is forbidden. (55 datasets: test:0, test:1, test:2, test:3, test:4, …)" in text
    assert "You may not use it commercially or use it without naming its authors. (1 dataset: test:55)" in text
    assert "you may not pass it on, nor what you make of it. (1 dataset: test:56)" in widget.as_static()["text/html"]


def test_where_there_is_no_room_it_says_what_can_be_done(study: Path, make: Make) -> None:
    widget = make(study)
    widget.wait(DEADLINE)
    assert "too little" not in widget.as_text()
    widget.plan = widget.plan | {"fits": False, "size": 2_000_000, "free": 1_000_000}
    assert (
        "room      1 MB too little. Choose less, or make the widget with another folder: download(" in widget.as_text()
    )


def test_paused_it_is_found_by_another_widget(slow: str, store: StoreServer, make: Make, into: Path) -> None:
    first = make(slow, chosen=["*.tif"])
    first.wait(DEADLINE)
    told: list[float] = []
    first.observe(lambda _: told.append(time.monotonic()), "progress")
    first.start()
    until(first, "running")
    late = time.monotonic() + DEADLINE
    while len(told) < 6:
        assert time.monotonic() < late
        time.sleep(0.02)
    assert (told[-1] - told[1]) / (len(told) - 2) > 0.15, "more often than four times a second"
    first.pause()
    until(first, "paused")
    first.close()
    second = make()
    assert (second.state, second.entries, second.chosen) == ("paused", [slow], ["*.tif"])
    assert 0 < second.progress["size"] < SIZE
    with pytest.raises(NotNowError, match="cannot be begun: it is paused"):
        second.start()
    third = make([slow])
    assert third.state == "paused"
    store.mend()
    second.resume()
    until(second, "done")
    until(third, "done")
    assert (into / "image.tif").read_bytes() == make_bytes(SIZE)


def test_killed_it_is_paused_and_says_why(slow: str, store: StoreServer, make: Make, into: Path) -> None:
    import os
    import signal

    widget = make(slow)
    widget.wait(DEADLINE)
    widget.start()
    until(widget, "running")
    os.kill(json.loads((into / ".bioimagehub" / "lock").read_text())["process"], signal.SIGKILL)
    until(widget, "paused")
    assert "ended before it was done" in widget.problem["what"]
    store.mend()
    widget.resume()
    until(widget, "done")
    assert widget.problem is None


def test_cancelled_it_keeps_what_came(slow: str, store: StoreServer, make: Make, into: Path) -> None:
    widget = make(slow)
    widget.wait(DEADLINE)
    widget.start()
    late = time.monotonic() + DEADLINE
    while not widget.progress.get("size"):
        assert time.monotonic() < late
        time.sleep(0.02)
    widget.cancel()
    until(widget, "cancelled")
    while BackgroundRun(into).is_alive:
        assert time.monotonic() < late
        time.sleep(0.02)
    assert 0 < widget.progress["size"] < SIZE
    store.mend()
    store.reset()
    widget.resume()
    until(widget, "done")
    assert (into / "image.tif").read_bytes() == make_bytes(SIZE)
    assert store.bytes < SIZE


def test_what_failed_is_told_in_three_parts_and_fetched_again(
    store: StoreServer, folder: Path, make: Make, into: Path
) -> None:
    for name in ("good.tif", "bad.tif"):
        (folder / name).write_bytes(make_bytes(1000))
    store.fault("bad.tif", status=404, method="GET")
    widget = make([f"{store.url}/good.tif", f"{store.url}/bad.tif"])
    widget.wait(DEADLINE)
    widget.start()
    until(widget, "failed")
    (problem,) = widget.problems
    assert problem["path"] == "bad.tif/bad.tif"
    assert problem["what"]
    assert problem["cure"]
    assert widget.progress["failed"] == 1
    assert "bad.tif/bad.tif" in widget.as_text()
    store.mend()
    store.reset()
    ask(widget, "act", do="again")
    until(widget, "done")
    assert widget.problems == []
    assert widget.result["files"] == 2
    assert not [each for each in store.requests if each.path == "good.tif" and each.method == "GET"]


def test_a_second_download_into_the_folder_is_refused(slow: str, study: Path, make: Make) -> None:
    first = make(slow)
    first.wait(DEADLINE)
    first.start()
    until(first, "running")
    other = make(study)
    assert other.wait(DEADLINE) == "planned"
    with pytest.raises(FetchRunningError, match="choose another folder"):
        other.start()


def test_a_plan_that_fails_is_shown(make: Make) -> None:
    widget = make("samples:no-such-thing")
    assert widget.wait(DEADLINE) == "failed"
    assert "no-such-thing" in widget.problem["what"]
    assert "no-such-thing" in widget.as_text()
    with pytest.raises(NotNowError, match="Plan it again"):
        widget.start()


def test_a_folder_that_cannot_be_made_is_told(study: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    widget = download(study, tmp_path / "file" / "below")
    widget.wait(DEADLINE)
    with pytest.raises(FolderNotWritableError, match="Choose another one"):
        widget.start()
    widget.close()


@pytest.mark.parametrize("entries", [[], 5, [5], "", None, [None]])
def test_what_cannot_be_fetched_is_refused(entries: object, into: Path) -> None:
    with pytest.raises(NothingToFetchError, match="Give"):
        download(entries, into)


def test_unknown_keywords_are_refused(into: Path) -> None:
    with pytest.raises(UnknownKeywordError, match="labels, levels"):
        download("samples:nuclei-3d", into, level=1)


def test_hostile_records_do_no_harm(study: Path, make: Make) -> None:
    script = "<script>alert(1)</script>"
    plain = open_catalog()["samples:bbbc038-nuclei"]
    assert isinstance(plain, Record)
    fields = plain.model_dump(mode="json", exclude_defaults=True)
    record = parse_record(fields | {"title": script + "x" * 400, "licence": None}, study)
    widget = make(record)
    widget.wait(DEADLINE)
    widget.show_problem(OSError(f"{script}\u202e"))
    assert "\u202e" not in widget.as_text()
    assert "<script>" not in widget.as_static()["text/html"]
    assert widget.plan["parts"][0]["terms"].startswith("No licence is stated")


def test_the_page_may_ask_for_acts_alone(study: Path, make: Make) -> None:
    widget = make(study)
    widget.wait(DEADLINE)
    for act in ("close", "__init__", None):
        with pytest.raises(NotNowError, match="Reload the page"):
            ask(widget, "act", do=act)
