"""Imaging technologies: the rules that derive them, and the scales that each of them shows.

Technologies and scales are those of Table 1 of Ellenberg et al., A call for public archives for biological image data,
Nature Methods 15, 849-854 (2018), doi:10.1038/s41592-018-0195-8.
"""

from __future__ import annotations

from bioimagehub.catalogs.vocabulary.rules import Rule

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
    "volume electron microscopy": ("cells",),
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
        r"|\b3d-?sim\b|(?<!digital )\bexpansion microscopy|\bresolft\b",
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
        r"\btransmission electron|\btem\b|\b[ih]vem\b|\bimmuno-?electron|\bimmuno-?em\b"
        r"|\belectron microscope autoradiograph",
    ),
    (
        "electron-tomography",
        "transmission electron microscopy",
        r"(?<!cryo-)(?<!cryo )\b(electron|em) tomogra|\btilt series\b|\bsingle tilt\b",
    ),
    (
        "scanning-em",
        "scanning electron microscopy",
        r"(?<!beam )(?<!face )\bscanning electron|(?<!fib-)(?<!fib )(?<!sbf-)(?<!face )\bsem\b",
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
        r"\bbright[ -]?field|\bdic\b|\binterference contrast|\bnomarski|\bphase[ -]contrast|\bdark[ -]?field(?! illum)"
        r"|\bpolari[sz](ed light(?! illum)|ation micr)|\bquantitative phase|\bdigital holograph"
        r"|\banoptral",
    ),
    ("vibrational", "vibrational imaging", r"\braman\b|\binfrared (micro|spectro)|\bftir\b|\bcars\b"),
    (
        "histology",
        "histology",
        r"\bhisto(log|path)|\bh ?& ?e\b|\bha?ematoxylin|\bimmunohistochem|\bnissl\b"
        r"|\bwhole[ -]slide|\btissue micro-?array",
    ),
    ("magnetic-resonance", "magnetic resonance imaging", r"\bmagnetic resonance|\b[fd]?mri\b"),
    (
        "computed-tomography",
        "computed tomography",
        r"\b(micro|nano|µ|x-ray )-?ct\b|\bcomput(ed|erized) tomogra|\bx-ray (micro)?tomogra|^ct$",
    ),
    ("photography", "photography", r"\bmacroscop|\bphotograph(y|s)?\b|\bstereo ?-?micro|\bgross (morph|path)"),
    ("ultrasound", "ultrasound", r"\bultraso(und|nogr)|\bechocardio|^echo$"),
)

# The collections whose tomograms are all of frozen specimens.
_FROZEN = ("cryoet", "emdb")

# What a title names where the methods say no more than light, fluorescence or electrons.
_PRECISE = ("cryo-tomography", "light-sheet", "multiphoton", "super-resolution", "volume-em")


def _said(name: str, technology: str) -> str:
    return (
        "electron tomography outside the CryoET Data Portal and EMDB" if name == "electron-tomography" else technology
    )


TECHNOLOGY_RULES: tuple[Rule, ...] = (
    Rule(
        "method-term",
        (),
        "A method is a term of FBbi, by its identifier or its label.",
        "The ontology says what it is a kind of; the table of terms has the technology of each branch.",
    ),
    *(
        Rule(
            f"method-{name}",
            (technology,),
            f"The name of a method that has no technology in FBbi has a word for {_said(name, technology)}.",
            "Archives name methods that FBbi lacks, and abbreviate.",
            methods=(pattern,),
            elsewhere=_FROZEN if name == "electron-tomography" else (),
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
        collections=_FROZEN,
    ),
    Rule(
        "cell-painting-archive",
        ("fluorescence microscopy",),
        "The record is of the Cell Painting Gallery.",
        "Cell Painting is an assay with six fluorescent dyes, doi:10.1038/nprot.2016.105.",
        collections=("cellpainting",),
    ),
    Rule(
        "light-illumination",
        ("transmitted-light microscopy",),
        "Nothing but the illumination is told: dark field, polarized, oblique or Rheinberg.",
        "With electrons a dark field is told along with them; alone it is one of light.",
        methods=(r"^(darkfield|polarized light|oblique|rheinberg) illumination$",),
        fallback=True,
    ),
    Rule(
        "sections-archive",
        ("histology",),
        "The record is of the Allen Brain Atlas, and a method is in situ hybridization.",
        "Its sections of brains are stained and scanned whole.",
        methods=(r"\bin situ hybridi[sz]ation",),
        collections=("allen",),
    ),
    *(
        Rule(
            f"title-{name}",
            (technology,),
            f"The title or a keyword has a word for {_said(name, technology)}.",
            "Many titles say how the images were taken."
            + (" Methods often tell it less precisely." if name in _PRECISE else ""),
            title=pattern,
            elsewhere=_FROZEN if name == "electron-tomography" else (),
            fallback=name not in _PRECISE,
        )
        for name, technology, pattern in _NAMES
    ),
)
