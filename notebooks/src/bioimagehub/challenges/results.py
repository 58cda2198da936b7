"""Scores of one image, of many and overall, with the conventions they were computed by."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from bioimagehub.challenges.contingency import Contingency, contingency
from bioimagehub.challenges.conventions import HALF, Conventions, Threshold
from bioimagehub.challenges.counts import Counts, count, pool
from bioimagehub.challenges.errors import ImageSetError
from bioimagehub.challenges.matching import Matching, match
from bioimagehub.challenges.metrics import find_metric
from bioimagehub.challenges.metrics.instances import CURVES, METRICS, find_curve

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import ArrayLike

MEAN = "mean of images"
POOLED = "pooled"


@dataclass(frozen=True, eq=False, repr=False)
class ImageScore:
    """The scores of one image.

    Attributes
    ----------
    name : str
        The name of the image.
    table : Contingency
        The overlaps of its true and predicted objects.
    counts : Counts
        Matched and unmatched objects at each IoU threshold, and the conventions.
    """

    name: str
    table: Contingency
    counts: Counts

    def score(self, metric: str) -> float:
        """Return one number, from 0 to 1; `UnknownMetricError` if there is no such metric."""
        return find_metric("instances", metric).score(self.counts)

    def curve(self, metric: str = "average_precision") -> pd.Series[float]:
        """Return a metric at each IoU threshold (the index)."""
        return _series(metric, self.counts)

    def match(self, threshold: Threshold = HALF) -> Matching:
        """Return which objects were matched, missed and false at an IoU threshold; see `challenges.match`."""
        return match(self.table, threshold, closed=self.counts.conventions.closed)

    def row(self) -> dict[str, float]:
        """Return the counts of objects and all scores, by their column names."""
        return _row(self.counts)

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {metric.score(self.counts):.3f}" for name, metric in CURVES.items())
        return f"<ImageScore of {self.name}: {scores}>"


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """The scores of a set of images.

    Attributes
    ----------
    images : tuple of ImageScore
        One for each image, in the order in which they were given.
    conventions : Conventions
        How all of them were computed.
    """

    images: tuple[ImageScore, ...]
    conventions: Conventions

    def table(self) -> pd.DataFrame:
        """Return one row an image: counts of objects at the single threshold, and all scores.

        The index is the name of the image. NaN is the score of an image without any object, unless the
        conventions say otherwise.
        """
        import pandas as pd

        names = pd.Index([image.name for image in self.images], name="image")
        return pd.DataFrame([image.row() for image in self.images], index=names)

    def overall(self) -> pd.DataFrame:
        """Return the scores of the set, one row a way to sum up.

        ``mean of images``: each image counts the same, images with NaN are left out, and the counts are means,
        too. ``pooled``: each object counts the same, as if all images were one.
        """
        import pandas as pd

        table = self.table()
        rows = {MEAN: table.mean(), POOLED: pd.Series(_row(self.pooled))}
        return pd.DataFrame(rows).T

    def curve(self, metric: str = "average_precision") -> pd.DataFrame:
        """Return a metric at each IoU threshold (the index), averaged over images and pooled (the columns)."""
        import pandas as pd

        images = pd.DataFrame({image.name: image.curve(metric) for image in self.images})
        return pd.DataFrame({MEAN: images.mean(axis=1), POOLED: _series(metric, self.pooled)})

    @property
    def pooled(self) -> Counts:
        """The objects of all images counted together."""
        return pool([image.counts for image in self.images])

    def __repr__(self) -> str:
        tables = (table.round(3).to_string() for table in (self.table(), self.overall()))
        return "\n\n".join([*tables, str(self.conventions)])

    def _repr_html_(self) -> str:
        parts = [table.round(3).to_html() for table in (self.table(), self.overall())]
        return "".join(parts) + f"<p>{escape(str(self.conventions))}</p>"


def score_image(
    truth: ArrayLike, prediction: ArrayLike, *, name: str = "image", conventions: Conventions | None = None
) -> ImageScore:
    """Score the prediction of one image against its ground truth.

    Parameters
    ----------
    truth, prediction : array of int or uint, both (y, x), (z, y, x) or with more axes
        Label images, 0 is background. Lazy arrays are loaded.
    name : str
        The name of the image, for tables and messages.
    conventions : Conventions, optional
        Thresholds and the rules for special cases; the default if not given.

    Raises
    ------
    NotALabelImageError, NegativeLabelError, LabelShapeError
        See `bioimagehub.challenges.labels.check_pair`.

    Examples
    --------
    Two true objects, of which one is found in full and of the other one half.

    >>> score = score_image([[1, 1, 0, 2]], [[1, 0, 0, 2]])
    >>> score.score("recall"), score.score("panoptic_quality")
    (1.0, 0.75)
    >>> score.score("average_precision")
    0.4
    """
    conventions = conventions or Conventions()
    table = contingency(truth, prediction, name=name, ignore=conventions.ignore)
    return ImageScore(name, table, count(table, conventions))


def score_images(
    images: Iterable[tuple[str, ArrayLike, ArrayLike]], *, conventions: Conventions | None = None
) -> Scores:
    """Score the predictions of a set of images: image by image and overall.

    Parameters
    ----------
    images : iterable of (name, truth, prediction)
        See `score_image`. A generator may load one image after the other; none is kept.
    conventions : Conventions, optional
        Thresholds and the rules for special cases; the default if not given.

    Raises
    ------
    ImageSetError
        If there is no image, or if two have one name; and all that `score_image` raises.

    Examples
    --------
    >>> scores = score_images([("a", [[1, 1, 0]], [[5, 5, 0]]), ("b", [[1, 1, 0]], [[0, 0, 0]])])
    >>> scores.table()["f1"].to_dict()
    {'a': 1.0, 'b': 0.0}
    >>> scores.overall()["f1"].round(3).to_dict()
    {'mean of images': 0.5, 'pooled': 0.667}
    """
    conventions = conventions or Conventions()
    scored: dict[str, ImageScore] = {}
    for name, truth, prediction in images:
        if name in scored:
            msg = (
                f"Two images are named {name!r}. Expected one row an image in the table of scores. Rename one of them."
            )
            raise ImageSetError(msg)
        scored[name] = score_image(truth, prediction, name=name, conventions=conventions)
    if not scored:
        msg = "There is no image to score. Expected at least one (name, truth, prediction). Is the generator used up?"
        raise ImageSetError(msg)
    return Scores(tuple(scored.values()), conventions)


def _row(counts: Counts) -> dict[str, Any]:
    objects = {
        "true_objects": counts.n_truth,
        "predicted_objects": counts.n_prediction,
        "tp": int(counts.tp[counts.at]),
        "fp": int(counts.fp[counts.at]),
        "fn": int(counts.fn[counts.at]),
    }
    return objects | {name: metric.score(counts) for name, metric in METRICS.items()}


def _series(metric: str, counts: Counts) -> pd.Series[float]:
    import pandas as pd

    index = pd.Index([float(threshold) for threshold in counts.conventions.fractions], name="IoU threshold")
    return pd.Series(find_curve(metric)(counts), index=index, name=metric)
