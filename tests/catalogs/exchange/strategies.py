"""Records made by Hypothesis: whatever is valid, with the characters that documents and LaTeX stumble over."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from bioimagehub.catalogs.parts import Access, Author, Organism, Publication, Term
from bioimagehub.catalogs.records import Record

ACCENTS = st.sampled_from([*r"\{}&%$#_~^\"'<>@,;:/-", "é", "μ", "漢", "א", "𝛼"])
LETTERS = st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd", "Pd", "Sm"))


def _as_a_line(text: str) -> str:
    return " ".join(text.split()) or "x"


lines = st.text(st.one_of(LETTERS, ACCENTS, st.just(" ")), min_size=1, max_size=40).map(_as_a_line)
words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABC0123456789-"), min_size=3, max_size=12).map(
    lambda text: f"w{text}"
)
dois = st.builds(
    "10.{}/{}".format,
    st.integers(1000, 99999),
    # A full stop at the end is taken for that of the sentence around it.
    st.text("abcDEF0123456789.-_()/", min_size=1, max_size=20).filter(lambda text: not text.endswith(".")),
)
dates = st.dates(date(1990, 1, 1), date(2030, 1, 1))
urls = st.builds("https://example.org/{}/{}".format, words, st.text("abc019._~%-?=&", max_size=20))
counts = st.none() | st.integers(1, 2**53)
orcids = st.none() | st.from_regex(
    r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", fullmatch=True, alphabet=st.sampled_from("0123456789X-")
)

authors = st.builds(
    Author,
    family=words | words.map(lambda word: f"{word} & sons {{LaTeX}} 50%"),
    given=st.none() | words,
    orcid=orcids,
)
publications = st.builds(
    Publication,
    title=st.none() | words.map(lambda word: f"On {word} in {{cells}}"),
    year=st.none() | st.integers(1900, 2099),
    doi=st.none() | dois,
    pubmed=st.none() | st.integers(1, 10**8),
).filter(lambda found: found.title or found.doi or found.pubmed)
species = st.sampled_from(
    [Organism(name="Homo sapiens", taxon=9606), Organism(name="Danio rerio", taxon=7955)]
) | st.builds(Organism, name=words.map("Unknownia {}".format), taxon=st.none() | st.integers(8_000_001, 9_000_000))


def _terms(*codes: str) -> st.SearchStrategy[tuple[Term, ...]]:
    code = st.none() | st.sampled_from(codes).flatmap(
        lambda prefix: st.integers(222, 9_999_999).map(lambda number: f"{prefix}:{number:07}")
    )
    named = st.builds(Term, name=words.map("{} thing".format), id=code)
    # The same name with and without an identifier is one term.
    return st.lists(
        named, max_size=3, unique_by=(lambda term: term.name.casefold(), lambda term: term.id or term.name)
    ).map(tuple)


methods = st.lists(
    st.builds(
        Term,
        name=words.map("{} microscopy".format),
        id=st.none() | st.integers(500, 99_999_999).map("FBbi:{:08}".format),
    ),
    max_size=3,
    unique_by=(lambda term: term.name.casefold(), lambda term: term.id or term.name),
).map(tuple)
accesses = st.one_of(
    st.just(Access()),
    st.builds(Access, kind=st.just("embargoed"), until=dates, how=st.none() | lines, url=st.none() | urls),
    st.builds(Access, kind=st.sampled_from(["controlled", "none"]), how=lines, url=st.none() | urls),
)
licences = st.sampled_from(
    [
        (None, None),
        ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
        ("EUPL-1.2", "https://spdx.org/licenses/EUPL-1.2"),
    ]
)


@st.composite
def records(draw: st.DrawFn, archive: str = "bia") -> Record:
    """Draw a study, or an image of one."""
    accession = f"S-{draw(words)}"
    image = draw(st.booleans())
    licence, licence_url = draw(licences)
    return Record(
        identifier=f"{archive}:{accession}/{draw(words)}" if image else f"{archive}:{accession}",
        kind="image" if image else "study",
        part_of=f"{archive}:{accession}" if image else None,
        version=draw(st.none() | lines),
        title=draw(lines),
        description=draw(st.none() | lines),
        source=draw(lines),
        source_url=draw(urls),
        authors=tuple(draw(st.lists(authors, max_size=3))),
        publications=tuple(draw(st.lists(publications, max_size=3, unique=True))),
        doi=draw(st.none() | dois),
        licence=licence,
        licence_url=licence_url,
        access=draw(accesses),
        organisms=tuple(draw(st.lists(species, max_size=3, unique=True))),
        methods=draw(methods),
        genes=draw(_terms("NCBIGene")),
        proteins=draw(_terms("PR")),
        phenotypes=draw(_terms("CMPO", "HP")),
        compounds=draw(_terms("CHEBI")),
        processes=draw(_terms("GO")),
        anatomy=draw(_terms("UBERON", "GO", "EFO")),
        keywords=tuple(draw(st.lists(words, max_size=3, unique_by=str.casefold))),
        released=draw(st.none() | dates),
        modified=draw(st.none() | dates),
        size=draw(counts),
        files=draw(counts),
        images=draw(counts),
        formats=tuple(draw(st.lists(st.sampled_from(["ome-zarr", "tiff", "mrc"]), max_size=2, unique=True))),
        thumbnail=draw(st.none() | urls),
    )
