"""As many image records as wanted, made of the real records that ship: what an index will have to hold.

An image has what images have: the organisms, methods, classes and licence of its study, and of its own an identifier,
a title, an address, a shape, a size and a date. Images of screens have a gene, a protein, a compound or a phenotype,
out of thousands. The seed decides everything.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Fields = dict[str, Any]

INHERITED = (
    "source", "source_url", "organisms", "methods", "technologies", "scales", "data_types", "ground_truth", "licence",
    "licence_url", "keywords", "access",
)  # fmt: skip
STRUCTURES = (
    "nucleus", "nucleolus", "cytoplasm", "mitochondrion", "microtubule", "actin filament", "endoplasmic reticulum",
    "Golgi apparatus", "plasma membrane", "lysosome", "peroxisome", "centrosome", "cell junction", "chromosome",
)  # fmt: skip
PHENOTYPES = (
    "mitosis delayed", "mitotic metaphase plate congression defect", "binuclear cells", "apoptosis increased",
    "large nucleus", "small nucleus", "elongated cells", "cell proliferation decreased", "protein localized in nucleus",
    "protein localized in cytosol", "cell migration decreased", "increased number of actin fibres", "polylobed nuclei",
)  # fmt: skip
ALLELES = "ABCDEFGHIJKLMNOP"
GENES, COMPOUNDS, PROTEINS = 6000, 4000, 3000


def load_studies() -> list[Fields]:
    """Load the records that ship and are not part of another one."""
    from bioimagehub.catalogs.entries import find_installed_catalog
    from bioimagehub.catalogs.tables import read_table

    folder = find_installed_catalog().parent
    records = (fields for path in sorted(folder.glob("*.parquet")) for fields in read_table(path))
    return [fields for fields in records if "part_of" not in fields]


def make_records(studies: Sequence[Mapping[str, Any]], count: int, seed: int = 1) -> Iterator[Fields]:
    """Make records: some of the studies, at most a quarter of `count`, and then images of them."""
    rng = random.Random(seed)
    chosen = [dict(study) for study in studies]
    rng.shuffle(chosen)
    chosen = chosen[: max(1, count // 4)]
    yield from chosen
    left = count - len(chosen)
    weights = [rng.lognormvariate(0, 2) for _ in chosen]
    scale = left / sum(weights)
    for number, (study, weight) in enumerate(zip(chosen, weights, strict=True), 1):
        images = left if number == len(chosen) else min(left, round(weight * scale))
        left -= images
        yield from _make_images(study, images, rng)


def _make_images(study: Mapping[str, Any], count: int, rng: random.Random) -> Iterator[Fields]:
    identifier, title = study["identifier"], study["title"][:150]
    inherited = {name: study[name] for name in INHERITED if name in study}
    start = date.fromisoformat(study.get("released") or "2018-01-01")
    screened = rng.choice(("genes", "proteins", "compounds", None, None)) if count > 50 else None
    readable = rng.random() < 0.3
    side, depth = rng.choice((512, 1024, 1344, 2048, 2160)), rng.choice((1, 1, 25, 200))
    for number in range(count):
        plate, well = divmod(number, 384)
        name = f"plate{plate:03}_{ALLELES[well // 24]}{well % 24 + 1:02}" if screened else f"image{number:06}"
        fields = {
            "identifier": f"{identifier}/{name}",
            "kind": "image",
            "part_of": identifier,
            "title": f"{title}: {name}",
            **inherited,
            "released": (start + timedelta(days=number // 1000)).isoformat(),
            "size": round(2 * side * side * depth * rng.uniform(0.4, 1.1)),
            "axes": ["c", "z", "y", "x"],
            "shape": [2, depth, side, side],
            "dtype": "uint16",
            "formats": ["ome-zarr" if readable else "tiff"],
            "url": f"https://example.org/{identifier.replace(':', '/')}/{name}.zarr",
        }
        if readable:
            fields["driver"] = "ome_zarr"
        if screened:
            fields |= _make_target(screened, rng)
        yield fields


def _make_target(screened: str, rng: random.Random) -> Fields:
    """Make what an image of a screen tells about; few targets are in many images, as controls are."""
    if screened == "genes":
        number = min(int(rng.paretovariate(0.3)), GENES) if rng.random() < 0.2 else rng.randrange(GENES)
        arm, strand = "LR"[number % 2], "CW"[number // 2 % 2]
        gene = f"Y{ALLELES[number % 16]}{arm}{number:04}{strand}"
        phenotypes = [{"name": rng.choice(PHENOTYPES)}] if rng.random() < 0.3 else []
        return {"genes": [{"name": gene, "id": f"SGD:S{number:09}"}], "phenotypes": phenotypes}
    if screened == "compounds":
        number = rng.randrange(COMPOUNDS)
        return {"compounds": [{"name": f"BRD-K{number * 9973 % 10**8:08}", "id": f"CHEBI:{number + 10000}"}]}
    number = rng.randrange(PROTEINS)
    anatomy = [{"name": rng.choice(STRUCTURES)}]
    return {"proteins": [{"name": f"P{number:05}", "id": f"UniProtKB:P{number:05}"}], "anatomy": anatomy}
