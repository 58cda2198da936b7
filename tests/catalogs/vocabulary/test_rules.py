"""The rules of the classification: each on an entry that it holds for, and on one that it must not hold for."""

from __future__ import annotations

from typing import Any

import pytest

from bioimagehub.catalogs.vocabulary.classification import RULES, explain

Fields = dict[str, Any]


def _entry(identifier: str, title: str = "", *methods: str, **others: Any) -> Fields:
    return {"identifier": identifier, "title": title, "methods": [{"name": name} for name in methods], **others}


# Titles and methods as the archives have them; a method alone stands for the many entries that have it.
CASES: dict[str, tuple[Fields, Fields]] = {
    "method-term": (
        _entry("ssbd:163-Wang-MitochondrialDyn", "Time-lapse STED imaging", "stimulated emission depletion (STED)"),
        _entry("cil:32558", "", "widefield illumination"),
    ),
    "method-electron-diffraction": (_entry("emdb:a", "", "electronCrystallography"), _entry("emdb:b", "", "helical")),
    "method-single-particle": (_entry("emdb:a", "", "singleParticle"), _entry("bia:b", "", "single-particle tracking")),
    "method-cryo-tomography": (
        _entry("cryoet:10009", "C. reinhardtii ciliary transition zone", "cryo-electron tomography"),
        _entry("bia:S-BIAD1839", "Electron tomography of Solarion Arienae", "electron tomography"),
    ),
    "method-super-resolution": (
        _entry("ssbd:a", "", "super-resolution microscopy"),
        _entry("cil:41823", "", "Simple microscope"),
    ),
    "method-scanning-probe": (_entry("cil:34520", "", "force microscopy"), _entry("cil:a", "", "stereo microscopy")),
    "method-volume-em": (
        _entry("empiar:a", "", "volume electron microscopy"),
        _entry("bia:S-BIAD664", "Scanning electron microscopy of human islet primary cilia", "electron microscopy"),
    ),
    "method-transmission-em": (
        _entry("cil:a", "", "transmission electron microscopy 60kv"),
        _entry("cil:40582", "", "cryo-SEM"),
    ),
    "method-electron-tomography": (
        _entry("cil:a", "", "8-tilt EM tomography"),
        _entry("cryoet:10260", "V. harveyi LuxQ OE", "electron tomography"),
    ),
    "method-scanning-em": (_entry("cil:40654", "", "cryo-SEM"), _entry("empiar:a", "", "cryo-FIB-SEM")),
    "method-x-ray": (_entry("empiar:a", "", "SXT"), _entry("emdb:a", "", "X-ray crystallography")),
    "method-light-sheet": (
        _entry("cil:41104", "", "Bessel Sheet Microscpy", "Two-Photon Microscopy"),
        _entry("cil:a", "", "oblique illumination"),
    ),
    "method-multiphoton": (
        _entry("bia:a", "", "three-photon imaging"),
        _entry("cil:a", "", "UV/visible/IR photons"),
    ),
    "method-confocal": (
        _entry("cil:49851", "", "Confocal laser scanning fluorescence microscopy"),
        _entry("cil:a", "", "single point scanning"),
    ),
    "method-fluorescence": (
        _entry("cil:48254", "", "Laser excitation of fluorophore", "Detection of fluorescence emission"),
        _entry("cil:a", "", "Laser excitation of fluorophore"),
    ),
    "method-transmitted-light": (
        _entry("cil:43705", "", "digital Holographic microscopy"),
        _entry("cil:10428", "", "transmission electron microscopy (TEM)", "darkfield illumination"),
    ),
    "method-vibrational": (_entry("bia:a", "", "stimulated Raman"), _entry("bia:a", "", "shortwave infrared imaging")),
    "method-histology": (_entry("allen:a", "", "Nissl staining"), _entry("ssbd:a", "", "chemically fixed tissue")),
    "method-magnetic-resonance": (
        _entry("cil:7690", "", "microscopic magnetic resonance imaging (MRI)"),
        _entry("ssbd:a", "", "FRET (Förster resonance)"),
    ),
    "method-computed-tomography": (_entry("impc:a", "", "MicroCT E14.5-E15.5"), _entry("ssbd:a", "", "OCT")),
    "method-photography": (_entry("cil:41657", "", "stereo microscopy"), _entry("cil:a", "", "recorded image")),
    "method-ultrasound": (_entry("impc:a", "", "Echo"), _entry("impc:a", "", "Eye Morphology")),
    "electron-film": (
        _entry("cil:7667", "", "detection of electrons", "film"),
        _entry("cil:10802", "", "illumination by electrons", "detection of electrons"),
    ),
    "electron-wide-field": (
        _entry("cil:6555", "", "illumination by electrons", "wide-field detection"),
        _entry("cil:a", "", "illumination by electrons", "secondary_electron imaging"),
    ),
    "cryo-tomography-archive": (
        _entry("cryoet:10027", "G. hansenii bio9-2", "electron tomography"),
        _entry("cil:26317", "", "tomography"),
    ),
    "cell-painting-archive": (
        _entry("cellpainting:cpg0000", "JUMP pilot"),
        _entry("bbbc:BBBC029", "Synthetic DIC Images", "DIC"),
    ),
    "light-illumination": (
        _entry("cil:41832", "", "polarized light illumination"),
        _entry("cil:10428", "", "transmission electron microscopy (TEM)", "darkfield illumination"),
    ),
    "sections-archive": (
        _entry("allen:71587929", "", "in situ hybridization"),
        _entry("idr:idr0101", "In situ genome sequencing resolves DNA sequence", "in situ hybridization"),
    ),
    "title-electron-diffraction": (
        _entry("empiar:a", "Three-dimensional electron crystallography of protein microcrystals"),
        _entry("idr:idr0021", "Subdiffraction imaging of centrosomes reveals higher-order organizational features"),
    ),
    "title-single-particle": (
        _entry("empiar:a", "Single-particle cryo-EM of the ryanodine receptor"),
        _entry("bia:S-BIAD597", "Single-particle tracking (SPT) data of HER2 labeled with a nanobody in HeLa cells"),
    ),
    "title-cryo-tomography": (
        _entry("empiar:EMPIAR-11561", "Cryo-electron tomography of GEM2-labelled Mito-EGFP in HeLa cells"),
        _entry("bia:S-BIAD1839", "Electron tomography of Solarion Arienae", "tomography"),
    ),
    "title-super-resolution": (
        _entry("bia:S-BIAD1095", "Super-resolution imaging of mice hematopoietic stem cells", "spinning disk confocal"),
        _entry("bia:S-BIAD2266", "Enhancing the effective resolution of microscopy with digital expansion microscopy"),
    ),
    "title-scanning-probe": (
        _entry("ssbd:a", "High-speed atomic force microscopy of actin filaments"),
        _entry("bia:S-BIAD1057", "Mechanical strengthening of cell-cell adhesion during mouse embryo compaction"),
    ),
    "title-volume-em": (
        _entry("empiar:EMPIAR-12377", "Array Tomography of zebrafish axillary lymphoid organ", "SEM"),
        _entry("bia:S-BIAD598", "A large collection of Scanning Electron Microscopy images of protists"),
    ),
    "title-transmission-em": (
        _entry("bia:S-BIAD2271", "TEM Mitochondria Segmentation Dataset for Triple Negative Breast Cancer"),
        _entry("bia:S-BIAD2201", "Modeling late gastrulation in stem-cell derived monkey embryo models"),
    ),
    "title-electron-tomography": (
        _entry("bia:S-BIAD1839", "Electron tomography of Solarion Arienae", "tomography"),
        _entry("empiar:EMPIAR-11561", "Cryo-electron tomography of GEM2-labelled Mito-EGFP in HeLa cells"),
    ),
    "title-scanning-em": (
        _entry("bia:S-BIAD598", "A large collection of Scanning Electron Microscopy images of protists"),
        _entry("bia:S-BIAD1908", "Focused Ion Beam-Scanning Electron Microscopy of the Caenorhabditis elegans Dauer"),
    ),
    "title-x-ray": (
        _entry("bia:S-BIAD1015", "X-Ray scan of Priapulopsis bicaudatus "),
        _entry("bia:S-BIAD1015", "X-Ray scan of Priapulopsis bicaudatus ", "confocal microscopy"),
    ),
    "title-light-sheet": (
        _entry(
            "bia:S-BIAD1197", "3D light-sheet microscopy data for SELMA3D 2024 challenge", "fluorescence microscopy"
        ),
        _entry("ssbd:98-Morita-ToothEpiCellDyn", "time-lapse confocal images of the epithelial tissue deformation"),
    ),
    "title-multiphoton": (
        _entry("idr:idr0048", "Multicolor multiscale brain imaging with chromatic multiphoton serial microscopy"),
        _entry("bia:S-BIAD2232", "Label-Free Virtual Multi-Staining Using Dual-Excitation Photon Absorption"),
    ),
    "title-confocal": (
        _entry("bia:S-BIAD1040", "Automated confocal feedback imaging of Plasmodium berghei liver stage translation"),
        _entry(
            "bia:S-BIAD1040", "Automated confocal feedback imaging of Plasmodium berghei", "bright-field microscopy"
        ),
    ),
    "title-fluorescence": (
        _entry("bia:S-BIAD2398", "Database of FRET and bright-field images for MCF-7 cells"),
        _entry("bia:S-BIAD1977", "Tuber aestivum hosted by Zelkova carpinifolia: Geology, pedology, and ecology"),
    ),
    "title-transmitted-light": (
        _entry("ssbd:237-Jin-CellDynamics", "Bright-field time-lapse images of live murine immune-related cells"),
        _entry("bia:S-BIAD1271", "Polarised cell intercalation during Drosophila axis extension is robust"),
    ),
    "title-vibrational": (
        _entry("bia:S-BIAD2128", "Raman-based label-free microscopic analysis of the pancreas in zebrafish larvae"),
        _entry("bia:S-BIAD2235", "Silicon Flavylium Polymethine Dyes for Shortwave Infrared Imaging"),
    ),
    "title-histology": (
        _entry(
            "bia:S-BIAD629", "Stroke Thromboembolism Registry of Imaging and Pathology: Digital Whole Slide Image Set"
        ),
        _entry("bia:S-BIAD1977", "Tuber aestivum hosted by Zelkova carpinifolia: Geology, pedology, and ecology"),
    ),
    "title-magnetic-resonance": (
        _entry("ukbiobank:brain", "Brain magnetic resonance imaging"),
        _entry("bia:S-BIAD686", "Embryonic mice ultrasound volumes with body and brain volume segmentation masks"),
    ),
    "title-computed-tomography": (
        _entry(
            "bia:S-BIAD1130", "Quantitative microCT imaging of a whole equine placenta and its blood vessel network"
        ),
        _entry("bia:S-BIAD827", "Ct inoculation on At roots"),
    ),
    "title-photography": (
        _entry("bia:S-BIAD1414", "Collection of Hypolimnas bolina (and some Danaus chrysippus) wing photographs"),
        _entry("bia:S-BIAD1540", "Polarity-JaM: An image analysis toolbox for cell polarity"),
    ),
    "title-ultrasound": (
        _entry("bia:S-BIAD1482", "AnkleImage - An ultrafast ultrasound image dataset to understand the ankle joint"),
        _entry("bia:S-BIAD827", "Ct inoculation on At roots"),
    ),
    "technology-scale": (
        _entry("emdb:EMD-3001", "", "singleParticle"),
        _entry("bia:S-BIAD827", "Ct inoculation on At roots"),
    ),
    "electrons-unspecified": (
        _entry("cil:10802", "", "illumination by electrons", "detection of electrons"),
        _entry("cil:a", "", "elastic scattering of electrons"),
    ),
    "x-ray-cells": (
        _entry("empiar:a", "Soft X-ray tomography of yeast"),
        _entry("bia:S-BIAD1015", "X-Ray scan of Priapulopsis bicaudatus "),
    ),
    "word-cell": (
        _entry("bbbc:BBBC002", "Drosophila Kc167 cells"),
        _entry("bbbc:BBBC028", "Polymerized structures"),
    ),
    "word-tissue": (
        _entry("bbbc:BBBC027", "3D Colon Tissue (synthetic data)"),
        _entry("cil:44510", "", anatomy=["kidney epithelial cell", "cell cortex"]),
    ),
    "word-organism": (_entry("bbbc:BBBC003", "Mouse embryos"), _entry("bbbc:BBBC002", "Drosophila Kc167 cells")),
    "collection-cells": (_entry("hpa:ENSG00000134057", "CCNB1"), _entry("allen:71587929", "Pvalb")),
    "collection-tissues": (_entry("allen:71587929", "Pvalb"), _entry("cellpainting:cpg0000", "JUMP pilot")),
    "collection-organism": (_entry("impc:a", "X-ray"), _entry("hpa:ENSG00000134057", "CCNB1")),
    "correlative-word": (
        _entry("bia:S-BIAD601", "CLEM study of IFT trains in primary cilia", "confocal microscopy"),
        _entry("bia:S-BIAD1365", "Human-correlated genetic HCC models identify combination therapy for medicine"),
    ),
    "correlative-technologies": (
        _entry("bia:S-BIAD1306", "", "confocal microscopy", "focussed ion beam scanning electron microscopy (FIB-SEM)"),
        _entry("cil:10428", "", "transmission electron microscopy (TEM)", "darkfield illumination"),
    ),
    "atlas-word": (
        _entry("idr:idr0070", "HDBR Atlas: Gene Expression in Early Human Development"),
        _entry("idr:idr0013", "Phenotypic profiling of the human genome by time-lapse microscopy"),
    ),
    "atlas-collection": (_entry("allen:71587929", "Pvalb"), _entry("impc:a", "X-ray")),
    "benchmark-collection": (_entry("bbbc:BBBC023", "BBBC023"), _entry("idr:idr0062", "Nessys")),
    "benchmark-ground-truth": (
        _entry("idr:idr0062", "Nessys", ground_truth=["instance masks"]),
        _entry("idr:idr0062", "Nessys", ground_truth=[]),
    ),
    "benchmark-word": (
        _entry("bia:S-BIAD1047", "Light My Cells : Bright Field to Fluorescence Imaging Challenge"),
        _entry("bia:S-BIAD2324", "A Preliminary Exploration of Diagnostic Equivalence to Gold-Standard H&E Staining"),
    ),
    "phenotyping-collection": (_entry("impc:a", "X-ray"), _entry("hpa:ENSG00000134057", "CCNB1")),
    "phenotyping-plate": (_entry("idr:idr0013", "", wells=384), _entry("idr:idr0062", "", wells=None)),
    "phenotyping-word": (
        _entry("idr:idr0002", "Focused mitotic chromsome condensaton screen using HeLa cells"),
        _entry("bia:S-BIAD1900", "Systematic Benchmarking of High-Throughput Subcellular Spatial Transcriptomics"),
    ),
}


def _holding(fields: Fields) -> set[str]:
    return {name for rules in explain(fields).values() for name in rules}


@pytest.mark.parametrize("rule", [rule.id for rules in RULES.values() for rule in rules])
def test_rule(rule: str) -> None:
    positive, negative = CASES[rule]
    assert rule in _holding(positive)
    assert rule not in _holding(negative)


def test_rules_are_named_once_and_say_why() -> None:
    rules = [rule for each in RULES.values() for rule in each]
    assert len({rule.id for rule in rules}) == len(rules) == len(CASES)
    assert all(rule.when.endswith(".") and rule.why.endswith(".") for rule in rules)
