"""The index beside what people would search with otherwise: Intake's own catalog, intake-esm and DuckDB.

All hold the same records, made of the real studies that ship; see `benchmarks.million`. The peers search the same
words as a text that was folded for them beforehand, so that the numbers they find must be the same.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any

import duckdb
import intake
import intake_esm
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from benchmarks.million import load_studies, make_records
from bioimagehub.catalogs.index import Index, open_index
from bioimagehub.catalogs.index.fields import FIELDS, SPOKEN, list_values, name_text
from bioimagehub.catalogs.index.words import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    Fields = dict[str, Any]

SIZES = (10**3, 10**4, 10**5, 10**6)
INTAKE_SIZES = SIZES[:2]
WORDS = ("embryo", "kinase", "cells", "tomography", "dataset")
FACETS = ("archive", "organism", "licence", "format", "gene")
BATCH = 20_000
# How many times as fast a search with facets has to be as in DuckDB, which reads all texts for it.
WANTED = {10**3: 1, 10**4: 3, 10**5: 10, 10**6: 20}


@dataclass
class Holdings:
    """The records of one size, in each of the tools, and how long each took."""

    folder: Path
    count: int
    seconds: dict[str, float] = field(default_factory=dict)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = perf_counter()
    found = work()
    return perf_counter() - start, found


def best(work: Callable[[], Any], rounds: int) -> float:
    return min(timed(work)[0] for _ in range(rounds))


def make_rows(studies: list[Fields], count: int) -> Iterator[Fields]:
    """Make the rows for the peers: the words of each record as one text, and the facets that are compared."""
    organism = FIELDS["organism"].number
    for record in make_records(studies, count):
        texts = [name_text(record), *(" ".join(value[1:]) for value in list_values(record) if value.field in SPOKEN)]
        yield {
            "identifier": record["identifier"],
            "title": record["title"],
            "words": f" {' '.join(split_words(' '.join(texts)))} ",
            "url": record.get("url") or record["source_url"],
            "archive": [record["identifier"].partition(":")[0]],
            # As the index counts them: a strain, and its species.
            "organism": sorted({value.text for value in list_values(record) if value.field == organism}),
            "licence": [record["licence"]] if "licence" in record else [],
            "format": record.get("formats", []),
            "gene": sorted({term["name"] for term in record.get("genes", ())}),
        }


def write_parquet(path: Path, rows: Iterator[Fields]) -> None:
    lists = pa.list_(pa.string())
    texts = [(name, pa.string()) for name in ("identifier", "title", "words", "url")]
    schema = pa.schema([*texts, *((name, lists) for name in FACETS)])
    with pq.ParquetWriter(path, schema) as writer:
        batch: list[Fields] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch = []
        writer.write_table(pa.Table.from_pylist(batch, schema))


def build_duckdb(folder: Path) -> None:
    with duckdb.connect(folder / "records.duckdb") as connection:
        connection.execute("CREATE TABLE records AS SELECT * FROM read_parquet(?)", [str(folder / "records.parquet")])


@pytest.fixture(scope="module", params=SIZES, ids="{:,}".format)
def holdings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Holdings:
    studies = load_studies()
    held = Holdings(tmp_path_factory.mktemp("records"), request.param)
    held.seconds["parquet"] = timed(
        lambda: write_parquet(held.folder / "records.parquet", make_rows(studies, held.count))
    )[0]
    held.seconds["duckdb"] = timed(lambda: build_duckdb(held.folder))[0]
    (held.folder / "studies.json").write_text(json.dumps(studies))
    said = run(BUILD_IN_A_PROCESS, held.folder, held.count)
    held.seconds |= json.loads(said)
    return held


BUILD_IN_A_PROCESS = """
import json
from pathlib import Path
import re
from time import perf_counter
from benchmarks.million import make_records
from bioimagehub.catalogs.index import build_index
folder, count = Path(sys.argv[1]), int(sys.argv[2])
studies = json.loads((folder / "studies.json").read_bytes())
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
before, start = peak(), perf_counter()
for record in make_records(studies, count):
    pass
made = perf_counter()
build_index(folder / "records.sqlite", make_records(studies, count))
seconds = perf_counter() - made - (made - start)
print(json.dumps({"ours": seconds, "before_mb": before, "most_mb": peak()}))
"""
OPEN_IN_A_PROCESS = """
from pathlib import Path
from time import perf_counter
from bioimagehub.catalogs.index import open_index
path = Path(sys.argv[1])
start = perf_counter()
len(open_index(path))
print((perf_counter() - start) * 1e3)
"""


def run(code: str, *arguments: object) -> str:
    tests = str(__file__).rpartition("/benchmarks/")[0]
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {tests!r})\n{code}", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def search_ours(index: Index, word: str) -> tuple[int, dict[str, Any]]:
    selection = index.select(f'"{word}"')
    assert len(selection.page(0, 20)) == min(20, len(selection))
    return len(selection), selection.facets(FACETS)


def search_duckdb(connection: duckdb.DuckDBPyConnection, word: str) -> tuple[int, dict[str, Any]]:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE hits AS SELECT * FROM records WHERE contains(words, ?)", [f" {word} "]
    )
    found = connection.execute("SELECT count(*) FROM hits").fetchall()[0][0]
    assert len(connection.execute("SELECT identifier, title, url FROM hits LIMIT 20").fetchall()) == min(20, found)
    counted = {
        facet: connection.execute(
            f"SELECT value, count(*) AS n FROM (SELECT unnest({facet}) AS value FROM hits) "  # noqa: S608
            "GROUP BY value ORDER BY n DESC, value LIMIT 10"
        ).fetchall()
        for facet in FACETS
    }
    return found, counted


def test_beside_duckdb(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], holdings: Holdings) -> None:
    path = holdings.folder / "records.sqlite"
    opened = median(float(run(OPEN_IN_A_PROCESS, path)) for _ in range(5))
    other_opened = best(lambda: duckdb.connect(holdings.folder / "records.duckdb", read_only=True).close(), 5)
    index = open_index(path)
    connection = duckdb.connect(holdings.folder / "records.duckdb", read_only=True)
    ratios, lines = [], []
    for word in WORDS:
        found = search_ours(index, word)
        assert found == search_duckdb(connection, word)
        own, peer = best(lambda w=word: search_ours(index, w), 9), best(lambda w=word: search_duckdb(connection, w), 3)
        ratios.append(peer / own)
        lines.append(
            f"  {word:11} {found[0]:8,} found   DuckDB {peer * 1e3:8.1f} ms   "
            f"bioimagehub {own * 1e3:6.2f} ms   {peer / own:6.0f}"
        )
    name = index.select().identifiers(holdings.count // 2, 1)[0]
    one = best(lambda: index.get(name), 9)
    other_one = best(lambda: connection.execute("SELECT * FROM records WHERE identifier = ?", [name]).fetchall(), 5)
    benchmark.pedantic(search_ours, args=(index, WORDS[0]), rounds=20)
    told = holdings.seconds
    benchmark.extra_info.update(records=holdings.count, open_ms=opened, ratio=median(ratios), **told)
    with capsys.disabled():
        print(
            f"\nindex, {holdings.count:,} records: {path.stat().st_size / 1e6:.1f} MB (DuckDB "
            f"{(holdings.folder / 'records.duckdb').stat().st_size / 1e6:.1f}), built in {told['ours']:.1f} s (DuckDB "
            f"{told['parquet'] + told['duckdb']:.1f}), at most {told['most_mb']:.0f} MB of memory "
            f"({told['before_mb']:.0f} before)\n"
            f"  opened in a fresh process in {opened:.2f} ms (DuckDB, in this one, {other_opened * 1e3:.1f}), "
            f"one record {one * 1e3:.3f} ms (DuckDB {other_one * 1e3:.1f}, {other_one / one:.0f} times as long)\n"
            "  word, count, first 20 and 5 facets, times as fast:"
        )
        print("\n".join(lines))
    connection.close()
    assert median(ratios) >= WANTED[holdings.count]


def make_queries(index: Index, count: int) -> list[tuple[str, Any, Any, str, int]]:
    """Make the mix: one to three words, common ones among them, beginnings, phrases, filters, ranges and orders."""
    rng = random.Random(7)
    titles = [record["title"] for record in index.select().page(0, 2000)]
    words = sorted({word for title in titles for word in split_words(title) if len(word) > 3})
    common = ["cell", "cells", "human", "mouse", "microscopy", "fluorescence", "images", "data", "protein", "imaging"]
    phrases = [
        '"homo sapiens"',
        '"mus musculus"',
        '"electron tomography"',
        '"fluorescence microscopy"',
        '"cell migration"',
    ]
    organisms = [value for value, _ in index.values("organism")[:20]] + ["zebrafish", "9606", "HeLa"]
    archives = [value for value, _ in index.values("archive")]
    kinds: list[Callable[[], tuple[str, Any, Any, str]]] = [
        lambda: (rng.choice(words), {}, {}, "relevance"),
        lambda: (rng.choice(common), {}, {}, "relevance"),
        lambda: (f"{rng.choice(common)} {rng.choice(words)}", {}, {}, "relevance"),
        lambda: (" ".join(rng.sample(common, 3)), {}, {}, "-released"),
        lambda: (f"{rng.choice(words)[: rng.randint(1, 5)]}*", {}, {}, "relevance"),
        lambda: (rng.choice(phrases), {}, {}, "relevance"),
        lambda: (rng.choice(common), {"organism": [rng.choice(organisms)]}, {}, "relevance"),
        lambda: ("", {"archive": [rng.choice(archives)], "use": ["commercial"]}, {"size": (10**6, 10**9)}, "-size"),
        lambda: (rng.choice(words), {"kind": ["image"]}, {"released": ("2016", "2021")}, "title"),
        lambda: ("", {"organism": [rng.choice(organisms)]}, {"size": (None, 10**8)}, "identifier"),
    ]
    return [(*kinds[number % len(kinds)](), rng.choice((0, 0, 20, 200))) for number in range(count)]


def ask(index: Index, query: tuple[str, Any, Any, str, int]) -> int:
    text, filters, ranges, sort, offset = query
    selection = index.select(text, filters, ranges)
    selection.page(offset, 20, sort)
    selection.facets()
    return len(selection)


def test_mixed_queries(benchmark: BenchmarkFixture, capsys: pytest.CaptureFixture[str], holdings: Holdings) -> None:
    """Two hundred different searches, each with its count, a page of 20 records and the counts of all facets."""
    index = open_index(holdings.folder / "records.sqlite")
    queries = make_queries(index, 200)
    index = open_index(holdings.folder / "records.sqlite")
    told = {}
    for when in ("first", "second"):
        times = [timed(partial(ask, index, query))[0] * 1e3 for query in queries]
        told[when] = (median(times), quantiles(times, n=100)[98], max(times))
    benchmark.pedantic(lambda: [ask(index, query) for query in queries[:20]], rounds=3)
    benchmark.extra_info.update(records=holdings.count, median_ms=told["first"][0], p99_ms=told["first"][1])
    with capsys.disabled():
        print(f"\n200 mixed queries with all facets, {holdings.count:,} records:")
        for when, (middle, late, most) in told.items():
            print(f"  {when} time: median {middle:.1f} ms, 99th percentile {late:.1f} ms, slowest {most:.1f} ms")
    assert told["first"][0] < told["first"][1]


def write_intake(path: Path, rows: list[Fields]) -> None:
    sources = {
        row["identifier"]: {
            "driver": "ome_zarr",
            "description": row["title"],
            "args": {"url": row["url"]},
            "metadata": {"words": row["words"], **{facet: row[facet] for facet in FACETS}},
        }
        for row in rows
    }
    path.write_text(yaml.dump({"sources": sources}, Dumper=yaml.CSafeDumper))


@pytest.mark.parametrize("holdings", INTAKE_SIZES, indirect=True, ids="{:,}".format)
def test_beside_intake(capsys: pytest.CaptureFixture[str], holdings: Holdings) -> None:
    rows = pq.read_table(holdings.folder / "records.parquet").to_pylist()
    path = holdings.folder / "catalog.yml"
    write_intake(path, rows)
    other_opened, catalog = timed(lambda: intake.open_catalog(str(path), ttl=None))
    opened, index = timed(lambda: open_index(holdings.folder / "records.sqlite"))
    peer, found = timed(lambda: len(list(catalog.search(" embryo "))))
    own = best(lambda: search_ours(index, "embryo"), 9)
    with capsys.disabled():
        print(
            f"\nIntake's own catalog, {holdings.count:,} entries: open {other_opened * 1e3:,.0f} ms, "
            f"{other_opened / opened:,.0f} times as long; search {peer * 1e3:,.1f} ms without facets or order, "
            f"{peer / own:.0f} times as long ({found:,} found)"
        )
    assert other_opened > opened


def test_beside_intake_esm(capsys: pytest.CaptureFixture[str], holdings: Holdings) -> None:
    frame = pq.read_table(holdings.folder / "records.parquet", columns=["identifier", "words", "url"]).to_pandas()
    frame.to_parquet(holdings.folder / "esm.parquet")
    description = {
        "esmcat_version": "0.1.0",
        "id": "records",
        "description": "the same records",
        "catalog_file": str(holdings.folder / "esm.parquet"),
        "attributes": [],
        "assets": {"column_name": "url", "format": "zarr"},
    }
    (holdings.folder / "esm.json").write_text(json.dumps(description))
    other_opened, store = timed(lambda: intake_esm.esm_datastore(str(holdings.folder / "esm.json")))
    opened, index = timed(lambda: open_index(holdings.folder / "records.sqlite"))
    peer, found = timed(lambda: store.search(words=".* embryo .*"))
    own = best(lambda: search_ours(index, "embryo"), 9)
    assert isinstance(found.df, pd.DataFrame)
    assert len(found.df) == search_ours(index, "embryo")[0]
    with capsys.disabled():
        print(
            f"\nintake-esm, {holdings.count:,} rows: open {other_opened * 1e3:,.0f} ms, "
            f"{other_opened / opened:,.0f} times as long; first search {peer * 1e3:,.1f} ms without facets or order, "
            f"{peer / own:.0f} times as long"
        )
    assert peer > own
