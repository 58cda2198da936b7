"""Made records whose words have no synonyms, and a search through them that reads every one."""

from __future__ import annotations

import random
import re
from typing import Any

Fields = dict[str, Any]

STARTS, MIDDLES, ENDS = ("zor", "bla", "kri", "mu"), ("na", "ti", "xo"), ("p", "k", "rd")
WORDS = tuple(f"{start}{middle}{end}" for start in STARTS for middle in MIDDLES for end in ENDS)
ARCHIVES = ("one", "two", "three")
ORGANISMS = ("Aus bus", "Aus cus", "Dus bus", "Eus fus", "Gus hus")
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-ND-4.0", None)
USES = {
    "CC0-1.0": {"commercial", "derivatives", "redistribution"},
    "CC-BY-4.0": {"commercial", "derivatives", "redistribution"},
    "CC-BY-NC-ND-4.0": {"redistribution"},
    None: set(),
}


def make_record(number: int, rng: random.Random) -> Fields:
    archive = rng.choice(ARCHIVES)
    study = f"{archive}:S-{number // 20}"
    fields: Fields = {
        "identifier": f"{archive}:N{number:05}",
        "kind": rng.choice(("study", "image")),
        "title": " ".join(rng.choices(WORDS, weights=range(len(WORDS), 0, -1), k=rng.randint(2, 6))).capitalize(),
        "source": "Xus",
        "keywords": rng.sample(WORDS, rng.randint(0, 2)),
        "organisms": [{"name": name, "taxon": None} for name in rng.sample(ORGANISMS, rng.randint(0, 2))],
        "genes": [{"name": f"GEN{rng.randrange(400):03}"} for _ in range(rng.randint(0, 3))],
    }
    licence = rng.choice(LICENCES)
    fields |= {"licence": licence} if licence else {}
    fields |= {"part_of": study} if fields["kind"] == "image" else {}
    fields |= {"size": rng.choice((0, rng.randrange(50), 2 ** rng.randrange(60)))} if rng.random() < 0.8 else {}
    if rng.random() < 0.8:
        fields["released"] = f"20{rng.randrange(10, 25)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    return fields


def make_records(count: int, seed: int = 0) -> list[Fields]:
    rng = random.Random(seed)
    return [make_record(number, rng) for number in range(count)]


def values_of(record: Fields, facet: str) -> set[str]:
    released = record.get("released")
    found: dict[str, set[Any]] = {
        "archive": {record["identifier"].partition(":")[0]},
        "kind": {record["kind"]},
        "part_of": {record.get("part_of")},
        "organism": {term["name"] for term in record["organisms"]},
        "gene": {term["name"] for term in record["genes"]},
        "licence": {record.get("licence")},
        "use": USES[record.get("licence")],
        "year": {released[:4] if released else None},
    }
    return found[facet] - {None}


def texts_of(record: Fields) -> list[str]:
    """Each text by itself: a phrase does not go from one into the next."""
    terms = [term["name"] for field in ("organisms", "genes") for term in record[field]]
    texts = [
        f"{record['identifier']} {record['title']}", record["identifier"].partition(":")[0], *terms,
        *record["keywords"], record["source"], record.get("licence") or "",
    ]  # fmt: skip
    return [" ".join(re.findall(r"[a-z0-9]+", text.lower())) for text in texts]


def has_clause(record: Fields, clause: str) -> bool:
    wanted = clause.lstrip("-").strip('"')
    pattern = rf"\b{wanted.removesuffix('*')}" + ("" if wanted.endswith("*") else r"\b")
    return any(re.search(pattern, text) for text in texts_of(record)) != clause.startswith("-")


def in_range(record: Fields, name: str, low: Any, high: Any) -> bool:
    value = record.get(name)
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def fits(record: Fields, clauses: list[str], filters: dict[str, list[str]], ranges: dict[str, tuple[Any, Any]]) -> bool:
    return (
        all(has_clause(record, clause) for clause in clauses)
        and all(
            set(wanted) <= values_of(record, facet)
            if facet == "use" and wanted
            else set(wanted) & values_of(record, facet)
            for facet, wanted in filters.items()
        )
        and all(in_range(record, name, *ends) for name, ends in ranges.items())
    )
