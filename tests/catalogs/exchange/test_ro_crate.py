from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.catalogs.archives.report import Report
from bioimagehub.catalogs.errors import InvalidDocumentError
from bioimagehub.catalogs.exchange import ro_crate
from bioimagehub.catalogs.parts import Author, Organism, Publication, Term

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bioimagehub.catalogs.records import Record

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "archives"
CRATES = {
    "bia": "bia/gide-ro-crate/*-ro-crate-metadata.json",
    "idr": "idr/idr_study_crates/ro-crates/*-ro-crate-metadata.json",
    "ssbd": "ssbd/gide-ro-crate/*/*-ro-crate-metadata.json",
}
TODAY = date(2026, 3, 16)


def parse(document: Any, archive: str = "bia", report: Report | None = None) -> Record:
    return ro_crate.parse(document, archive=archive, report=report or Report(), retrieved=TODAY, source="a crate")


def crate(*entities: dict[str, Any], **root: Any) -> dict[str, Any]:
    """A crate whose root has what every record needs, changed by `root`."""
    page = "https://example.org/studies/S-BIAD1002"
    dataset = {
        "@id": page,
        "@type": ["Dataset"],
        "identifier": "S-BIAD1002",
        "name": "ObgE in Escherichia coli",
        "datePublished": "2024-10-06",
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "publisher": {"@id": "#p"},
        **root,
    }
    descriptor = {"@id": "S-BIAD1002-ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": page}}
    publisher = {"@id": "#p", "@type": "Organization", "name": "BioImage Archive"}
    return {
        "@context": "https://w3id.org/ro/crate/1.2/context",
        "@graph": [*entities, publisher, descriptor, {k: v for k, v in dataset.items() if v is not None}],
    }


def defects(report: Report) -> list[str]:
    return [f"{each.field}: {each.text}" for each in report.defects]


# ---- the archives' own crates -------------------------------------------------------------------------------------


def test_every_recorded_crate_makes_a_record_of_its_own() -> None:
    counts = {}
    for archive, pattern in CRATES.items():
        paths = sorted(RECORDED.glob(pattern))
        found = [parse(json.loads(path.read_text()), archive) for path in paths]
        assert len({record.identifier for record in found}) == len(paths)
        assert all("@" not in author.family for record in found for author in record.authors)
        assert all(record.description is None for record in found)
        counts[archive] = len(found)
    if any(counts.values()):
        assert counts == {"bia": 804, "idr": 138, "ssbd": 389}


def _recorded(archive: str, name: str) -> Iterator[Record]:
    for path in sorted(RECORDED.glob(CRATES[archive])):
        if path.name.startswith(f"{name}-ro-crate"):
            yield parse(json.loads(path.read_text()), archive)


def test_recorded_study_of_the_bioimage_archive() -> None:
    for record in _recorded("bia", "S-BIAD1002"):
        assert record.identifier == "bia:S-BIAD1002"
        assert record.authors == (Author(family="Liselot Dewachter", orcid="0000-0003-1080-1656"),)
        assert record.organisms == (Organism(name="Escherichia coli", taxon=562),)
        assert [method.id for method in record.methods] == ["FBbi:00000246", "FBbi:00000247"]
        assert record.keywords[:2] == ("ObgE", "Lipopolysaccharides")
        assert record.licence == "CC0-1.0"
        assert record.released == date(2024, 10, 6)
        assert record.doi is None


def test_recorded_study_of_idr() -> None:
    for record in _recorded("idr", "idr0062"):
        assert record.authors == (Author(family="Blin", given="Guillaume", orcid="0000-0002-9295-237X"),)
        assert [(each.doi, each.title) for each in record.publications] == [
            ("10.1371/journal.pbio.3000388", "NesSys: a novel method for accurate nuclear segmentation in 3D")
        ]
        # Its identifier is the bare number, without the prefix of the ontology.
        assert record.methods == (Term(name="confocal microscopy", id="FBbi:00000251"),)
        assert record.size is None


def test_recorded_study_of_ssbd() -> None:
    for record in _recorded("ssbd", "101-Oshima-ToothBioImplant"):
        assert record.identifier == "ssbd:101-Oshima-ToothBioImplant"
        assert [(each.title, each.pubmed) for each in record.publications] == [(None, 25116435)]
        assert record.methods == (Term(name="scanning electron microscopy (SEM)", id="FBbi:00000257"),)
        assert record.processes == (Term(name="cementum mineralization", id="GO:0071529"),)
        assert record.source == "SSBD:database"


# ---- traps --------------------------------------------------------------------------------------------------------


def test_amounts_are_read_though_their_type_is_misspelt() -> None:
    report = Report()
    size = {"@id": "#s", "@type": ["QuantitiveValue"], "value": 123, "unitText": "bytes"}
    count = {"@id": "#c", "@type": "QuantitativeValue", "value": "1,152", "unitText": "file count"}
    record = parse(crate(size, count, size=[{"@id": "#s"}, {"@id": "#c"}]), report=report)
    assert (record.size, record.files) == (123, 1152)
    assert "size: its type is misspelt as QuantitiveValue; read all the same" in defects(report)


def test_amounts_of_idr_are_images_and_its_bytes_are_not_taken() -> None:
    report = Report()
    size = {"@id": "#s", "@type": "QuantitativeValue", "value": 52_000_000_000_000, "unitText": "bytes"}
    count = {"@id": "#c", "@type": "QuantitativeValue", "value": 33, "unitText": "file count"}
    record = parse(crate(size, count, identifier="idr0106", size=[{"@id": "#s"}, {"@id": "#c"}]), "idr", report)
    assert (record.size, record.files, record.images) == (None, None, 33)
    assert any("52000000000000 bytes are not taken" in text for text in defects(report))


def test_an_amount_of_nothing_is_not_known() -> None:
    report = Report()
    size = {"@type": "QuantitativeValue", "value": 0, "unitText": "bytes"}
    assert parse(crate(size=size), report=report).size is None
    assert "size: is stated as 0; taken as not known" in defects(report)


def test_a_study_of_empiar_belongs_to_empiar() -> None:
    record = parse(crate(identifier="EMPIAR-10310"))
    assert (record.identifier, record.source) == ("empiar:EMPIAR-10310", "EMPIAR")


@pytest.mark.parametrize(
    "stated",
    ["obo:FBbi_00000246", "http://purl.obolibrary.org/obo/FBbi_00000246", "FBbi:00000246", "obo:FBbi_ 00000246"],
)
def test_methods_in_every_spelling_of_the_identifier(stated: str) -> None:
    term = {"@id": stated, "@type": "DefinedTerm", "name": "fluorescence microscopy"}
    record = parse(crate(term, measurementMethod={"@id": stated}))
    assert record.methods == (Term(name="fluorescence microscopy", id="FBbi:00000246"),)


def test_protocols_are_no_methods_but_their_techniques_are() -> None:
    report = Report()
    protocol = {
        "@id": "#1",
        "@type": "LabProtocol",
        "name": "growth protocol",
        "measurementTechnique": [{"@id": "http://www.ebi.ac.uk/efo/EFO_0003789"}, {"@id": "obo:FBbi_00000251"}],
    }
    growth = {"@id": "http://www.ebi.ac.uk/efo/EFO_0003789", "@type": "DefinedTerm", "name": "growth protocol"}
    confocal = {"@id": "obo:FBbi_00000251", "@type": "DefinedTerm", "name": "confocal microscopy"}
    label = {"@id": "obo:FBbi_00000138", "@type": "DefinedTerm", "name": "horseradish peroxidase"}
    methods = [{"@id": "#1"}, {"@id": "obo:FBbi_00000138"}]
    record = parse(crate(protocol, growth, confocal, label, measurementMethod=methods), report=report)
    assert record.methods == (Term(name="confocal microscopy", id="FBbi:00000251"),)
    assert any("horseradish peroxidase" in text and "no imaging method" in text for text in defects(report))


def test_a_protocol_that_is_named_as_a_method_stands_for_it_where_nothing_else_does() -> None:
    protocols = [{"@type": "LabProtocol", "name": name} for name in ("Confocal microscopy", "Image acquisition 1")]
    assert [method.id for method in parse(crate(measurementMethod=protocols)).methods] == ["FBbi:00000251"]


def test_subjects_go_where_their_ontology_belongs() -> None:
    report = Report()
    obo = "http://purl.obolibrary.org/obo/"
    subjects = [
        {"@id": f"{obo}GO_0051301", "@type": "DefinedTerm", "name": "cell division"},
        {"@id": f"{obo}GO_0000776", "@type": "DefinedTerm", "name": "kinetochore"},
        {"@id": f"{obo}CLO_0003684", "@type": "DefinedTerm", "name": "HeLa Cell"},
        {"@id": f"{obo}CMPO_0000118", "@type": "DefinedTerm", "name": "mitotic metaphase plate congression phenotype"},
        {"@id": f"{obo}BTO_0004163, {obo}CLO_0008172", "@type": "DefinedTerm", "name": "MC-38 cell, NIH-3T3 cell"},
        {"@id": f"{obo}eng2a_mCherry", "@type": "DefinedTerm", "name": "Medaka: Tg"},
        {"@id": f"{obo}GO_0021704", "@type": "DefinedTerm", "name": "In the heterozygous CaMKIIa knockout mice"},
    ]
    record = parse(crate(*subjects, about=[{"@id": each["@id"]} for each in subjects]), report=report)
    assert [term.id for term in record.processes] == ["GO:0051301"]
    assert [term.id for term in record.anatomy] == ["GO:0000776", "CLO:0003684", "BTO:0004163", "CLO:0008172"]
    assert [term.id for term in record.phenotypes] == ["CMPO:0000118"]
    assert len([text for text in defects(report) if text.startswith("terms: ")]) == 2


def test_samples_give_cell_lines_and_no_names_of_samples() -> None:
    samples = [
        {"@type": "BioSample", "name": "HeLa cells", "description": "prose"},
        {"@type": "BioSample", "name": "Biosample 1"},
        {"@type": "BioSample", "name": "Localization patterns of a panel of cytoplasmic GFP"},
        {"@type": "BioSample", "name": "B6D2F1/J ~ oocyte"},
        {"@type": "BioSample", "name": "Mus musculus"},
        {
            "@type": "BioSample",
            "name": "Cell line sample",
            "hasCellLine": {"@id": "http://purl.obolibrary.org/obo/CLO_0007646", "name": "MDCK cell"},
            "taxonomicRange": {
                "@id": "obo:NCBITaxon_9615",
                "@type": "Taxon",
                "scientificName": "Canis lupus familiaris",
            },
        },
    ]
    record = parse(crate(about=samples))
    assert [term.name for term in record.anatomy] == ["HeLa", "oocyte", "MDCK"]
    assert record.anatomy[2].id == "CLO:0007646"
    assert [organism.taxon for organism in record.organisms] == [9615]


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("Mus muculus", "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/10090", ("Mus musculus", 10090)),
        ("Oryzias latipes", "http://purl.obolibrary.org/obo/NCBITaxon_8033", ("Oryzias latipes", 8090)),
        ("Unknownia minor", "obo:NCBITaxon_8999999", ("Unknownia minor", 8999999)),
        ("Unknownia minor", "#taxon", ("Unknownia minor", None)),
    ],
)
def test_a_known_name_outweighs_its_number_and_a_known_number_an_unknown_name(
    name: str, address: str, expected: tuple[str, int | None]
) -> None:
    report = Report()
    record = parse(crate(about={"@id": address, "@type": "Taxon", "scientificName": name}), report=report)
    assert [(organism.name, organism.taxon) for organism in record.organisms] == [expected]
    assert any(text.startswith("organisms: ") for text in defects(report)) == (not name.startswith("Unknownia"))


def test_authors_without_what_is_private() -> None:
    report = Report()
    people = [
        {"@id": "https://orcid.org/0000-0002-7054-0059 (Md Z)", "name": "Md Zulfikar", "email": "x@example.org"},
        {"@id": "https://orcid.org/NA", "name": "Jane Doe", "givenName": "Jane", "familyName": "Doe"},
        {"@id": "#person-3", "name": "#person-3", "address": "5 Little France Drive"},
        {"@id": "#4", "name": "someone@example.org"},
        "Image Data Resource (IDR)",
    ]
    record = parse(crate(author=people), report=report)
    assert record.authors == (
        Author(family="Md Zulfikar", orcid="0000-0002-7054-0059"),
        Author(family="Doe", given="Jane"),
        Author(family="Image Data Resource (IDR)"),
    )
    assert len([text for text in defects(report) if text.startswith("authors: ")]) == 4
    assert "example.org" not in record.model_dump_json(include={"authors"})


def test_articles_under_both_properties_and_with_their_defects() -> None:
    report = Report()
    whole = "Aoki K, Matsuda M. Propagating Wave of ERK Activation. Dev Cell. 2017 Nov 6;43(3):305-317."
    articles = [
        {
            "@id": "https://doi.org/10.1016/j.devcel.2017.10.016",
            "name": whole,
            "sameAs": ["https://pubmed.ncbi.nlm.nih.gov/29112851/"],
        },
        {"@id": "https://doi.org/1038/s41598-023-50020-8", "name": "A title", "datePublished": "None"},
        {"@id": "https://www.ncbi.nlm.nih.gov/pubmed/28839164", "name": "https://www.ncbi.nlm.nih.gov/pubmed/28839164"},
    ]
    record = parse(crate(seeAlso=articles, citation=[{"@id": "https://doi.org/10.1242/dev.166728"}]), report=report)
    assert record.publications == (
        Publication(
            title="Propagating Wave of ERK Activation",
            year=2017,
            journal="Dev Cell",
            volume="43",
            pages="305-317",
            doi="10.1016/j.devcel.2017.10.016",
            pubmed=29112851,
        ),
        Publication(title="A title"),
        Publication(pubmed=28839164),
        Publication(doi="10.1242/dev.166728"),
    )
    assert "publications: 'https://doi.org/1038/s41598-023-50020-8' is no DOI; left out" in defects(report)


def test_keywords_typed_into_one_field_are_divided_and_mesh_headings_are_not() -> None:
    typed = [
        "Acute otitis media, H. influenzae, SWIR",
        "Microscopy, Confocal\nTime-Lapse Imaging",
        "Kinetics (MeSH Unique ID:D007700)",
        "H&E; WSI",
        "swir",
    ]
    assert parse(crate(keywords=typed)).keywords == (
        "Acute otitis media", "H. influenzae", "SWIR", "Microscopy, Confocal", "Time-Lapse Imaging", "Kinetics", "H&E",
        "WSI",
    )  # fmt: skip
    assert parse(crate(keywords="yeast")).keywords == ("yeast",)


def test_the_page_of_an_archive_as_licence() -> None:
    report = Report()
    page = "https://v18.proteinatlas.org/about/licence"
    record = parse(crate(license={"@id": page}), report=report)
    assert (record.licence, record.licence_url) == ("CC-BY-SA-3.0", page)
    assert any(text.startswith("licence: ") for text in defects(report))


def test_without_licence_or_date_nothing_is_made_up() -> None:
    report = Report()
    record = parse(crate(license=None, datePublished=None), report=report)
    assert (record.licence, record.licence_url, record.released) == (None, None, None)
    assert {text.partition(":")[0] for text in defects(report)} == {"licence", "released"}


def test_a_doi_only_where_the_crate_has_one() -> None:
    assert parse(crate()).doi is None
    value = {"@id": "https://doi.org/10.6019/S-BIAD1002", "@type": "PropertyValue", "value": "doi:10.6019/S-BIAD1002"}
    record = parse(crate(value, identifier=[{"@id": value["@id"]}, "S-BIAD1002"]))
    assert (record.doi, record.identifier) == ("10.6019/S-BIAD1002", "bia:S-BIAD1002")
    assert parse(crate(**{"cite-as": "https://doi.org/10.6019/S-BIAD1002"})).doi == "10.6019/S-BIAD1002"


def test_line_ends_in_the_title() -> None:
    report = Report()
    assert parse(crate(name="Ammonium chemotaxis\nof Chlamydomonas\x1b[31m "), report=report).title == (
        "Ammonium chemotaxis of Chlamydomonas [31m"
    )
    assert any(text.startswith("title: ") for text in defects(report))


def test_the_identifier_may_be_in_the_address_alone() -> None:
    assert parse(crate(identifier=None)).identifier == "bia:S-BIAD1002"


def test_where_it_came_from_is_kept() -> None:
    (fact,) = parse(crate()).facts
    assert (fact.source, fact.retrieved) == ("a crate", TODAY)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "is no RO-Crate: it has no list @graph.*Give the whole ro-crate-metadata.json"),
        ([], "is no RO-Crate"),
        ({"@graph": {}}, "is no RO-Crate"),
        ({"@graph": [{"@id": "x"}, 3, None]}, "has no root dataset.*Correct its property 'about'"),
        (crate(name=None), "does not make a record.*title.*Correct the crate"),
        (crate(**{"@id": "file:///etc/passwd"}, identifier="S-BIAD1"), "has no root dataset|source_url"),
    ],
)
def test_what_is_no_crate_of_a_study_is_told(document: Any, message: str) -> None:
    with pytest.raises(InvalidDocumentError, match=rf"(?s){message}"):
        parse(document)


def test_properties_of_any_kind_do_no_harm() -> None:
    """Each property of the root may hold anything; what cannot be understood never costs the record."""
    odd = [
        None,
        3,
        -1.5,
        True,
        "",
        " ",
        {},
        [],
        [[]],
        [None],
        {"@id": None},
        {"@id": ["x"]},
        ["x", {"@id": "#p"}],
        {"name": {}},
    ]
    properties = [
        "identifier", "datePublished", "license", "publisher", "author", "about", "measurementMethod", "keywords",
        "seeAlso", "citation", "size", "thumbnailUrl", "version", "encodingFormat", "conditionsOfAccess", "cite-as",
    ]  # fmt: skip
    for name in properties:
        for value in odd:
            if name != "identifier" or not isinstance(value, int | float):
                assert parse(crate(**{name: value})).title == "ObgE in Escherichia coli"
