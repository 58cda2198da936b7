"""What comes first."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from pyroaring import BitMap

from bioimagehub.catalogs.index import build_memory_index
from bioimagehub.catalogs.index.matching import Hits
from bioimagehub.catalogs.index.ranking import rank

if TYPE_CHECKING:
    from catalogs.index.made import Fields


def order(records: list[Fields], text: str) -> list[str]:
    index = build_memory_index(records)
    found = index.select(text).identifiers(0, 100)
    index.close()
    return found


def test_name_before_subject_before_the_rest() -> None:
    records: list[Fields] = [
        {"identifier": "a:rest", "title": "x", "description": "all about zebra hearts"},
        {"identifier": "a:author", "title": "x", "authors": [{"family": "Zebra"}]},
        {"identifier": "a:subject", "title": "x", "anatomy": [{"name": "zebra stripe"}]},
        {"identifier": "a:name", "title": "Stripes of a zebra"},
    ]
    assert order(records, "zebra") == ["a:name", "a:subject", "a:rest", "a:author"]


def test_what_was_typed_before_its_synonyms() -> None:
    records: list[Fields] = [
        {"identifier": "a:synonym", "title": "Danio rerio embryo"},
        {"identifier": "a:plural", "title": "Zebrafishs"},
        {"identifier": "a:typed", "title": "Zebrafish embryo"},
        {"identifier": "a:other", "title": "Mouse embryo"},
    ]
    assert order(records, "zebrafish") == ["a:typed", "a:plural", "a:synonym"]


def test_rare_words_count_more() -> None:
    """Of two words, each in one title and in the rest of the other record, the rarer one decides."""
    records: list[Fields] = [{"identifier": f"a:{n}", "title": "Quux"} for n in range(20)]
    records += [
        {"identifier": "a:common", "title": "Quux", "keywords": [], "description": "zyzzy"},
        {"identifier": "a:rare", "title": "Zyzzy", "keywords": [], "description": "quux"},
    ]
    assert order(records, "quux zyzzy") == ["a:rare", "a:common"]


@pytest.mark.parametrize("text", ["idr:idr0062", "IDR0062", "idr0062", "IDR:IDR0062"])
def test_identifier_before_all_else(text: str) -> None:
    records: list[Fields] = [
        {"identifier": "idr:idr0062/1", "title": "idr0062 idr0062", "part_of": "idr:idr0062"},
        {"identifier": "bia:S-1", "title": "Follows idr idr0062"},
        {"identifier": "idr:idr0062", "title": "The study"},
    ]
    assert order(records, text)[0] == "idr:idr0062"
    assert order(records, text)[1:] == (["idr:idr0062/1", "bia:S-1"])


def test_equals_in_the_order_of_the_catalog() -> None:
    records: list[Fields] = [{"identifier": f"a:{n}", "title": "Same words"} for n in range(50)]
    assert order(records, "same words") == [record["identifier"] for record in records]


def test_tiers_against_a_score_of_each_record() -> None:
    rng = random.Random(3)
    for _ in range(50):
        everything = BitMap(range(1, 200))
        hits = []
        for _ in range(rng.randint(1, 5)):
            levels = [(weight, BitMap(rng.sample(range(1, 200), rng.randint(1, 150)))) for weight in (4.0, 2.5, 1.0)]
            hits.append(Hits(BitMap.union(*(part for _, part in levels)), levels))
        records = everything.intersection(*(one.records for one in hits))

        def score(record: int, hits: list[Hits] = hits) -> float:
            return sum(max(weight for weight, part in one.levels if record in part) for one in hits)

        found = [record for tier in rank(records, hits) for record in tier]
        assert found == sorted(records, key=lambda record: (-score(record), record))


def test_many_words_end_in_time() -> None:
    """A hundred clauses on many records: not exact any more, and each record still comes once."""
    rng = random.Random(5)
    everything = BitMap(range(1, 20_000))
    hits = [
        Hits(everything, [(4.0 + n / 97, BitMap(rng.sample(range(1, 20_000), 9000))), (1.0, everything)])
        for n in range(100)
    ]
    found = [record for tier in rank(everything, hits) for record in tier]
    assert len(found) == len(set(found)) == len(everything)
