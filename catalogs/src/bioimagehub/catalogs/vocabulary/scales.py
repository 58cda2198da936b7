"""Scales: the rules that derive them from the technologies, and from words for what was imaged."""

from __future__ import annotations

from bioimagehub.catalogs.vocabulary.rules import Rule, any_word
from bioimagehub.catalogs.vocabulary.technologies import SCALES_OF

SCALE_RULES: tuple[Rule, ...] = (
    Rule(
        "technology-scale",
        (),
        "A technology was found.",
        "Each technology resolves a range of sizes; the table below has them.",
        technologies=(tuple(SCALES_OF),),
    ),
    Rule(
        "electrons-unspecified",
        ("cells",),
        "A method is electron microscopy of an unnamed kind.",
        "Whichever kind it is, it shows the inside or the surface of cells.",
        methods=(r"^(electron microscopy|illumination by electrons|detection of electrons)$",),
    ),
    Rule(
        "x-ray-cells",
        ("cells",),
        "The technology is X-ray imaging, and a method, the title or a keyword is soft X-ray tomography or microscopy.",
        "Soft X-rays pass through one cell, not through a body.",
        words=r"\bsoft x-?ray|\bsxt\b|\bx-?ray microscop",
        technologies=(("X-ray imaging",),),
    ),
    Rule(
        "word-cell",
        ("cells",),
        "The title, a keyword or a term of the anatomy has the word cell, a kind of cell, or the name of a cell line.",
        "It says what the images show.",
        things=any_word(
            "cells? cellular subcellular intracellular neurons? fibroblasts? macrophages? erythrocytes? lymphocytes?",
            "oocytes? astrocytes? hepatocytes? keratinocytes? leukocytes? neutrophils? spermatocytes? nuclei nucleus",
            "mitosis mitotic organelles? hela u-?2[-_]?os hek-?293t? rpe-?1 mcf-?7 a549 3t3 cos-?7 hct-?116 ht-?29",
            "hepg2 kc167 cho-k1",
        ),
    ),
    Rule(
        "word-tissue",
        ("tissues",),
        "The title, a keyword or a term of the anatomy has the word tissue, an organ, a tumour or an organoid.",
        "It says what the images show, unless the word is of a cell, as in kidney epithelial cell.",
        things=any_word(
            r"tissues? histo(?:path|log)\w+ biops(?:y|ies) organoids? spheroids? tumou?rs? carcinomas? brain ovary",
            r"(?<!cell\s)cortex hippocamp\w+ cerebell\w+ striatum retinal? kidney renal liver hepatic lungs? heart",
            r"cardiac muscle skin epidermis intestin\w+ colon gut pancrea\w+ spleen thymus bone cartilage tonsil",
            "testis prostate mammary breast placenta cochlea epithelium vasculature lea(?:f|ves) roots? meristems?",
        )
        + r"(?!(?:[\s-]\w+){0,2}[\s-]cells?\b)",
    ),
    Rule(
        "word-organism",
        ("organism",),
        "The title, a keyword or a term of the anatomy has a word for a whole body, an embryo, a larva or a seedling.",
        "It says what the images show.",
        things=any_word(
            r"whole[-\s](?:body|animal|organism|fish|plant|mouse|larva\w*|embryo\w*|mounts?) embryos?",
            r"embryogenesis larvae? larval seedlings? f(?:e|oe)tus\w* f(?:e|oe)tal neonat\w+",
        ),
    ),
    Rule(
        "collection-cells",
        ("cells",),
        "The record is of the Cell Painting Gallery, the Human Protein Atlas or the Human Cell Atlas.",
        "All three are about human cells.",
        collections=("cellpainting", "hpa", "hca"),
    ),
    Rule(
        "collection-tissues",
        ("tissues",),
        "The record is of the Human Protein Atlas or the Allen Brain Atlas.",
        "Both show sections of tissue.",
        collections=("hpa", "allen"),
    ),
    Rule(
        "collection-organism",
        ("organism",),
        "The record is of the IMPC or UK Biobank.",
        "One images mice, the other people.",
        collections=("impc", "ukbiobank"),
    ),
)
