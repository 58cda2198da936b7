"""The page docs/reference/classification.md, made of the rules.

``python -m bioimagehub.catalogs.vocabulary.reference_page > docs/reference/classification.md`` renews it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bioimagehub.catalogs.vocabulary.data_types import DATA_TYPE_RULES
from bioimagehub.catalogs.vocabulary.scales import SCALE_RULES
from bioimagehub.catalogs.vocabulary.technologies import SCALES_OF, TECHNOLOGY_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bioimagehub.catalogs.vocabulary.rules import Rule

_HEAD = """\
# Classification

`technologies`, `scales` and `data_types` of a record are derived by rules, unless the record states them. Scales and
data types are those of Tables 1 and 2 of Ellenberg et al., A call for public archives for biological image data, Nature
Methods 15, 849–854 (2018), [doi:10.1038/s41592-018-0195-8](https://doi.org/10.1038/s41592-018-0195-8).

The rules look at the archive, the title, the keywords, the methods, the anatomy, the ground truth and the number of
wells. They are tried in the order of the tables; all that hold count, so a record may have several values. A rule that
is marked *fallback* counts only where no rule without that mark does. `explain` tells which rules hold:

```python
from bioimagehub.catalogs.vocabulary.classification import explain

found = explain({"identifier": "bbbc:BBBC039", "title": "Nuclei of U2OS cells in a chemical screen"})
assert found["data_types"] == {
    "benchmark-collection": ("benchmark",),
    "phenotyping-word": ("systematic phenotyping",),
}
```

This page is made from the rules: `python -m bioimagehub.catalogs.vocabulary.reference_page`.
"""

_TAIL = """\
## What is not derived

- **The kind of an electron microscope that is not named.** "Illumination by electrons" with "detection of electrons"
  fits transmission and scanning microscopes. Such a record has the scale `cells` and no technology.
- **A light microscope that is not named**: "light microscopy", "widefield illumination", "time lapse microscopy",
  "recorded image". Wide field may be fluorescence or transmitted light.
- **Optical coherence tomography, optical projection tomography, imaging by mass, spatial transcriptomics.** The list of
  technologies has no such entry.
- **Drawings and plate readers.** They give no images.
- **Anything from descriptions, abstracts, file names or pixels.** They say too much that is not about the images.
- **A scale from the organism.** A mouse may be imaged as a molecule or as a whole.
- **Confocal is not counted as fluorescence too**, nor light sheet, multiphoton or super-resolution: each record has the
  nearest technology. A search for the word fluorescence finds the others by their synonyms.
"""

_COVERAGE = """\
## How much it covers

Of 11,767 entries of seven archives (titles, methods and, for the Cell Image Library, terms of the anatomy), 86 % get a
technology and 98 % a scale. 1.5 % get a data type: most single images are of none of the four. By archive:

| archive | entries | with a technology | with a scale | with a data type |
|---|---|---|---|---|
| BioImage Archive | 777 | 84 % | 91 % | 10 % |
| IDR | 138 | 95 % | 100 % | 27 % |
| SSBD | 389 | 65 % | 83 % | 2 % |
| EMPIAR | 27 | 93 % | 100 % | 4 % |
| CryoET Data Portal | 370 | 100 % | 100 % | 1 % |
| BBBC | 43 | 98 % | 98 % | 100 % |
| Cell Image Library | 10,023 | 86 % | 99 % | 0.02 % |

What is missing is mostly not stated: 536 records of the Cell Image Library and 83 studies of the BioImage Archive name
no method.
"""


def format_page() -> str:
    """Write the page in Markdown."""
    parts = [
        _HEAD,
        _section("Technologies", TECHNOLOGY_RULES),
        _section("Scales", SCALE_RULES),
        _scales(),
        _section("Data types", DATA_TYPE_RULES),
        _TAIL,
        _COVERAGE,
    ]
    return "\n".join(parts)


def _section(title: str, rules: Iterable[Rule]) -> str:
    rows = [f"| `{rule.id}` | {_condition(rule)} | {_conclusion(rule)} | {rule.why} |" for rule in rules]
    return "\n".join([f"## {title}", "", "| rule | holds when | gives | because |", "|---|---|---|---|", *rows, ""])


def _condition(rule: Rule) -> str:
    return ("*Fallback.* " if rule.fallback else "") + rule.when


def _conclusion(rule: Rule) -> str:
    return ", ".join(f"`{value}`" for value in rule.gives) or "by table"


def _scales() -> str:
    rows = [f"| {name} | {', '.join(scales) or 'by words only'} |" for name, scales in SCALES_OF.items()]
    return "\n".join(["### Scales that a technology shows", "", "| technology | scales |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(format_page())
