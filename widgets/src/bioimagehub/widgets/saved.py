"""What a saved notebook shows in place of a widget: a picture or a table, beside the widget and hidden while it lives.

A notebook that is opened without its kernel, or read on a site that renders notebooks, has no widget. JupyterLab then
says "model not found". So beside the widget lie a style, which shows one of the two, and the picture or the table as an
ordinary output, which every reader of notebooks shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.display import DisplayHandle

LIVE = "bih-live"
"""Class of the outermost element of a widget that is alive."""

STYLE = f"""<style class="bih-saved">
.jp-OutputArea-child:has(.{LIVE}) + .jp-OutputArea-child:has(.bih-saved),
.jp-OutputArea-child:has(.{LIVE}) + .jp-OutputArea-child:has(.bih-saved) + .jp-OutputArea-child,
.jp-OutputArea-child:not(:has(.{LIVE})):has(+ .jp-OutputArea-child .bih-saved),
.jp-OutputArea-child:has(> * .bih-saved) {{ display: none; }}
</style>"""


class Saved:
    """The outputs that a widget leaves in a notebook."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def show(self, bundle: Mapping[str, Any]) -> None:
        """Put the outputs under the widget that was just displayed; none for an empty bundle."""
        from IPython.display import display

        if not bundle:
            return
        display({"text/html": STYLE, "text/plain": ""}, raw=True)  # type: ignore[no-untyped-call]
        self._handle = display({"text/plain": "", **bundle}, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def renew(self, bundle: Mapping[str, Any]) -> None:
        """Put something else in their place, if they are there."""
        if self._handle is not None and bundle:
            self._handle.update({"text/plain": "", **bundle}, raw=True)  # type: ignore[no-untyped-call]


def is_terminal() -> bool:
    """Tell whether what is displayed is only printed, as by IPython without a kernel."""
    from IPython import get_ipython
    from IPython.core.displaypub import DisplayPublisher

    shell = get_ipython()
    return shell is not None and type(shell.display_pub) is DisplayPublisher
