"""What a question finds and what is counted beside it, against a search that reads every record."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.errors import InvalidQueryError
from bioimagehub.widgets.browse.finder import SIZES, Finder, Question, check_filters

if TYPE_CHECKING:
    from bioimagehub.catalogs import Catalog


@pytest.fixture(scope="module")
def finder(catalog: Catalog) -> Finder:
    return Finder(catalog)


def names(finder: Finder, **state: Any) -> set[str]:
    found = finder.find(Question.of(state)).selection
    return set(found.identifiers(0, len(found)))


def facets(finder: Finder, **state: Any) -> dict[str, dict[str, int]]:
    told = finder.count_facets(Question.of(state), threading.Event())
    return {each["facet"]: dict(each["values"]) for each in told}


def test_a_word_is_searched_for_as_the_catalog_does(finder: Finder, catalog: Catalog) -> None:
    assert names(finder, text="mitosis") == {record.identifier for record in catalog.search("mitosis")} != set()


def test_a_word_that_is_not_typed_to_its_end_is_a_beginning(finder: Finder, catalog: Catalog) -> None:
    found = finder.find(Question("mitoch"))
    assert found.text == "mitoch*"
    assert len(found.selection) == len(catalog.search("mitochondria")) > 0


def test_a_word_that_stands_is_not_widened_and_tells_what_begins_so() -> None:
    from widgets.browse.conftest import make_catalog, make_fields

    few = make_catalog([make_fields(number, title=title) for number, title in enumerate(("nemo", "nemo", "nemoral"))])
    found = Finder(few).find(Question("nemo"))
    assert (found.text, len(found.selection), found.wider) == ("nemo", 2, ("nemo*", 3))


@pytest.mark.parametrize("text", ["mitoch ", '"mitoch', "record -mitoch", "", "mitoch*", "mitoch,"])
def test_what_cannot_go_on_is_left_as_it_is(finder: Finder, text: str) -> None:
    assert finder.find(Question(text)).text == text


def test_sizes_are_alternatives(finder: Finder, catalog: Catalog) -> None:
    chosen = ["under 1 MB", "100 GB to 10 TB"]
    expected = {
        record.identifier
        for record in catalog
        if any(SIZES[size][0] <= (record.size or 0) <= (SIZES[size][1] or 0) for size in chosen)
    }
    assert names(finder, filters={"size": chosen}) == expected != set()


def test_counts_of_a_facet_leave_its_own_choice_out(finder: Finder, catalog: Catalog) -> None:
    counted = facets(finder, filters={"archive": ["idr"], "organism": ["Mus musculus"]})
    assert counted["archive"] == catalog.search(organism="Mus musculus").facets("archive")["archive"]
    assert counted["organism"] == catalog.search(archive="idr").facets("organism")["organism"]
    assert counted["licence"] == catalog.search(archive="idr", organism="Mus musculus").facets("licence")["licence"]


def test_counts_of_sizes_and_of_uses(finder: Finder, catalog: Catalog) -> None:
    counted = facets(finder, filters={"use": ["commercial"]})
    assert counted["use"]["derivatives"] == len(catalog.search(use=["commercial", "derivatives"]))
    assert sum(counted["size"].values()) == len(catalog.search(use="commercial"))


def test_what_is_chosen_is_listed_although_nothing_has_it(finder: Finder) -> None:
    counted = facets(finder, text="muscle", filters={"scale": ["tissues"], "size": ["10 TB and more"]})
    assert counted["scale"] == {"tissues": 0}
    assert counted["size"]["10 TB and more"] == 0


def test_values_are_filtered_by_a_text(finder: Finder) -> None:
    values = finder.count_values(Question(), "organism", 10, "MUS")
    assert [value for value, _ in values] == ["Mus musculus"]
    both = [value for value, _ in finder.count_values(Question(), "organism", 10, "S")]
    assert sorted(both) == ["Homo sapiens", "Mus musculus"]
    assert [value for value, _ in finder.count_values(Question(), "organism", 1, "S")] == both[:1]


def test_rows_come_in_the_order_that_is_asked(finder: Finder, catalog: Catalog) -> None:
    rows = finder.list_rows(Question(sort="-size"), 5, 20)
    assert [row["id"] for row in rows] == [record.identifier for record in catalog.search(sort="-size").page(5, 20)]


def test_a_question_that_is_taken_back_is_not_counted(finder: Finder) -> None:
    stop = threading.Event()
    stop.set()
    assert finder.count_facets(Question("record"), stop) == []


def test_another_spelling_is_offered_where_nothing_is_found(finder: Finder) -> None:
    assert finder.suggest(finder.find(Question("mitchondria"))) == "mitochondria"
    assert finder.suggest(finder.find(Question("mitosis"))) is None


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"colour": ["red"]}, r"no facet 'colour'. The facets are access, anatomy, archive"),
        ({"size": ["large"]}, r"no size 'large'. The sizes are 'under 1 MB'.*narrowed with search\(size"),
        ({"archive": [1.5]}, r"'archive' was given \[1.5\]. Its values are texts"),
        (["archive"], "must be a dictionary"),
    ],
)
def test_filters_that_are_none(filters: Any, said: str) -> None:
    with pytest.raises(InvalidQueryError, match=said):
        check_filters(filters)


def test_an_order_that_there_is_not() -> None:
    with pytest.raises(InvalidQueryError, match=r"sorted by 'colour'. Valid orders are -files"):
        Question.of({"sort": "colour"})
