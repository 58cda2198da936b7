"""Remote files that libraries read like local ones: the same bytes, each block once."""

from __future__ import annotations

import io
import random
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioimagehub.catalogs.errors import StoreUnreachableError
from bioimagehub.catalogs.reader import Place
from bioimagehub.catalogs.reader.files import BLOCK
from servers.store import StoreServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = 5 * BLOCK // 2 + 17


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StoreServer, Path]]:
    folder = tmp_path_factory.mktemp("large")
    (folder / "large.bin").write_bytes(random.Random(1).randbytes(SIZE))
    with StoreServer(folder) as server:
        yield server, folder / "large.bin"


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("seek"), st.integers(0, SIZE + 10), st.just(io.SEEK_SET)),
        st.tuples(st.just("seek"), st.integers(-SIZE, 10), st.just(io.SEEK_END)),
        st.tuples(st.just("read"), st.integers(-1, SIZE + 5)),
        st.tuples(st.just("readline")),
        st.tuples(st.just("tell")),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_a_remote_file_is_as_a_local_one(large: tuple[StoreServer, Path], moves: list[tuple[object, ...]]) -> None:
    server, path = large
    server.mend()
    with Place(f"{server.url}/large.bin").open() as remote, path.open("rb") as local:
        for name, *arguments in moves:
            assert getattr(remote, str(name))(*arguments) == getattr(local, str(name))(*arguments)


def test_each_block_comes_once(large: tuple[StoreServer, Path]) -> None:
    server, path = large
    server.mend()
    server.reset()
    with Place(f"{server.url}/large.bin").open() as file:
        assert file.seek(0, io.SEEK_END) == SIZE
        file.seek(0)
        assert file.read() == path.read_bytes()
        file.seek(100)
        assert file.read(SIZE) == path.read_bytes()[100:]
    assert (server.count, server.bytes) == (2, SIZE)


def test_a_zip_file_in_place(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for number in range(20):
            archive.writestr(f"{number}.bin", random.Random(number).randbytes(BLOCK // 2))
    with StoreServer(tmp_path) as server:
        with zipfile.ZipFile(Place(f"{server.url}/set.zip").open()) as archive:
            assert archive.read("11.bin") == random.Random(11).randbytes(BLOCK // 2)
        assert server.bytes < 5 * BLOCK


def test_threads_share_a_file(large: tuple[StoreServer, Path]) -> None:
    server, path = large
    server.mend()
    truth = path.read_bytes()
    file = Place(f"{server.url}/large.bin").open()
    wrong = []

    def work(seed: int) -> None:
        raw = file.raw  # type: ignore[attr-defined]
        for at in random.Random(seed).sample(range(SIZE - 100), 20):
            raw._fetch(at // BLOCK, at // BLOCK) if at // BLOCK not in raw._blocks else None
            if (
                bytes(raw._blocks[at // BLOCK][at % BLOCK : at % BLOCK + 100])
                != truth[at : at + 100][: BLOCK - at % BLOCK]
            ):
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not wrong


def test_a_local_file_is_opened_as_it_is(large: tuple[StoreServer, Path]) -> None:
    with Place(str(large[1])).open() as file:
        assert file.fileno() > 0
        assert file.read() == large[1].read_bytes()


def test_positions_that_are_none(large: tuple[StoreServer, Path]) -> None:
    with Place(f"{large[0].url}/large.bin").open() as file:
        with pytest.raises(ValueError, match="lies before the beginning of"):
            file.raw.seek(-1)  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="expected 0, 1 or 2"):
            file.raw.seek(0, 7)  # type: ignore[attr-defined]
        with pytest.raises(io.UnsupportedOperation):
            file.write(b"x")


def test_a_file_whose_size_nobody_tells(large: tuple[StoreServer, Path]) -> None:
    server, _ = large
    server.mend()
    server.fault("*", method="HEAD", status=405)
    server.fault("*", headers={"Content-Range": f"bytes 0-{BLOCK - 1}/*"}, times=1)
    server.fault("*", headers={"Content-Range": "bytes 0-0/*"})
    with (
        pytest.raises(StoreUnreachableError, match=r"does not tell its size.*Download it and open the copy"),
        Place(f"{server.url}/large.bin").open() as file,
    ):
        file.read(10)
