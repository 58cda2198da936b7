"""Widgets for notebooks: browse the archives, look at images, fetch them, take part in challenges, watch clusters."""

# All at once, not when they are asked for: the packages of their names would take the functions' place. Each of them
# imports what it needs when it is called.
from bioimagehub.widgets.browse import browse
from bioimagehub.widgets.challenge import challenge
from bioimagehub.widgets.cluster import cluster
from bioimagehub.widgets.download import download
from bioimagehub.widgets.errors import UnknownKeywordError, WidgetError
from bioimagehub.widgets.view import view

__all__ = ["UnknownKeywordError", "WidgetError", "browse", "challenge", "cluster", "download", "view"]
