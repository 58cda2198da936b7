"""Methods that do what they must not: nothing gets through, nothing is left, and each gets a clear answer."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.hub.sandbox import NOT_FINISHED
from bioimagehub.hub.sandbox.leftovers import PREFIX, sweep
from hub.sandbox.conftest import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bioimagehub.hub.sandbox import Bubblewrap, MethodRun

    Run = Callable[..., MethodRun]

SECRET = "the truth of case b"

SPY = Path(__file__).with_name("spy.py").read_text()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What a method looks for: a server, sockets, truth."""
    (tmp_path / "world").mkdir()
    (tmp_path / "world/truth").write_text(SECRET)
    name = f"bioimagehub-test-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        abstract.listen()
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(tmp_path / "world/socket"))
            unix.listen()
            for one in (server, abstract, unix):
                one.setblocking(False)
            yield {
                "PORT": server.getsockname()[1],
                "NAME": name,
                "PATH": str(tmp_path / "world"),
                "servers": (server, abstract, unix),
            }


def told_by(run: MethodRun) -> dict[str, str]:
    return json.loads(next(line for line in run.cases[0].log.splitlines() if line.startswith("{")))


def test_what_a_spy_sees(
    run: Run, world: dict[str, Any], sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", SECRET)
    world["SHOWN"] = [str(path) for path in sandbox.paths]
    names = "".join(f"{name} = {world[name]!r}\n" for name in ("PORT", "NAME", "PATH", "SHOWN"))
    result = run(names + SPY)
    told = told_by(result)
    for name in ("loopback", "abstract", "unix", "outside", "datagram", "http", "raw"):
        assert told[name] in {
            "ConnectionRefusedError",
            "FileNotFoundError",
            "OSError",
            "URLError",
            "PermissionError",
        }, name
    for server in world["servers"]:
        with pytest.raises(BlockingIOError):
            server.accept()
    for name in ("truth", "folder", "shadow", "passwd", "link", "pictures of memory"):
        assert told[name] in {"FileNotFoundError", "PermissionError"}, (name, told[name])
    for name in ("root", "home"):
        # Where the interpreter or the packages lie there, the folders that lead to them are there and nothing else.
        above = {path.parts[2] for path in sandbox.paths if path.parts[:2] == ("/", name) and len(path.parts) > 2}
        if above:
            assert set(ast.literal_eval(told[name])) == above
        else:
            assert told[name] in {"FileNotFoundError", "PermissionError"}, (name, told[name])
    assert told["found"] == "['/method/method.py', '/input/image.npy', '/input/image.json', '/etc/ld.so.cache']"
    assert told["temporary"] in {"['.numba']", "[]"}
    assert told["inputs"] == "['image.json', 'image.npy']"
    assert SECRET not in result.cases[0].log
    assert "TOKEN" not in told["environment"] + told["parents"]
    assert told["others"] == "['1']"
    if sandbox.uid is not None:
        assert told["uid"] == f"({sandbox.uid}, {sandbox.uid}, [])"
        assert os.getuid() != sandbox.uid
    assert told["setuid"] in {"PermissionError", "OSError"}
    for name, answer in told.items():
        if name.startswith("write "):
            assert answer in {"OSError", "PermissionError", "FileNotFoundError"}, (name, answer)
    assert told["device"] == "PermissionError"
    assert told["mount"] == "[-1, -1, -1, -1, -1]"
    assert told["terminal"] in {"OSError", "PermissionError", "FileNotFoundError"}
    assert told["core"] in {"OSError", "PermissionError"}
    assert told["setuid programs"] == "'refused'"
    assert result.ok
    assert "uid=0" not in result.cases[0].log
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["a.npy"]


SLOW = "took longer than 4 s"
ENDED = "failed on an image|ended by the system"
HARM = {
    "forks": (
        """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        SLOW,
    ),
    "never ends": ("while True:\n    pass\n", SLOW),
    "closes its pipes and stays": ("import os, time\nos.closerange(0, 1000)\ntime.sleep(1e6)\n", SLOW),
    "ignores signals": (
        """
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
time.sleep(1e6)
""",
        SLOW,
    ),
    "prints without end": ("while True:\n    print('secret' * 1000)\n", SLOW),
    "fills the disk": (
        """
for number in range(99):
    with open(f"/tmp/{number}", "wb") as file:
        file.write(b"x" * 2**20)
""",
        ENDED,
    ),
    "fills shared memory": ("open('/dev/shm/x', 'wb').write(b'x' * 2**26)\n", ENDED),
    "fills the memory": ("x = [bytearray(2**28) for _ in range(99)]\n", ENDED),
    "fills it by many": (
        """
import os, time
for _ in range(30):
    if os.fork() == 0:
        held = bytearray(2**28)
        held[::4096] = b"x" * 65536
        time.sleep(1e6)
time.sleep(1e6)
""",
        f"took longer|{ENDED}",
    ),
    "exits": ("import sys\nsys.exit(0)\n", "is not what the challenge takes"),
    "raises": ("raise BaseException('secret')\n", "failed on an image"),
    "dies in C": ("import ctypes\nctypes.string_at(0)\n", ENDED),
    "floods the output": (
        """
import os
while True:
    for number in range(3, 1024):
        try:
            os.write(number, b"x" * 65536)
        except OSError:
            pass
""",
        "has more than 1048576 bytes",
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_harm(harm: str, run: Run, tmp_path: Path) -> None:
    """It is done while the method is loaded, before anything else, so that time limits can be short."""
    source, message = HARM[harm]
    slow = "took longer" in message
    result = run(
        f"{source}\ndef predict(image):\n    return image\n",
        limits=replace(LIMITS, seconds=4 if slow else 60),
        cases="ab",
    )
    (case,) = result.cases
    assert not case.ok
    assert re.search(message, case.message), (case.message, case.log)
    assert "secret" not in json.dumps(result.as_dict(hidden=True))
    assert result.as_dict(hidden=True) == {"ok": False, "messages": [NOT_FINISHED]}
    limits = ("took longer", "ended by the system", "has more than")
    assert case.over == any(words in case.message for words in limits)
    assert len(case.log) < 20_000
    assert list((tmp_path / "out").iterdir()) == []


def test_memory_of_all_processes_without_control_groups(
    run: Run, sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under a hub that does not run as root."""
    monkeypatch.setattr("bioimagehub.hub.sandbox.running.new_group", lambda: None)
    source = HARM["fills it by many"][0]
    result = run(f"{source}\ndef predict(image):\n    return image\n", limits=replace(LIMITS, seconds=60))
    assert "ended by the system: it used more than" in result.cases[0].message
    assert result.cases[0].seconds < 30


def test_processes_in_the_background_end_with_it(run: Run) -> None:
    source = """
import os, time
def predict(image):
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 100)
                time.sleep(1e6)
            os._exit(0)
    return (image.values > 100).astype("uint16")
"""
    assert run(source).ok


OUTPUTS = {
    "a pickle": "import numpy as np\nfile.writestr('a.npy', pickled())",
    "a path out of its folder": "file.writestr('../../a.npy', b'x')",
    "a link": "i = zipfile.ZipInfo('a.npy'); i.external_attr = 0o120777 << 16; file.writestr(i, '/etc/passwd')",
    "a bomb": "file.writestr('a.npy', b'\\0' * 2**26)",
    "of another case": "file.writestr('b.npy', b'x')",
    "a file of another name": "import numpy as np\nnp.savez(file.open('a.npz', 'w'), np.zeros((4, 4), int))",
}


@pytest.mark.parametrize("what", OUTPUTS)
def test_output_is_checked_like_any_submission(what: str, run: Run, tmp_path: Path) -> None:
    source = f"""
import io, os, sys, zipfile
def pickled():
    import numpy as np
    stream = io.BytesIO()
    np.save(stream, np.array([print], object), allow_pickle=True)
    return stream.getvalue()
with os.fdopen(int(sys.argv[1]), "wb") as pipe, zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
    {OUTPUTS[what].replace(chr(10), chr(10) + "    ")}
os._exit(0)
def predict(image):
    return image
"""
    result = run(source)
    (case,) = result.cases
    assert "is not what the challenge takes" in case.message, case.log
    assert "The submission has" in case.log or "Expected one file" in case.log
    assert list((tmp_path / "out").iterdir()) == []
    assert "The submission has" not in json.dumps(result.as_dict(hidden=True))


def test_method_ends_when_its_worker_is_killed(tmp_path: Path, sandbox: Bubblewrap) -> None:
    """The worker cannot do anything any more, at whatever moment: the kernel ends the sandbox."""
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from hub.sandbox.conftest import IMAGE, LIMITS, SHAPE
from bioimagehub.challenges.submissions import Expected
from bioimagehub.hub.sandbox import find_sandbox, load_method, run_method
folder = Path({str(tmp_path)!r})
(folder / "a.py").write_text("import time\\ntime.sleep(1e6)\\ndef predict(image): pass\\n")
expected = {{"a": Expected("a", "labels", SHAPE, ("y", "x"))}}
method = load_method(folder / "a.py", folder / "method")
sandbox = find_sandbox()
print("ready", flush=True)
run_method(method, lambda _: (IMAGE, ("y", "x"), None), expected, sandbox, LIMITS, folder / "out")
"""
    for moment in (0.0, 0.05, 0.1, 0.2, 0.4, 2.0):
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
            time.sleep(moment)
            worker.kill()
        deadline = time.monotonic() + 30
        while running(tmp_path):
            assert time.monotonic() < deadline, running(tmp_path)
            time.sleep(0.05)
    left = [one for one in tmp_path.iterdir() if one.name.startswith(PREFIX)]
    assert len(left) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path))
        sweep()
    assert not left[0].exists()


def running(folder: Path) -> list[str]:
    """The sandboxes that are shown something in a folder, or are about to be."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                mounts = (entry / "mountinfo").read_text()
            except OSError:
                continue
            if "runner.py" in command and str(folder) in command + mounts:
                found.append(command)
    return found
