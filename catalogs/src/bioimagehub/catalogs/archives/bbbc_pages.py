"""The facts in the HTML of the Broad Bioimage Benchmark Collection: its table of image sets, and a page of one.

The pages were written by hand over many years, and the site changed its software in 2020. What stays the same is
used: headings, links, the letters of the ground truth, and the link of the licence.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from bioimagehub.catalogs.errors import ArchiveAnswerError

_SITE = "broad bioimage benchmark collection"
_LARGEST = 250_000
"""Characters of a page; the longest of the site has some 25,000."""
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]{0,2000}+)>")
_VALUE = re.compile(r"""(?<![\w:-])([\w:-]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
# Comments, and what is not shown.
_UNSEEN = tuple(
    (re.compile(begin, re.IGNORECASE), re.compile(end, re.IGNORECASE))
    for begin, end in ((r"<!--", r"-->"), (r"<script\b", r"</script\s*>"), (r"<style\b", r"</style\s*>"))
)
# Endings of what one downloads; pictures of the page are not among them.
_FILE = re.compile(r"\.(zip|tgz|tar|gz|txt|csv|tsv|tiff?|mat|json|xml|xlsx?|h5|sqlite|md5|rar|7z)$", re.IGNORECASE)
_SIZE = re.compile(r"\(\s*([\d.,]+\s*[kKmMgGtT]?[bB])(?:ytes)?\s*\)")
_BADGE = re.compile(r"[CFOBXU]")


class _Section:
    """A heading with what stands under it."""

    def __init__(self, heading: str = "") -> None:
        self.heading = heading
        self.text = ""
        self.links: list[tuple[str, str]] = []
        self.badges: list[str] = []


class _Page:
    """A page split at its headings, with text, links and letters of each section, and the rows of its tables."""

    def __init__(self) -> None:
        self.title = ""
        self.sections = [_Section()]
        self.licences: list[str] = []
        self.rows: list[tuple[list[str], list[str]]] = []
        self._inside: list[str] = []
        self._link: tuple[str, str, str] | None = None

    def begin(self, tag: str, values: dict[str, str]) -> None:
        """Take a start tag with its attributes."""
        if tag == "title":
            self._inside.append(tag)
        elif tag in _HEADINGS:
            self.sections.append(_Section())
            self._inside.append(tag)
        elif tag == "tr":
            self.rows.append(([], []))
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1][0].append("")
        elif tag == "a":
            badge = values.get("title", "") if "badge" in values.get("class", "") else ""
            self._link = (values.get("href", ""), badge, "")
            if "license" in values.get("rel", ""):
                self.licences.append(values.get("href", ""))

    def end(self, tag: str) -> None:
        """Take an end tag."""
        if tag == "a" and self._link is not None:
            href, badge, label = self._link
            section = self.sections[-1]
            if badge:
                section.badges.append(badge.casefold())
                if self.rows:
                    self.rows[-1][1].append(badge.casefold())
            else:
                section.links.append((href, " ".join(label.split())))
            self._link = None
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def text(self, data: str) -> None:
        """Take text between two tags."""
        place = self._inside[-1] if self._inside else ""
        if place == "title":
            self.title += data
            return
        if self._link is not None:
            href, badge, label = self._link
            self._link = (href, badge, label + data)
            if badge:
                return
        if place in _HEADINGS:
            self.sections[-1].heading += data
        else:
            self.sections[-1].text += data
        if self.rows and self.rows[-1][0]:
            self.rows[-1][0][-1] += data


def parse_index(html: str) -> list[dict[str, Any]]:
    """Take the table of image sets out of its page.

    Parameters
    ----------
    html : str

    Returns
    -------
    list of dict
        ``accession``, ``title``, ``group``, ``mode``, ``fields_of_view`` and ``ground_truth_index`` of each.

    Raises
    ------
    ArchiveAnswerError
        If the page names no image set.
    """
    page = _read(html)
    found, group = {}, ""
    for cells, badges in page.rows:
        texts = [" ".join(cell.split()) for cell in cells]
        if len(texts) == 1:
            group = texts[0]
        match = re.search(r"\bBBBC\d{3}\b", texts[0]) if texts else None
        if match is None or len(texts) < 4:
            continue
        kinds = badges or _BADGE.findall(texts[4] if len(texts) > 4 else "")
        found[match[0]] = {
            "accession": match[0],
            "title": texts[1],
            "group": group,
            "mode": texts[2],
            "fields_of_view": texts[3],
            "ground_truth_index": list(dict.fromkeys(kinds)),
        }
    if not found:
        msg = (
            "The page of the image sets of the BBBC names none; expected a table with their accessions. "
            "Its layout may have changed: look at https://bbbc.broadinstitute.org/image_sets, and report it."
        )
        raise ArchiveAnswerError(msg)
    return list(found.values())


def parse_page(html: str, accession: str) -> dict[str, Any]:
    """Take the facts out of the page of an image set.

    Parameters
    ----------
    html : str
    accession : str

    Returns
    -------
    dict
        ``accession``, ``title``, ``version``, ``ground_truth_page``, ``licence_url`` (empty where none is stated),
        ``recommended_citation`` with ``citation_links``, ``files`` (``section``, ``file``, ``label``, ``size``) and
        ``page_last_updated``.

    Raises
    ------
    ArchiveAnswerError
        If the page is neither that of the image set nor one that is left empty for it.
    """
    page = _read(html)
    text = " ".join(section.text for section in page.sections)
    names = f"{page.title} {' '.join(section.heading for section in page.sections)} {text}"
    if accession not in names and len(names.strip()) > 200:
        msg = (
            f"The page of {accession} does not name it; expected an image set. The site may have changed or show an "
            f"error page: look at https://bbbc.broadinstitute.org/{accession}."
        )
        raise ArchiveAnswerError(msg)
    cited = next((each for each in page.sections if "citation" in each.heading.casefold()), _Section())
    version = re.search(r"Version\s+(\d+(?:\.\d+)*)", text)
    updated = re.search(r"last updated\s+(\d{4}-\d{2}-\d{2})", text)
    return {
        "accession": accession,
        "title": _title(page, accession),
        "version": version[1] if version else None,
        "ground_truth_page": _kinds(page),
        "licence_url": next(iter(page.licences), ""),
        "recommended_citation": " ".join(cited.text.split()),
        "citation_links": {label: href for href, label in cited.links if label},
        "files": [each for section in page.sections for each in _files(section)],
        "page_last_updated": updated[1] if updated else "",
    }


def _read(html: str) -> _Page:
    """Go through the tags of a page; Python's own parser takes hours for some broken pages of this length."""
    if len(html) > _LARGEST:
        msg = f"A page of the BBBC has {len(html):,} characters; expected at most {_LARGEST:,}. Look at it there."
        raise ArchiveAnswerError(msg)
    for begin, end in _UNSEEN:
        html = _cut(html, begin, end)
    page, place = _Page(), 0
    for tag in _TAG.finditer(html):
        page.text(unescape(html[place : tag.start()]))
        place = tag.end()
        name = tag[2].casefold()
        if tag[1]:
            page.end(name)
        else:
            values = {
                each[1].casefold(): unescape(each[2] or each[3] or each[4] or "") for each in _VALUE.finditer(tag[3])
            }
            page.begin(name, values)
    page.text(unescape(html[place:]))
    return page


def _cut(html: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    """Leave out what stands between two marks, such as a comment; all of the rest where the second one is missing."""
    kept, place = [], 0
    while (found := begin.search(html, place)) is not None:
        kept.append(html[place : found.start()])
        last = end.search(html, found.end())
        if last is None:
            return "".join(kept)
        place = last.end()
    return "".join([*kept, html[place:]])


def _title(page: _Page, accession: str) -> str:
    """Give the title of the page, without accession and name of the site; else the first heading that is one."""
    candidates = [page.title.partition("|")[0], *(section.heading for section in page.sections)]
    for candidate in candidates:
        text = " ".join(candidate.split()).removeprefix(accession).lstrip(" :-–")
        if text and text.casefold() != _SITE:
            return text
    return ""


def _kinds(page: _Page) -> list[str]:
    """Give the kinds of ground truth of the headings "Ground truth": as titles of the letters, or as letters."""
    found: list[str] = []
    for section in page.sections:
        name, _, letters = section.heading.casefold().partition("ground truth")
        if not name.strip() and "ground truth" in section.heading.casefold():
            found += section.badges or _BADGE.findall(" ".join(re.findall(r"\b[cfobxu]\b", letters)).upper())
    return list(dict.fromkeys(found))


def _files(section: _Section) -> list[dict[str, str]]:
    """Give the links of a section that lead to files; a size stands in the label or in the text right behind it."""
    place = "ground truth" if "ground truth" in section.heading.casefold() else section.heading.casefold().strip()
    found = []
    for href, label in section.links:
        if not _FILE.search(href.partition("?")[0].partition("#")[0]) or href.startswith("mailto:"):
            continue
        _, _, behind = section.text.partition(label) if label else ("", "", "")
        size = _SIZE.search(label) or _SIZE.match(behind.strip())
        found.append({"section": place, "file": href, "label": label, "size": size[1] if size else ""})
    return found
