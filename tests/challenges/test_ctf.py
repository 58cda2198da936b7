"""Errors of contrast transfer functions by hand."""

from __future__ import annotations

import json
from math import isnan, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioimagehub.challenges.ctf import Conventions, CtfErrors, measure, pool
from bioimagehub.challenges.errors import AnswersError, ConventionError
from bioimagehub.challenges.metrics.ctf import METRICS
from challenges.strategies import unhurried

OURS = Conventions()
Parameters = tuple[float, float, float]


def answers(*micrographs: Parameters) -> dict[str, float]:
    names = ("defocus_u", "defocus_v", "angle")
    return {
        f"m{number}/{name}": value
        for number, one in enumerate(micrographs)
        for name, value in zip(names, one, strict=True)
    }


def scores(truth: list[Parameters], prediction: list[Parameters]) -> dict[str, float]:
    found = measure(answers(*truth), answers(*prediction), conventions=OURS)
    return {name: metric.score(found) for name, metric in METRICS.items()}


@pytest.mark.parametrize(
    ("truth", "prediction", "u", "v", "mean", "astigmatism", "angle"),
    [
        ((10500, 9500, 5), (10500, 9500, 5), 0, 0, 0, 0, 0),
        ((10500, 9500, 5), (10600, 9600, 5), 100, 100, 100, 0, 0),
        ((10500, 9500, 5), (10600, 9400, 5), 100, 100, 0, 200, 0),
        ((10500, 9500, 5), (10500, 9500, 175), 0, 0, 0, 0, 10),  # modulo 180
        ((10500, 9500, 5), (10500, 9500, 185), 0, 0, 0, 0, 0),
        ((10500, 9500, 0), (10500, 9500, 90), 0, 0, 0, 0, 90),  # the worst angle
        ((10500, 9500, -30), (10500, 9500, 330), 0, 0, 0, 0, 0),
        ((10500, 9500, 20), (9500, 10500, 110), 0, 0, 0, 0, 0),  # U < V is the same function, turned
        ((9500, 10500, 110), (10500, 9500, 20), 0, 0, 0, 0, 0),
        ((10000, 10000, 0), (10000, 10000, 77), 0, 0, 0, 0, None),  # no astigmatism, no angle
        ((10000, 10000, 0), (10300, 9900, 77), 300, 100, 100, 400, None),
    ],
)
def test_by_hand(
    truth: Parameters, prediction: Parameters, u: float, v: float, mean: float, astigmatism: float, angle: float | None
) -> None:
    found = scores([truth], [prediction])
    assert found["defocus_u_error"] == u
    assert found["defocus_v_error"] == v
    assert found["mean_defocus_error"] == mean
    assert found["astigmatism_error"] == astigmatism
    assert isnan(found["astigmatism_angle_error"]) if angle is None else found["astigmatism_angle_error"] == angle
    assert found["phase_resolution"] == pytest.approx(sqrt(2 * 0.019687 * mean), rel=1e-4)


def test_angles_are_weighted_by_the_true_astigmatism() -> None:
    truth = [(10100, 10000, 0), (10900, 10000, 0)]
    found = scores(truth, [(10100, 10000, 80), (10900, 10000, 10)])
    assert found["astigmatism_angle_error"] == (100 * 80 + 900 * 10) / 1000


@pytest.mark.parametrize(("voltage", "wavelength"), [(300, 0.0196875), (200, 0.0250793), (100, 0.0370144)])
def test_wavelength_of_electrons(voltage: float, wavelength: float) -> None:
    assert Conventions(voltage=voltage).wavelength == pytest.approx(wavelength, rel=1e-4)


parameters = st.tuples(st.integers(3000, 50000), st.integers(3000, 50000), st.integers(-360, 360))


@unhurried
@given(st.lists(st.tuples(parameters, parameters), min_size=1, max_size=6))
def test_pool_is_all_micrographs_together(pairs: list[tuple[Parameters, Parameters]]) -> None:
    truth, prediction = (list(one) for one in zip(*pairs, strict=True))
    whole = scores(truth, prediction)
    each = [measure(answers(t), answers(p), conventions=OURS) for t, p in pairs]
    for name, metric in METRICS.items():
        value = metric.score(pool(each))
        assert value == pytest.approx(whole[name], nan_ok=True)
        assert isnan(value) or value >= 0
    assert isnan(whole["astigmatism_angle_error"]) or whole["astigmatism_angle_error"] <= 90
    assert all(isnan(one) or one == 0 for one in scores(truth, truth).values())


def test_statistics_are_written_and_read_exactly() -> None:
    truth, guess = answers((10500, 9500.1, 5)), answers((10300, 9400, 8))
    found = measure(truth, guess, conventions=Conventions(voltage=200))
    assert CtfErrors.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_no_micrographs_say_nothing() -> None:
    assert all(isnan(metric.score(measure({}, {}, conventions=OURS))) for metric in METRICS.values())


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ({}, "has no answer to 1 of 1 items: m0. Expected one for each"),
        (answers((1, 1, 1), (1, 1, 1)), "answers 1 items that are not asked for: m1"),
        ({"m0/defocus_u": 1.0, "m0/defocus_v": 1.0}, "angle of the item 'm0' in the prediction of set is nothing"),
        ({"m0/defocus_u": 1.0, "m0/defocus_v": 1.0, "m0/angle": "left"}, "is 'left'. Expected a finite number"),
        ({"m0/defocus_u": 1.0, "m0/defocus_v": 1.0, "m0/angle": float("nan")}, "is nan. Expected a finite number"),
        ({"m0": {"defocus": 1.0}}, "has defocus. Expected defocus_u, defocus_v, angle. Leave the others out"),
    ],
)
def test_answers_that_are_none(prediction: dict, message: str) -> None:
    with pytest.raises(AnswersError, match=message):
        measure(answers((1, 1, 1)), prediction, conventions=OURS, name="set")


def test_voltage_out_of_range() -> None:
    with pytest.raises(ConventionError, match="Expected a positive number, such as 300"):
        Conventions(voltage=0)
