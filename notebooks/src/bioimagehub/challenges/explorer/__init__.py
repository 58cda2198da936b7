"""What a prediction got wrong, object by object: tables, pictures and contact sheets, from the matching that scores.

`instances`, `spots` and `tracks` each have ``find_mistakes``; `Scene` and `Sheet` show what they find.

>>> from bioimagehub.challenges.explorer import instances
>>> [one.kind for one in instances.find_mistakes([[1, 1, 1, 0]], [[0, 0, 0, 2]])]
['missed', 'false']
"""

from __future__ import annotations

from bioimagehub.challenges.explorer.crops import Scene, draw_crop, find_region
from bioimagehub.challenges.explorer.mistakes import Mistake, sort_mistakes, tabulate
from bioimagehub.challenges.explorer.sheet import Sheet, describe

__all__ = ["Mistake", "Scene", "Sheet", "describe", "draw_crop", "find_region", "sort_mistakes", "tabulate"]
