"""Host rules: archives move, and both the old and the new address are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from bioimagehub.catalogs.errors import InvalidHostsError
from bioimagehub.catalogs.hosts import BUILT_IN, Hosts, Rule, installed_hosts

HOSTS = Hosts(BUILT_IN)
IMAGE = "S-BIAD599/01776a3a/01776a3a.zarr"


@pytest.mark.parametrize("old", ["s3.embassy.ebi.ac.uk", "uk1s3.embassy.ebi.ac.uk"])
def test_the_object_store_is_looked_for_where_it_moves_to_and_then_where_it_was(old: str) -> None:
    assert HOSTS.candidates(f"https://{old}/idr/zarr/v0.4/idr0062A/6001240.zarr") == (
        "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr",
        "https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr",
    )


@pytest.mark.parametrize("host", ["uk1s3.embassy.ebi.ac.uk", "livingobjects.ebi.ac.uk"])
def test_the_bucket_of_the_bioimage_archive_is_looked_for_by_both_names(host: str) -> None:
    found = HOSTS.candidates(f"https://{host}/bia-integrator-data/{IMAGE}")
    assert found == (
        f"https://livingobjects.ebi.ac.uk/bia-integrator-data/{IMAGE}",
        f"https://livingobjects.ebi.ac.uk/bioimaging-integrator-data/{IMAGE}",
        f"https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/{IMAGE}",
    )


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "s3://cellpainting-gallery/cpg0000-jump-pilot/",
            "https://cellpainting-gallery.s3.amazonaws.com/cpg0000-jump-pilot/",
        ),
        (
            "s3://cryoet-data-portal-public/10000/",
            "https://cryoet-data-portal-public.s3.us-west-2.amazonaws.com/10000/",
        ),
        (
            "ftp://ftp.ebi.ac.uk/empiar/world_availability/10310/",
            "https://ftp.ebi.ac.uk/empiar/world_availability/10310/",
        ),
        ("https://idr.openmicroscopy.org/api/v0/", "https://idr.openmicroscopy.org/api/v0/"),
        ("https://uk1s3.embassy.ebi.ac.uk.example.org/x", "https://uk1s3.embassy.ebi.ac.uk.example.org/x"),
    ],
)
def test_one_address_leads_to_one_other_or_to_itself(url: str, found: str) -> None:
    assert HOSTS.candidates(url) == (found,)


def test_rules_of_the_operator_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(
        "- match: https://ftp.ebi.ac.uk/\n  try: [https://mirror.example.org/ebi/, https://ftp.ebi.ac.uk/]\n"
    )
    monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(file))
    assert installed_hosts().candidates("https://ftp.ebi.ac.uk/pub/a") == (
        "https://mirror.example.org/ebi/pub/a",
        "https://ftp.ebi.ac.uk/pub/a",
    )
    assert installed_hosts().rules[1:] == BUILT_IN


def test_without_a_file_the_built_in_rules_are_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIOIMAGEHUB_HOSTS", raising=False)
    assert installed_hosts().rules == BUILT_IN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("match: x", "expected a YAML list"),
        ("- match: https://a.org/", "expected 'match'"),
        ("- {match: https://a.org/, try: https://b.org/}", "with a list of those to try"),
        ("- {match: https://a.org, try: [https://b.org/]}", "ends in '/'"),
        ("- {match: https://a.org/, try: []}", "at least one address"),
        ("- !!python/object/apply:os.system ['true']", "cannot be read"),
    ],
)
def test_a_file_that_holds_no_rules_is_told(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(text)
    monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(file))
    with pytest.raises(InvalidHostsError, match=said):
        installed_hosts()


def test_a_missing_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEHUB_HOSTS", str(tmp_path / "none.yml"))
    with pytest.raises(InvalidHostsError, match="unset BIOIMAGEHUB_HOSTS"):
        installed_hosts()


def test_every_built_in_rule_is_told() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "hosts.md").read_text()
    assert [rule.match_prefix for rule in BUILT_IN if f"| `{rule.match_prefix}" not in page] == []


def test_a_prefix_names_a_whole_host() -> None:
    with pytest.raises(InvalidHostsError, match="ends in '/'"):
        Rule("https://a.org", ("https://b.org/",))
