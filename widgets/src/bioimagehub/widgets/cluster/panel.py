"""The panel of a cluster: its state in traits, what can be done with it, and the thread that looks at it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import traitlets

from bioimagehub.widgets.cluster.telling import tell_workers, write_html, write_text
from bioimagehub.widgets.cluster.work import Work, tell_works
from bioimagehub.widgets.errors import NotNowError
from bioimagehub.widgets.scripts import join_scripts, join_styles
from bioimagehub.widgets.widget import HubWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bioimagehub.reanalysis import Cluster
    from bioimagehub.widgets.widget import Answer

EVERY = 0.5
"""Seconds between two looks at the scheduler."""
_MOST = 1000


class ClusterPanel(HubWidget):
    """Watch and steer a cluster. Make it with `bioimagehub.widgets.cluster`.

    Attributes
    ----------
    wanted : int
        Workers to start, or to scale to.
    state : str
        ``none``, ``starting``, ``running``, ``scaling`` or ``closed``.
    name : str
        Name of the cluster; empty where there is none.
    workers : list of dict
        ``name``, ``cores``, ``memory`` and its ``limit`` in bytes, ``load`` in percent of a core, ``tasks``.
    limits : str
        What is known of what may be had: of this machine, or of the gateway.
    cost : dict
        ``seconds`` since the panel saw it run, and ``core_seconds`` that were held in them.
    dashboard : str
        Address of the dashboard of Dask; empty where there is none.
    works : list of dict
        How far each map is; see `bioimagehub.widgets.cluster.work.Work.tell`. The last ten, and before them the sums
        of the others.
    """

    QUESTIONS = ("act",)
    ACTS = ("end", "scale", "start")
    _esm = join_scripts("cluster/cluster.js")
    _css = join_styles("theme.css", "cluster/cluster.css")

    wanted = traitlets.Int(2, min=0, max=_MOST).tag(sync=True)
    state = traitlets.Enum(("none", "starting", "running", "scaling", "closed"), "none").tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    workers = traitlets.List(traitlets.Dict()).tag(sync=True)
    limits = traitlets.Unicode().tag(sync=True)
    cost = traitlets.Dict().tag(sync=True)
    dashboard = traitlets.Unicode().tag(sync=True)
    works = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, cluster: Cluster | None = None, **state: Any) -> None:
        # First, for a widget that is refused is closed, too.
        self._over = threading.Event()
        self._acting = threading.Lock()
        self._telling = threading.RLock()
        self._cluster = cluster
        self._works: list[Work] = []
        self._seen: float | None = None
        super().__init__(**state)
        if cluster is not None:
            self._show_cluster(cluster)

    @property
    def cluster(self) -> Cluster:
        """The cluster, with its `client`.

        Raises
        ------
        NotNowError
            If there is none.
        """
        if self._cluster is None or self.state in ("none", "closed"):
            msg = f"There is no cluster: it is {self.state}. Expected one that runs. Press Start, or call start()."
            raise NotNowError(msg)
        return self._cluster

    def start(self) -> Cluster:
        """Start a cluster with `wanted` workers, and wait for them.

        Raises
        ------
        NotNowError
            If there is one.
        bioimagehub.reanalysis.errors.ClusterError
            If it cannot be had.
        """
        from bioimagehub.reanalysis import cluster as start_cluster

        with self._acting:
            if self.state not in ("none", "closed"):
                msg = f"No cluster is started: {self.name} is {self.state}. End it first, or scale it."
                raise NotNowError(msg)
            before, self.state = self.state, "starting"
            try:
                self._cluster = start_cluster(max(1, self.wanted))
            except BaseException:
                self.state = before
                raise
            self._works, self._seen = [], None
            self.works, self.cost = [], {}
            self._show_cluster(self._cluster)
            return self._cluster

    def scale(self) -> None:
        """Have `wanted` workers, and wait for them.

        Raises
        ------
        NotNowError
            If there is no cluster.
        bioimagehub.reanalysis.errors.ClusterError
            If they cannot be had.
        """
        with self._acting:
            cluster = self.cluster
            self.state = "scaling"
            try:
                cluster.scale(self.wanted)
            finally:
                self.state = "running"
                self.look()

    def end(self) -> None:
        """End the workers and the scheduler. What was not computed is not; what was done is still told."""
        with self._acting:
            cluster = self.cluster
            # Of a client that was closed, each future says that it is cancelled.
            self._tell_works()
            cluster.close()
            self._show_closed()

    def map(self, function: Callable[[Any], Any], images: Mapping[str, Any] | Iterable[Any], name: str = "") -> Any:
        """Compute a function for each of several images on the cluster, and show how far that is.

        Parameters
        ----------
        function : callable
            Takes one image, or whatever stands for it, such as a record.
        images : mapping of str to object, or iterable
            By name; without names, by what they are written as.
        name : str
            What it is called in the panel; that of the function by default.

        Returns
        -------
        dict of str to distributed.Future
            By name of the image, in their order. ``future.result()`` gives what was computed.

        Raises
        ------
        NotNowError
            If there is no cluster.
        """
        client = self.cluster.client
        named = dict(images) if hasattr(images, "items") else {_name(each): each for each in images}
        futures = {image: client.submit(function, each, pure=False) for image, each in named.items()}
        self.follow(futures, name or getattr(function, "__name__", "map"))
        return futures

    def follow(self, futures: Mapping[str, Any], name: str = "map") -> None:
        """Show how far futures are, by the names of their images."""
        self._works.append(Work(name, futures))
        self.look()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all that is followed is done or has failed; tell whether it is."""
        from distributed import wait

        futures = [future for work in self._works for future in work.futures]
        wait_for: Any = wait
        try:
            if futures:
                wait_for(futures, timeout=timeout)
        except TimeoutError:
            return False
        finally:
            self.look()
        return True

    def look(self) -> None:
        """Look at the scheduler now."""
        cluster = self._cluster
        if cluster is None or self.state in ("none", "closed"):
            return
        if cluster.client.status != "running":
            self._show_closed()
            return
        info: Any = cluster.client.scheduler_info
        workers = tell_workers(info(n_workers=-1))
        with self._telling:
            if self._cluster is not cluster or self.state == "closed":
                return
            self.workers = workers
            self._count(sum(each["cores"] for each in workers))
            self._tell_works()

    def close(self) -> None:
        """Take the widget off all pages; the cluster stays for as long as something refers to it."""
        self._over.set()
        super().close()

    def as_text(self) -> str:
        """Tell workers, memory, limits, cost, and how far maps are."""
        return write_text(self)

    def as_static(self) -> dict[str, Any]:
        """Give what a saved notebook shows."""
        return {"text/html": write_html(self), "text/plain": write_text(self)}

    def answer_act(self, content: dict[str, Any], buffers: list[Any], stop: threading.Event) -> Answer:
        """Do what a button says, with the number that was on the page when it was pressed: it may be saved later."""
        if "wanted" in content:
            self.wanted = content["wanted"]
        return super().answer_act(content, buffers, stop)

    def _show_cluster(self, cluster: Cluster) -> None:
        self.name = cluster.name
        self.dashboard = cluster.dashboard_link or ""
        self.limits = cluster.describe()
        self.state = "running"
        self.look()
        self.keep()
        threading.Thread(target=self._watch, args=(cluster,), name="bioimagehub-cluster", daemon=True).start()

    def _show_closed(self) -> None:
        with self._telling:
            for work in self._works:
                work.end()
            self._tell_works()
            self.state, self.workers, self.dashboard = "closed", [], ""
            self._seen = None
        self.keep()

    def _tell_works(self) -> None:
        with self._telling:
            self.works = tell_works(self._works)

    def _count(self, cores: int) -> None:
        """Count the cores that are held, from look to look."""
        now = time.monotonic()
        passed = 0.0 if self._seen is None else now - self._seen
        self._seen = now
        before = self.cost or {"seconds": 0.0, "core_seconds": 0.0}
        self.cost = {
            "seconds": before["seconds"] + passed,
            "core_seconds": before["core_seconds"] + passed * cores,
        }

    def _watch(self, cluster: Cluster) -> None:
        while not self._over.wait(EVERY) and self._cluster is cluster and self.state != "closed":
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
                if cluster.client.status == "running":
                    self.show_problem(error)


def _name(image: Any) -> str:
    return str(getattr(image, "identifier", image))
