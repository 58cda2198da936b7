"""What all widgets have in common: questions of the page, errors that are shown, and what a saved notebook keeps."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from bioimagehub.widgets.errors import NotNowError, QuestionError, UnknownKeywordError
from bioimagehub.widgets.problems import tell_problem
from bioimagehub.widgets.saved import Saved, is_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Answer = tuple[dict[str, Any], list[bytes]]
"""Content that goes as JSON, and bytes beside it. A message must stay below 1 MB."""

_log = logging.getLogger(__name__)


class HubWidget(anywidget.AnyWidget):
    """A widget whose page asks its kernel questions.

    A question is a message with ``ask``, the name of the question, and ``id``. It is answered by the method
    ``answer_<ask>``, in a thread, so that a slow store holds up neither the kernel nor other questions. The page takes
    a question back with ``cancel``, a list of ids: what was not begun is not begun, and what was finds its event set.
    ``all`` is a list of such messages that were sent as one. The content of an answer has no key ``answer`` (the id of
    its question), and ``problem`` for an error alone.

    Attributes
    ----------
    QUESTIONS : tuple of str
        What the page may ask.
    ACTS : tuple of str
        Which of its methods the page may call, by the question ``act``; for widgets that have it in `QUESTIONS`.
    KEYWORDS : tuple of str
        What it is made with beside its traits.
    THREADS : int
        How many questions are answered at the same time.
    problem : dict or None
        The error that the widget shows, in three parts; see `bioimagehub.widgets.problems.Problem`.
    """

    QUESTIONS: ClassVar[tuple[str, ...]] = ()
    ACTS: ClassVar[tuple[str, ...]] = ()
    KEYWORDS: ClassVar[tuple[str, ...]] = ()
    THREADS: ClassVar[int] = 4

    problem = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)

    def __init__(self, **state: Any) -> None:
        # First, for a widget that is refused is closed, too.
        self._saved = Saved()
        self._stops: dict[int, threading.Event] = {}
        self._pool = ThreadPoolExecutor(self.THREADS, thread_name_prefix=f"bioimagehub-{type(self).__name__}")
        own = {name for name in self.trait_names() if not name.startswith("_")} - set(
            anywidget.AnyWidget.class_trait_names()
        )
        unknown = sorted(set(state) - set(self.trait_names()))
        if unknown:
            msg = (
                f"{type(self).__name__} cannot be made with {', '.join(unknown)}. It has the keywords "
                f"{', '.join(sorted(own | set(self.KEYWORDS)))}. Correct the name, or leave it out."
            )
            raise UnknownKeywordError(msg)
        super().__init__(**state)
        self.on_msg(self._receive)

    def close(self) -> None:
        """Take the widget off all pages, and stop what it does."""
        for stop in list(self._stops.values()):
            stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def tell(self, event: str, content: Mapping[str, Any] | None = None, buffers: Sequence[bytes] = ()) -> None:
        """Send the page what it did not ask for."""
        self.send({"event": event, **(content or {})}, list(buffers))

    def show_problem(self, error: BaseException) -> None:
        """Show an error in the widget, in three parts."""
        self.problem = dict(tell_problem(error))

    def as_text(self) -> str:
        """Give what a terminal shows, or a notebook that has no widgets."""
        return repr(self)

    def as_static(self) -> dict[str, Any]:
        """Give what a saved notebook shows: a bundle of ``image/png`` or ``text/html``; empty for nothing."""
        return {}

    def keep(self) -> None:
        """Renew what a saved notebook shows."""
        self._saved.renew(self.as_static())

    def answer_act(self, content: dict[str, Any], _buffers: list[Any], _stop: threading.Event) -> Answer:
        """Do what a button says."""
        act = str(content.get("do"))
        if act not in self.ACTS:
            msg = f"{type(self).__name__} cannot {act!r:.40}. It can {', '.join(sorted(self.ACTS))}. Reload the page."
            raise NotNowError(msg)
        self.set_trait("problem", None)
        getattr(self, act)()
        return {}, []

    def _ipython_display_(self) -> None:
        from IPython.display import display

        bundle: Any = self._repr_mimebundle_() or {}
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle) | {"text/plain": self.as_text()}
        display(data, raw=True)  # type: ignore[no-untyped-call]
        # A terminal has shown the text, and saves no notebook.
        if not is_terminal():
            self._saved.show(self.as_static())

    def _receive(self, _widget: Any, content: Any, buffers: Sequence[Any]) -> None:
        """Take a message of the page, or several: cancel, or begin to answer."""
        for each in content.get("all", ()):
            self._receive(_widget, each, ())
        for number in content.get("cancel", ()):
            stop = self._stops.pop(number, None)
            if stop is not None:
                stop.set()
        if "ask" in content:
            number = int(content["id"])
            stop = self._stops[number] = threading.Event()
            self._pool.submit(self._answer, number, dict(content), list(buffers), stop)

    def _answer(self, number: int, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> None:
        if stop.is_set():
            return
        found: dict[str, Any]
        try:
            found, sent = self._find_answer(content, buffers, stop)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be seen on the page
            _log.debug("a question of a page failed: %s", content.get("ask"), exc_info=True)
            found, sent = {"problem": tell_problem(error)}, []
        self._stops.pop(number, None)
        if not stop.is_set() and self.comm is not None:
            self.send(found | {"answer": number}, sent)

    def _find_answer(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        asked = content["ask"]
        if asked not in self.QUESTIONS:
            msg = (
                f"{type(self).__name__} cannot answer {asked!r:.80}. It answers {', '.join(sorted(self.QUESTIONS))}. "
                "Reload the page: it is of another version."
            )
            raise QuestionError(msg)
        found: Answer = getattr(self, f"answer_{asked}")(content, buffers, stop)
        return found
