"""A real PostgreSQL for tests, in a folder, on a free port; PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from servers.hub import free_ports

SECONDS = 60
ORDINARY = "nobody"


def find_binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; a test that needs it fails where there is none."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    assert found is not None, f"no {name}: install PostgreSQL (Debian: postgresql)"
    return found


class Postgres:
    """A database server in a folder.

    Parameters
    ----------
    folder : Path
        Where its data are.
    """

    def __init__(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._user = ORDINARY if os.geteuid() == 0 else None
        folder.mkdir()
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
            for above in folder.parents:
                if above.stat().st_uid == 0 and above.is_relative_to("/tmp"):  # noqa: S108 (where pytest keeps them)
                    above.chmod(above.stat().st_mode | 0o011)
        command = [find_binary("initdb"), "-D", str(folder / "data"), "-U", "portal", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*command, "--no-sync"], check=True, capture_output=True, user=self._user, cwd="/")
        self.url = f"postgresql+psycopg://portal@127.0.0.1:{self._port}/postgres"

    def start(self) -> Postgres:
        """Start and wait until it takes connections."""
        deadline = time.monotonic() + SECONDS
        self._begin()
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()[-3000:]
            time.sleep(0.1)
            if self._process is None or self._process.poll() is not None:
                # What is left of one that was killed may still hold its files.
                self._begin()
        return self

    def _begin(self) -> None:
        command = [find_binary("postgres"), "-D", str(self._folder / "data"), "-p", str(self._port)]
        command += ["-c", f"unix_socket_directories={self._folder}", "-c", "listen_addresses=127.0.0.1"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, user=self._user, cwd="/", stdout=log, stderr=log)

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def kill(self) -> None:
        """Kill -9 the server."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
