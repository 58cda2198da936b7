"""What a page shows of the plans of a download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bioimagehub.catalogs.downloads.folder import free_space
from bioimagehub.widgets.download.telling import tell_terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bioimagehub.catalogs.downloads import Plan
    from bioimagehub.catalogs.downloads.image_shapes import ImageShape
    from bioimagehub.widgets.download.tree import FileTree

RATE = 10e6
"""Bytes a second that the time is reckoned with: what archives give to several connections."""
_LATENCY, _CONNECTIONS = 0.05, 64
_IMAGES, _NOTES, _PARTS, _NAMES = 20, 20, 50, 200
_LONGEST = 500
_SOURCES = 5


def tell_plan(plans: Sequence[tuple[str, Plan]], tree: FileTree, folder: Path) -> dict[str, Any]:
    """Tell what is chosen: files, bytes, time, terms, room; and what can be chosen of images.

    Returns
    -------
    dict
        ``files``, ``size`` and ``exact`` of what is chosen, ``files_all``, ``size_all`` and ``exact_all`` of all;
        ``seconds`` at ``rate``; ``free`` bytes in the folder, and whether it ``fits``; ``licences`` of all datasets;
        ``parts``, the first fifty of them; ``notes``, ``endings``, ``images``.
    """
    root = tree.root
    free = free_space(folder)
    return {
        "files": root.chosen_files,
        "size": root.chosen_size,
        "exact": root.chosen_exact,
        "files_all": root.files,
        "size_all": root.size,
        "exact_all": root.exact,
        "seconds": root.chosen_size / RATE + root.chosen_files * _LATENCY / _CONNECTIONS,
        "rate": RATE,
        "free": free,
        "fits": root.chosen_size <= free or not root.chosen_exact,
        "licences": group_licences([plan for _, plan in plans]),
        "parts": [_tell_part(plan) for _, plan in plans[:_PARTS]],
        "notes": [note[:_LONGEST] for _, plan in plans for note in plan.notes][:_NOTES],
        "endings": tree.endings(),
        "images": [_tell_image(inside, shape) for inside, plan in plans for shape in plan.images][:_IMAGES],
    }


def group_licences(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    """Group datasets by licence and terms.

    Returns
    -------
    list of dict
        ``licence``, its ``url``, what it ``forbids``, its ``terms`` in words, the ``count`` of the datasets that have
        it, and the first five of their ``sources``.
    """
    groups: dict[tuple[str | None, str], dict[str, Any]] = {}
    for plan in plans:
        terms = tell_terms(plan.licence, plan.forbids)
        empty = {"licence": plan.licence, "url": None, "forbids": list(plan.forbids), "terms": terms}
        group = groups.setdefault((plan.licence, terms), empty | {"count": 0, "sources": []})
        group["url"] = group["url"] or plan.licence_url
        group["count"] += 1
        if len(group["sources"]) < _SOURCES:
            group["sources"].append(plan.source[:_LONGEST])
    return list(groups.values())


def _tell_part(plan: Plan) -> dict[str, Any]:
    return {
        "source": plan.source[:_LONGEST],
        "title": (plan.title or "")[:_LONGEST],
        "licence": plan.licence,
        "licence_url": plan.licence_url,
        "forbids": list(plan.forbids),
        "terms": tell_terms(plan.licence, plan.forbids),
    }


def _tell_image(inside: str, shape: ImageShape) -> dict[str, Any]:
    return {
        "path": (f"{inside}/{shape.path}" if inside else shape.path)[:_LONGEST],
        "axes": list(shape.axes),
        "levels": [list(level) for level in shape.levels],
        "most": list(shape.most),
        "channels": [name[:_NAMES] for name in shape.channels[:_NAMES]],
        "labels": list(shape.labels[:_NAMES]),
    }
