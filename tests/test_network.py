"""The network of the tests ends at this machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("8.8.8.8", 53)])
def test_other_machines_are_out_of_reach(address: tuple[str, int]) -> None:
    with socket.socket() as connection, pytest.raises(OSError, match="Tests have no network"):
        connection.connect(address)


def test_names_of_other_machines_are_not_looked_up() -> None:
    with pytest.raises(OSError, match="Tests have no network"):
        socket.create_connection(("example.org", 80), timeout=5)


def test_this_machine_is_within_reach() -> None:
    with socket.socket() as listener, socket.socket() as connection:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        connection.connect(listener.getsockname())
