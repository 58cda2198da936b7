"""Classification against scikit-learn, and where scikit-learn leaves it undefined."""

from __future__ import annotations

import json
import warnings
from math import isnan, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from bioimagehub.challenges.answers import Answers, Conventions, measure, pool
from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.metrics.classification import METRICS
from challenges.strategies import unhurried


def counted(truth: str, prediction: str, **conventions: object) -> Answers:
    """Answers to items numbered from 0, each class a letter."""
    pair = [dict(enumerate(one)) for one in (truth, prediction)]
    true, guess = ({f"{number:04}": name for number, name in one.items()} for one in pair)
    return measure(true, guess, conventions=Conventions(**conventions))  # type: ignore[arg-type]


def score(name: str, truth: str, prediction: str, **conventions: object) -> float:
    return METRICS[name].score(counted(truth, prediction, **conventions))


@pytest.mark.parametrize(
    ("name", "truth", "prediction", "expected"),
    [
        ("accuracy", "aabb", "aabb", 1),
        ("accuracy", "aabb", "abbb", 3 / 4),
        ("balanced_accuracy", "aaab", "aaaa", 1 / 2),  # a constant answer is chance
        ("balanced_accuracy", "aaab", "aabb", (2 / 3 + 1) / 2),
        ("balanced_accuracy", "aab", "acb", 3 / 4),  # c is answered, not true
        ("balanced_accuracy", "aaa", "aab", 2 / 3),
        ("macro_f1", "aabb", "aabb", 1),
        ("macro_f1", "aaab", "aaaa", (6 / 7 + 0) / 2),
        ("cohen_kappa", "aabb", "aabb", 1),
        ("cohen_kappa", "aabb", "bbaa", -1),
        ("cohen_kappa", "aabb", "aaaa", 0),
        ("cohen_kappa", "aaabbb", "aabbbb", (5 / 6 - 1 / 2) / (1 / 2)),
        ("matthews_correlation", "aabb", "aabb", 1),
        ("matthews_correlation", "aabb", "bbaa", -1),
        ("matthews_correlation", "aabb", "aaaa", 0),
        ("roc_auc", "aabb", "aabb", 1),
        ("roc_auc", "aabb", "abbb", 3 / 4),
        ("roc_auc", "aabb", "aaaa", 1 / 2),
        ("log_loss", "ab", "ab", 0),
        ("log_loss", "ab", "aa", -log(2**-52) / 2),
    ],
)
def test_by_hand(name: str, truth: str, prediction: str, expected: float) -> None:
    assert score(name, truth, prediction) == pytest.approx(expected, abs=1e-12)


def test_macro_f1_depends_on_the_classes_it_is_taken_over() -> None:
    """Class 2 is answered and never true; class 3 is declared and nowhere: three numbers for the same answers."""
    truth, prediction = [0, 0, 1, 1], [0, 2, 1, 1]
    text = ("".join(map(str, one)) for one in (truth, prediction))
    true, guess = text
    union = reference.f1_score(truth, prediction, average="macro")
    in_truth = reference.f1_score(truth, prediction, average="macro", labels=[0, 1])
    declared = reference.f1_score(truth, prediction, average="macro", labels=[0, 1, 2, 3], zero_division=0)
    assert [round(one, 3) for one in (union, in_truth, declared)] == [0.556, 0.833, 0.417]
    assert score("macro_f1", true, guess) == union
    assert score("macro_f1", true, guess, average="truth") == in_truth
    every = ("0", "1", "2", "3")
    assert score("macro_f1", true, guess, labels=every, absent="zero") == declared
    # Ours: a class that is nowhere says nothing, so that the truth itself has 1.
    assert score("macro_f1", true, guess, labels=every) == union
    assert score("macro_f1", true, true, labels=every) == 1
    assert score("macro_f1", true, true, labels=every, absent="zero") == 0.5


@pytest.mark.parametrize("prediction", ["aaaa", "aaab", "bbbb"])
def test_truth_of_one_class_says_nothing_whatever_is_answered(prediction: str) -> None:
    for name in ("cohen_kappa", "matthews_correlation", "roc_auc"):
        assert isnan(score(name, "aaaa", prediction))
    assert score("accuracy", "aaaa", prediction) == prediction.count("a") / 4


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("prediction", ["aaaa", "aaab", "bbbb"])
def test_truth_of_one_class_as_in_scikit_learn(prediction: str) -> None:
    settings = Conventions.as_in("scikit-learn").as_dict()
    settings.pop("version")
    truth, guess = list("aaaa"), list(prediction)
    found = {name: score(name, "aaaa", prediction, **settings) for name in ("cohen_kappa", "matthews_correlation")}
    assert found["cohen_kappa"] == pytest.approx(reference.cohen_kappa_score(truth, guess), nan_ok=True)
    assert found["matthews_correlation"] == reference.matthews_corrcoef(truth, guess)
    # Two constant raters: kappa is 0/0 there, and AUC has nothing to compare.
    assert isnan(found["cohen_kappa"]) == (prediction == "aaaa")
    assert isnan(reference.roc_auc_score([1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4]))


words = st.text("abcd", min_size=1, max_size=30)


@unhurried
@given(words, st.randoms(use_true_random=False))
def test_as_scikit_learn_on_random_answers(truth: str, random: object) -> None:
    prediction = "".join(random.choices("abcd", k=len(truth)))  # type: ignore[attr-defined]
    t, p = list(truth), list(prediction)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "accuracy": reference.accuracy_score(t, p),
            "balanced_accuracy": reference.balanced_accuracy_score(t, p),
            "macro_f1": reference.f1_score(t, p, average="macro"),
            "cohen_kappa": reference.cohen_kappa_score(t, p),
            "matthews_correlation": reference.matthews_corrcoef(t, p),
        }
    settings = Conventions.as_in("scikit-learn").as_dict()
    settings.pop("version")
    for name, value in expected.items():
        assert score(name, truth, prediction, **settings) == pytest.approx(value, abs=1e-12, nan_ok=True), name


def chance_answers(seed: int, classes: int, items: int) -> tuple[list[int], np.ndarray, Answers]:
    rng = np.random.default_rng(seed)
    truth = [*range(classes), *rng.integers(0, classes, items - classes).tolist()]
    chances = rng.dirichlet(np.ones(classes), items)
    prediction = {f"{i:03}/{k}": chance for i, row in enumerate(chances.tolist()) for k, chance in enumerate(row)}
    labels = tuple(str(k) for k in range(classes))
    found = measure(
        {f"{i:03}": float(k) for i, k in enumerate(truth)}, prediction, conventions=Conventions(labels=labels)
    )
    return truth, chances, found


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_probabilities_as_in_scikit_learn(classes: int, seed: int) -> None:
    truth, chances, found = chance_answers(seed, classes, 40)
    if classes == 2:
        auc = reference.roc_auc_score(truth, chances[:, 1])
    else:
        auc = reference.roc_auc_score(truth, chances, multi_class="ovr", average="macro")
    assert METRICS["roc_auc"].score(found) == pytest.approx(auc, abs=1e-12)
    assert METRICS["log_loss"].score(found) == pytest.approx(reference.log_loss(truth, chances), abs=1e-12)
    assert METRICS["accuracy"].score(found) == reference.accuracy_score(truth, chances.argmax(1))


def test_auc_counts_pairs() -> None:
    truth, chances, found = chance_answers(9, 3, 20)
    each = []
    for k in range(3):
        own = [row[k] for t, row in zip(truth, chances, strict=True) if t == k]
        rest = [row[k] for t, row in zip(truth, chances, strict=True) if t != k]
        each.append(np.mean([(a > b) + (a == b) / 2 for a in own for b in rest]))
    assert METRICS["roc_auc"].score(found) == pytest.approx(np.mean(each), abs=1e-12)


def test_numbers_of_tables_are_names_of_classes() -> None:
    found = measure({"a": "3", "b": 4.0}, {"a": 3.0, "b": "4"}, conventions=Conventions(labels=("3", "4")))
    assert METRICS["accuracy"].score(found) == 1


@settings(unhurried, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=20), st.integers(1, 19))
def test_pool_of_two_is_one_case_of_both(pairs: list[tuple[str, str]], cut: int) -> None:
    truth, prediction = ("".join(one) for one in zip(*pairs, strict=True))
    cut = min(cut, len(truth) - 1)
    for choice in ({}, {"labels": ("a", "b", "c")}):
        whole = counted(truth, prediction, **choice)
        parts = [counted(truth[:cut], prediction[:cut], **choice), counted(truth[cut:], prediction[cut:], **choice)]
        together = pool(parts)
        assert together == whole
        assert Answers.from_dict(json.loads(json.dumps(whole.as_dict()))) == whole


@pytest.mark.parametrize("name", METRICS)
def test_nothing_is_as_good_as_the_truth(name: str) -> None:
    metric = METRICS[name]
    best = score(name, "aabbcc", "aabbcc")
    assert best == pytest.approx(metric.BEST)
    for other in ("aabbca", "aaaaaa", "bbccaa", "abcabc"):
        worse = score(name, "aabbcc", other)
        assert worse < best if metric.BETTER == "higher" else worse > best
        assert worse >= metric.WORST if metric.BETTER == "higher" else worse <= metric.WORST


def test_no_items_say_nothing() -> None:
    assert all(isnan(metric.score(counted("", "", labels=("a", "b")))) for metric in METRICS.values())


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ({"x": "a"}, "no answer to 1 of 2 items: y"),
        ({"x": "a", "y": "b", "z": "b"}, "answers 1 items that are not asked for: z"),
        ({"x": "a", "y": "c"}, "classes that are not declared: c. Expected some of a, b"),
        ({"x": "a", "y/a": 0.5, "y/b": 0.6}, "probabilities of 'y' in set add up to 1.1. Expected 1"),
        ({"x": "a", "y/a": 1.5, "y/b": -0.5}, "probability of b for 'y' in set is -0.5"),
        ({"x": "a", "y/a": "high"}, "is 'high'. Expected one number from 0 to 1"),
        ({"x": "a", "y/a": float("nan")}, "is nan. Expected one number"),
        ({"x": "a", "y": {"a": 0.5, "b": float("inf")}}, "is inf. Expected one number"),
        ({"x": "a", "y": "b", "y/a": 0.3}, "add up to 1.3"),
        ({"x": "a", "y": {}}, "add up to 0. Expected 1"),
    ],
)
def test_answers_that_are_none(prediction: dict, message: str) -> None:
    with pytest.raises(AnswersError, match=message):
        measure({"x": "a", "y": "b"}, prediction, conventions=Conventions(labels=("a", "b")), name="set")


def test_conventions() -> None:
    with pytest.raises(ConventionError, match="one name twice"):
        Conventions(labels=("a", "a"))
    with pytest.raises(ConventionError, match="Choose one of declared, truth"):
        Conventions(average="all")  # type: ignore[arg-type]
    assert "classes of the truth, absent ones as 0" in str(Conventions(average="truth", absent="zero"))
    one = Conventions(labels=("a", "b"))
    assert Conventions.from_dict(json.loads(json.dumps(one.as_dict()))) == one
