"""Data types: the rules that tell which of the four a dataset is.

The types are those of Table 2 of Ellenberg et al., A call for public archives for biological image data, Nature
Methods 15, 849-854 (2018), doi:10.1038/s41592-018-0195-8.
"""

from __future__ import annotations

from bioimagehub.catalogs.vocabulary.rules import Rule
from bioimagehub.catalogs.vocabulary.technologies import ELECTRONS, LIGHT

DATA_TYPE_RULES: tuple[Rule, ...] = (
    Rule(
        "correlative-word",
        ("correlative",),
        "The title, a keyword or a method has correlative or correlated with a way of imaging, or CLEM.",
        "The authors call it so.",
        words=r"\b(cryo-?|3d-?|post-?)?clem\b|\bcorrelat(ive|ed|ing)\b[^.]{0,60}"
        r"\b(imaging|microscop\w*|tomogra\w*|light|electron|fluorescen\w*|super-resolution|x-ray|em|afm)\b",
    ),
    Rule(
        "correlative-technologies",
        ("correlative",),
        "A technology with electrons and one with light were found.",
        "The same specimens were imaged at two scales, or two ways; Table 2 calls that correlative.",
        technologies=(ELECTRONS, LIGHT),
    ),
    Rule(
        "atlas-word",
        ("atlas",),
        "The title or a keyword has the word atlas, or connectome.",
        "The authors call it so.",
        words=r"\b(\w*atlas(es)?|connectom\w+)\b",
    ),
    Rule(
        "atlas-collection",
        ("atlas",),
        "The record is of the Human Protein Atlas, the Allen Brain Atlas or the Human Cell Atlas.",
        "Table 2 lists them as atlases.",
        collections=("hpa", "allen", "hca"),
    ),
    Rule(
        "benchmark-collection",
        ("benchmark",),
        "The record is of the BBBC, of the EMDataResource challenges or of the samples of a challenge.",
        "Table 2 lists them as benchmarks.",
        collections=("bbbc", "emdataresource"),
    ),
    Rule(
        "benchmark-ground-truth",
        ("benchmark",),
        "A ground truth is known.",
        "A method can be measured by it.",
        field="ground_truth",
    ),
    Rule(
        "benchmark-word",
        ("benchmark",),
        "The title or a keyword has benchmark, ground truth, gold standard, training data, or a challenge.",
        "The authors say what it is for.",
        words=r"\bbenchmark|\bground[ -]truth|\bgold[ -]standard (anno|data|label|segm)"
        r"|\btraining[ -](data|set|and evalu)|\bdata science bowl"
        r"|\b(grand|tracking|segmentation|(ident|class)ification|detection|imaging|kaggle|20\d\d)( data)? challenge\b"
        r"|\b(reconstruction|analysis|map|model|ligand|cryo-?em)( data)? challenge\b",
    ),
    Rule(
        "phenotyping-collection",
        ("systematic phenotyping",),
        "The record is of the IMPC or the Cell Painting Gallery.",
        "One takes the phenotype of a mouse line per gene, the other of cells per compound or gene.",
        collections=("impc", "cellpainting"),
    ),
    Rule(
        "phenotyping-plate",
        ("systematic phenotyping",),
        "It has wells.",
        "Plates are imaged to compare many treatments or genes.",
        field="wells",
    ),
    Rule(
        "phenotyping-word",
        ("systematic phenotyping",),
        "The title, a keyword or a method has screen, high content, genome-wide, profiling or Cell Painting.",
        "The authors say that they went through many genes, compounds or lines.",
        words=r"\b(screens?|screened|screening|phenoprint\w*|cell ?painting)\b|\bhigh[ -]content\b"
        r"|\bhigh[ -]throughput (imag|micro|phenotyp)\w*|\bgenome[ -](wide|scale)\b"
        r"|\bphenotyp(ic|e) (profil|screen|survey|landscape)\w*|\bhigh-dimensional phenotyp|\bprofiling bioactive"
        r"|\b(compound|image-based|gene overexpression)[ -]profiling|\bmultiprocess (survey|phenotyp)"
        r"|\b(sirna|rnai|crispr|knock-?out|knockdown|orf) librar",
    ),
)
