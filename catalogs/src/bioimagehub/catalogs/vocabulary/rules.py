"""The rules that derive imaging technology, scale and data type: a table, read from top to bottom.

Scales and data types are those of Tables 1 and 2 of Ellenberg et al., A call for public archives for biological image
data, Nature Methods 15, 849-854 (2018), doi:10.1038/s41592-018-0195-8.
"""

from __future__ import annotations

from dataclasses import dataclass

ELECTRONS = (
    "electron diffraction",
    "single-particle cryo-electron microscopy",
    "cryo-electron tomography",
    "transmission electron microscopy",
    "scanning electron microscopy",
    "volume electron microscopy",
)
LIGHT = (
    "super-resolution microscopy",
    "fluorescence microscopy",
    "confocal microscopy",
    "multiphoton microscopy",
    "light-sheet microscopy",
    "transmitted-light microscopy",
)

# The scales that a technology shows by itself; words may add others. X-ray imaging shows all, so it has none here.
SCALES_OF: dict[str, tuple[str, ...]] = {
    "electron diffraction": ("molecular",),
    "single-particle cryo-electron microscopy": ("molecular",),
    "cryo-electron tomography": ("molecular machines",),
    "super-resolution microscopy": ("molecular machines", "cells"),
    "scanning probe microscopy": ("molecular machines",),
    "transmission electron microscopy": ("cells",),
    "scanning electron microscopy": ("cells",),
    "volume electron microscopy": ("cells", "tissues"),
    "X-ray imaging": (),
    "fluorescence microscopy": ("cells",),
    "confocal microscopy": ("cells",),
    "multiphoton microscopy": ("tissues",),
    "light-sheet microscopy": ("tissues",),
    "transmitted-light microscopy": ("cells",),
    "vibrational imaging": ("cells",),
    "histology": ("tissues",),
    "magnetic resonance imaging": ("organism",),
    "computed tomography": ("organism",),
    "photography": ("organism",),
    "ultrasound": ("organism",),
}


def _words(*lines: str) -> str:
    """Make a regular expression that finds one of the words, each of which is one itself."""
    return rf"\b(?:{'|'.join(word for line in lines for word in line.split())})\b"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is concluded, and from what. All conditions that are given must hold.

    Attributes
    ----------
    id : str
        Its name, as the page about it has it.
    gives : tuple of str
        Technologies, scales or data types; empty where the tables of terms or `SCALES_OF` say what.
    when : str
        The condition in words.
    why : str
    methods : tuple of str
        Regular expressions; each is found in the name of a method.
    words : str or None
        Regular expression that is found in the title, a keyword or the name of a method.
    things : str or None
        Regular expression that is found in the title, a keyword, or a term of the anatomy.
    collections : tuple of str
        The record is of one of these.
    field : str or None
        Field that is not empty.
    technologies : tuple of tuple of str
        Of each of these, one was found.
    fallback : bool
        No other rule of its table concluded anything, but for those that are a fallback likewise.
    """

    id: str
    gives: tuple[str, ...]
    when: str
    why: str
    methods: tuple[str, ...] = ()
    words: str | None = None
    things: str | None = None
    collections: tuple[str, ...] = ()
    field: str | None = None
    technologies: tuple[tuple[str, ...], ...] = ()
    fallback: bool = False


# Each technology by its name and abbreviations. They are looked for in the methods, and in the title where the methods
# tell nothing.
_NAMES: tuple[tuple[str, str, str], ...] = (
    (
        "electron-diffraction",
        "electron diffraction",
        r"electron[ -]?diffraction|electron[ -]?crystallograph|\bmicroed\b",
    ),
    (
        "single-particle",
        "single-particle cryo-electron microscopy",
        r"\bsingle[ -]?particle(?! track)|\bhelical reconstruction|^helical$",
    ),
    (
        "cryo-tomography",
        "cryo-electron tomography",
        r"\bcryo[ -]?(et\b|electron tomogra|tomogra)|electron cryo-?tomogra|\bsub-?tomogram",
    ),
    (
        "super-resolution",
        "super-resolution microscopy",
        r"\bsuper[ -]?resol|\bsted\b|\bd?storm\b|\bf?palm\b|\bminflux\b|\bdna[ -]?paint\b|\bsmlm\b|\bnanoscopy\b"
        r"|single[ -]molecule locali[sz]ation|point[ -]locali[sz]ation|\bstructured[ -]illumination|\bi?sim\b"
        r"|\b3d-?sim\b|\bexpansion microscopy|\bresolft\b",
    ),
    (
        "scanning-probe",
        "scanning probe microscopy",
        r"\batomic force|\bafm\b|\bforce microscop|\bscanning (probe|tunnel)",
    ),
    (
        "volume-em",
        "volume electron microscopy",
        r"\bserial[ -]block|\bsbf-?sem\b|\bsbem\b|\bfib-?sem\b|\bfocus+ed ion beam|\bvolume (em\b|electron)|\bvem\b"
        r"|\barray tomograph|\bserial[ -]section (s?tem\b|transmission|em\b|electron)|\bsstem\b|\batum\b",
    ),
    (
        "transmission-em",
        "transmission electron microscopy",
        r"\btransmission electron|\bs?tem\b(?! cell)|\b[ih]vem\b|\bimmuno-?electron|\bimmuno-?em\b|\bem tomogra"
        r"|\btilt series\b|\bsingle tilt\b|(?<!cryo-)(?<!cryo )\belectron tomogra|\belectron microscope autoradiograph",
    ),
    (
        "scanning-em",
        "scanning electron microscopy",
        r"(?<!beam )\bscanning electron|(?<!fib-)(?<!fib )(?<!sbf-)\bsem\b",
    ),
    ("x-ray", "X-ray imaging", r"\bx-?ray (?!crystal|diffraction|struct)|\bradiograph|\bsxt\b|\bsynchrotron"),
    (
        "light-sheet",
        "light-sheet microscopy",
        r"\blight[ -]?sheet|\blsfm\b|\b(di|mu?vi)?spim\b|\bsheet micros|\boblique plane",
    ),
    ("multiphoton", "multiphoton microscopy", r"\b(multi|two|2|three|3)[ -]?photon"),
    ("confocal", "confocal microscopy", r"\bconfocal|\bspinning[ -]dis[kc]"),
    (
        "fluorescence",
        "fluorescence microscopy",
        r"fluorescen|\btirfm?\b|\btotal internal reflection|\bfret\b|\bfrap\b|\bflim\b|\bflip\b|\bspeckle micro"
        r"|\bcell painting",
    ),
    (
        "transmitted-light",
        "transmitted-light microscopy",
        r"\bbright[ -]?field|\bdic\b|\binterference contrast|\bnomarski|\bphase[ -]contrast|\bdark[ -]?field"
        r"|\bpolari[sz](ed light|ation micr)|\bquantitative phase|\bdigital holograph|\banoptral|\boblique illumination",
    ),
    ("vibrational", "vibrational imaging", r"\braman\b|\binfrared (micro|spectro|imag)|\bftir\b|\bcars\b"),
    (
        "histology",
        "histology",
        r"\bhisto(log|path)|\bh ?& ?e\b|\bha?ematoxylin|\bimmunohistochem|\bwhole[ -]slide|\btissue micro-?array",
    ),
    ("magnetic-resonance", "magnetic resonance imaging", r"\bmagnetic resonance|\b[fd]?mri\b"),
    (
        "computed-tomography",
        "computed tomography",
        r"\b(micro|nano|µ|x-ray )-?ct\b|\bcomput(ed|erized) tomogra|\bx-ray (micro)?tomogra|^ct$",
    ),
    ("photography", "photography", r"\bmacroscop|\bphotograph(y|s)?\b|\bstereo ?-?micro"),
    ("ultrasound", "ultrasound", r"\bultraso(und|nogr)|\bechocardio"),
)

TECHNOLOGY_RULES: tuple[Rule, ...] = (
    Rule(
        "method-term",
        (),
        "A method is a term of FBbi, by its identifier or its label.",
        "The ontology says what it is a kind of; the table of terms has the technology of each branch.",
        methods=(".",),
    ),
    *(
        Rule(
            f"method-{name}",
            (technology,),
            f"The name of a method has a word for {technology}.",
            "Archives name methods that FBbi lacks, and abbreviate.",
            methods=(pattern,),
        )
        for name, technology, pattern in _NAMES
    ),
    Rule(
        "electron-film",
        ("transmission electron microscopy",),
        "One method is the detection of electrons, another is film.",
        "Film records a projected image; in a scanning microscope a detector counts electrons at one point.",
        methods=(r"^detection of electrons$", r"^film$"),
    ),
    Rule(
        "electron-wide-field",
        ("transmission electron microscopy",),
        "One method is the illumination by electrons, another is a wide field.",
        "A wide beam of electrons is what a transmission electron microscope has; a scanning one has a fine beam.",
        methods=(r"^illumination by electrons$", r"^wide-?field"),
    ),
    Rule(
        "cryo-tomography-archive",
        ("cryo-electron tomography",),
        "The record is of the CryoET Data Portal, or of EMDB with tomography as method.",
        "Both hold frozen specimens only.",
        methods=(r"\btomogra",),
        collections=("cryoet", "emdb"),
    ),
    Rule(
        "cell-painting-archive",
        ("fluorescence microscopy",),
        "The record is of the Cell Painting Gallery.",
        "Cell Painting is an assay with six fluorescent dyes, doi:10.1038/nprot.2016.105.",
        collections=("cellpainting",),
    ),
    *(
        Rule(
            f"title-{name}",
            (technology,),
            f"The methods tell no technology, and the title or a keyword has a word for {technology}.",
            "Many titles say how the images were taken.",
            words=pattern,
            fallback=True,
        )
        for name, technology, pattern in _NAMES
    ),
)

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
        things=_words(
            "cells? cellular subcellular intracellular neurons? fibroblasts? macrophages? erythrocytes? lymphocytes? oocytes?",
            "astrocytes? hepatocytes? keratinocytes? leukocytes? neutrophils? spermatocytes? nuclei nucleus mitosis mitotic",
            "organelles? hela u-?2[-_]?os hek-?293t? rpe-?1 mcf-?7 a549 3t3 cos-?7 hct-?116 ht-?29 hepg2 kc167 cho-k1",
        ),
    ),
    Rule(
        "word-tissue",
        ("tissues",),
        "The title, a keyword or a term of the anatomy has the word tissue, an organ, a tumour or an organoid.",
        "It says what the images show.",
        things=_words(
            "tissues? histolog\\w+ histopatholog\\w+ biops(?:y|ies) organoids? spheroids? tumou?rs? carcinomas? brain cortex",
            "hippocamp\\w+ cerebell\\w+ striatum retinal? kidney renal liver hepatic lungs? heart cardiac muscle skin epidermis",
            "intestin\\w+ colon gut pancrea\\w+ spleen thymus bone cartilage tonsil testis ovary prostate mammary breast",
            "placenta cochlea epithelium vasculature lea(?:f|ves) roots? meristems?",
        ),
    ),
    Rule(
        "word-organism",
        ("organism",),
        "The title, a keyword or a term of the anatomy has a word for a whole body, an embryo, a larva or a seedling.",
        "It says what the images show.",
        things=_words(
            "whole[-\\s](?:body|animal|organism|fish|plant|mouse|larva\\w*|embryo\\w*|mounts?) embryos? embryogenesis larvae?",
            "larval seedlings? f(?:e|oe)tus\\w* f(?:e|oe)tal neonat\\w+ adult\\s(?:fish|flies|worms|mice|zebrafish)",
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
        words=r"\bbenchmark|\bground[ -]truth|\bgold[ -]standard|\btraining[ -](data|set|and evaluation)"
        r"|\bdata science bowl|\b(grand|tracking|segmentation|classification|detection|reconstruction|analysis|kaggle|map|model|ligand|cryo-?em)"
        r"( data)? challenge\b",
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
        words=r"\b(screens?|screened|screening|phenoprint\w*|cell ?painting)\b|\bhigh[ -](content|throughput)\b"
        r"|\bgenome[ -](wide|scale)\b|\bphenotyp(ic|e) (profil|screen|survey|landscape)\w*|\bhigh-dimensional phenotyp"
        r"|\b(compound|image-based|gene overexpression)[ -]profiling|\bprofiling bioactive|\bmultiprocess (survey|phenotyp)"
        r"|\b(sirna|rnai|crispr|knock-?out|knockdown|orf) librar",
    ),
)
