"""Methods as participants write them, and what is none."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bioimagehub.challenges.formats import formats_of
from bioimagehub.challenges.submissions import Caps, Expected, open_files
from bioimagehub.hub.errors import MethodError, SandboxError, SandboxMissingError
from bioimagehub.hub.sandbox import describe_environment, find_sandbox, load_method, open_images, run_method
from challenges.challenge_files import write_challenge
from hub.sandbox.conftest import IMAGE, LIMITS, SHAPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bioimagehub.hub.sandbox import Bubblewrap, MethodRun

    Run = Callable[..., MethodRun]

THRESHOLD = "def predict(image):\n    return (image.values > 100).astype('uint16')\n"


def test_predictions_are_a_submission(run: Run, tmp_path: Path) -> None:
    shown = "print(image.dims, image.x.values[:3], image.x.units); return"
    source = f"print(__name__)\n{THRESHOLD.replace('return', shown)}"
    result = run(source, cases="ab")
    assert result.ok
    assert result.cases[0].log == "method\n('y', 'x') [0.   0.25 0.5 ] micrometer\n"
    expected = {case: Expected(case, "labels", SHAPE, ("y", "x")) for case in "ab"}
    with open_files(result.predictions, expected, formats_of("labels"), Caps()) as predictions:
        assert all(np.array_equal(predictions[case], IMAGE > 100) for case in "ab")
    assert result.as_dict(hidden=True) == {"ok": True, "messages": ["The method ran on all images."]}
    assert [one["case"] for one in result.as_dict(hidden=False)["cases"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "source", "objects"),
    [
        (
            "points",
            "from bioimagehub.challenges.points import Points\n"
            "def predict(image):\n    return Points([[1, 2], [3, 4]], 'yx')\n",
            2,
        ),
        ("values", "def predict(image):\n    return {'p': 1.5, 'q': 'mitosis'}\n", 2),
    ],
)  # fmt: skip
def test_other_kinds(kind: str, source: str, objects: int, run: Run) -> None:
    result = run(source, kind=kind)
    assert result.ok, result.cases[0].log
    expected = {"a": Expected("a", kind, SHAPE, ("y", "x"))}
    with open_files(result.predictions, expected, formats_of(kind), Caps()) as predictions:
        assert len(predictions["a"]) == objects


def test_wrong_prediction_is_told(run: Run) -> None:
    result = run("def predict(image):\n    return image.values.T.astype(float)\n", cases="ab")
    (case,) = result.cases
    assert not case.ok
    assert "its shape is 24 × 20. Expected 20 × 24 along y, x" in case.log
    assert "float64. Expected whole numbers" in case.log


def notebook(*cells: tuple[str, list[str]]) -> str:
    made: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# Title"], "metadata": {}}]
    made += [
        {"cell_type": "code", "source": text.splitlines(keepends=True), "metadata": {"tags": tags}, "outputs": []}
        for text, tags in cells
    ]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def test_notebook(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(notebook(("%matplotlib inline\n", []), (THRESHOLD, ["method"])))
    method = load_method(tmp_path / "a.ipynb", tmp_path / "method")
    assert (method.folder / "method.py").read_text() == THRESHOLD + "\n"
    (tmp_path / "b.py").write_text(THRESHOLD + "\n")
    assert load_method(tmp_path / "b.py", tmp_path / "other").digest == method.digest


def test_module_with_weights(tmp_path: Path, sandbox: Bubblewrap) -> None:
    np.save(tmp_path / "weights.npy", np.array([100]))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "weights.npy", "model/weights.npy")
        archive.writestr(
            "inner.py",
            "import numpy\nfrom pathlib import Path\nlevel = numpy.load(Path(__file__).parent / 'model/weights.npy')\n",
        )
        archive.writestr(
            "method.py",
            "from inner import level\ndef predict(image):\n    return (image.values > level).astype('uint8')\n",
        )
    method = load_method(tmp_path / "a.zip", tmp_path / "method")
    expected = {"a": Expected("a", "labels", SHAPE, ("y", "x"))}
    result = run_method(method, lambda _: (IMAGE, ("y", "x"), None), expected, sandbox, LIMITS, tmp_path / "out")
    assert result.ok, result.cases[0].log


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.py", b"def segment(image): pass\n", "it defines segment. Expected def predict\\(image\\)"),
        ("a.py", b"def predict(image:\n", "is no Python: .* in line 1"),
        ("a.py", b"\xff\xfe", "no text in UTF-8"),
        ("a.py", b"x = 1\0", "is no Python"),
        ("a.py", b"(" * 100_000, "is no Python"),
        ("a.ipynb", b"{", "notebook cannot be read"),
        ("a.ipynb", b'{"cells": 3}', "notebook cannot be read"),
        ("a.ipynb", notebook(("!pip install x\n", []), (THRESHOLD, [])).encode(), "Tag the cells of the method"),
        ("a.py", b" " * (11 * 2**20), "Expected at most 10485760"),
        ("a.zip", b"PK\x03\x04", "cannot be unpacked"),
    ],
)  # fmt: skip
def test_what_is_no_method(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MethodError, match=told):
        load_method(tmp_path / name, tmp_path / "method")


def test_zip_file_without_a_module(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("mine/method.py", THRESHOLD)
    with pytest.raises(MethodError, match="Pack the files themselves"):
        load_method(tmp_path / "a.zip", tmp_path / "method")
    with pytest.raises(MethodError, match="Expected at most 10"):
        load_method(tmp_path / "a.zip", tmp_path / "other", Caps(packed=10))


def test_without_a_sandbox_methods_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxMissingError, match=r"bwrap is not installed. Methods of participants are refused"):
        find_sandbox()
    # Another program of that name, that cannot make namespaces either.
    (tmp_path / "bwrap").symlink_to("/usr/bin/false")
    with pytest.raises(SandboxMissingError, match=r"does not work: .*Methods of participants are refused"):
        find_sandbox()


def test_failure_of_the_hub_is_no_failure_of_the_method(tmp_path: Path, sandbox: Bubblewrap) -> None:
    from dataclasses import replace

    (tmp_path / "a.py").write_text(THRESHOLD)
    method = load_method(tmp_path / "a.py", tmp_path / "method")
    broken = replace(sandbox, paths=(*sandbox.paths, tmp_path / "missing"))
    expected = {"a": Expected("a", "labels", SHAPE, ("y", "x"))}
    with pytest.raises(SandboxError, match="The sandbox did not begin"):
        run_method(method, lambda _: (IMAGE, ("y", "x"), None), expected, broken, LIMITS, tmp_path / "out")


def test_environment_is_on_record(sandbox: Bubblewrap) -> None:
    found = describe_environment(sandbox, LIMITS)
    assert found["packages"]["numpy"] == np.__version__
    assert found["sandbox"].startswith("bubblewrap ")
    assert found["limits"]["memory"] == LIMITS.memory
    assert json.loads(json.dumps(found)) == found


@pytest.mark.usefixtures("samples")
def test_method_of_a_challenge(tmp_path: Path, sandbox: Bubblewrap) -> None:
    from bioimagehub.challenges.submissions import check_submission
    from bioimagehub.challenges.submissions.contracts import expect

    challenge = write_challenge(tmp_path / "c")
    (tmp_path / "a.py").write_text(THRESHOLD)
    method = load_method(tmp_path / "a.py", tmp_path / "method")
    images, expected = open_images(challenge, "public"), expect(challenge, "public")
    pixels, axes, spacing = images("a")
    assert (pixels.shape, tuple(axes), spacing) == (expected["a"].shape, expected["a"].axes, expected["a"].spacing)
    result = run_method(method, images, {"a": expected["a"], "b": expected["b"]}, sandbox, LIMITS, tmp_path / "out")
    assert result.ok, result.cases
    report = check_submission(result.predictions, challenge, "public")
    assert [problem.case for problem in report.problems] == ["c"]
