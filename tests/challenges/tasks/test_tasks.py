from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest

from bioimagehub.challenges import tasks
from bioimagehub.challenges.errors import ConventionError, UnknownTaskError
from bioimagehub.challenges.formats import formats_of
from bioimagehub.challenges.tasks import TASKS, find_task

KINDS = {"classes", "image", "labels", "landmarks", "map", "points", "tracks", "values"}


def test_every_module_is_a_task() -> None:
    folder = Path(str(tasks.__file__)).parent
    assert sorted(TASKS) == sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")


@pytest.mark.parametrize("name", TASKS)
def test_task_has_the_shape_of_a_task(name: str) -> None:
    task = find_task(name)
    assert task.KIND in KINDS
    assert formats_of(task.KIND), "nobody could submit"
    assert len((task.__doc__ or "").strip().splitlines()) == 1, "one line for lists of tasks"
    assert callable(task.measure)
    assert callable(task.pool)
    assert callable(task.Tally.from_dict)
    assert task.METRICS
    conventions = task.Conventions()
    assert task.Conventions.from_dict(conventions.as_dict()) == conventions
    assert str(conventions)
    with pytest.raises(ConventionError):
        task.Conventions.as_in("nobody")


@pytest.mark.parametrize(("task", "metric"), [(task, metric) for task in TASKS for metric in find_task(task).METRICS])
def test_metric_says_what_is_better(task: str, metric: str) -> None:
    module = find_task(task).METRICS[metric]
    assert module.TITLE
    assert module.BETTER in ("higher", "lower")
    assert not isnan(module.BEST)
    assert not isnan(module.WORST)
    assert (module.BEST > module.WORST) == (module.BETTER == "higher")
    assert module.UNIT
    assert module.VERSION >= 1


def test_unknown_task() -> None:
    with pytest.raises(UnknownTaskError, match=r"no task 'segmentation'.*instance_segmentation"):
        find_task("segmentation")
