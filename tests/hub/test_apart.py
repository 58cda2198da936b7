"""User B attacks user A on one machine: a hub that runs as root keeps them apart."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from bioimagehub.hub.processes import find_by_uid

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers.hub import RunningHub
    from servers.person import Kernel, Person

pytestmark = pytest.mark.hub

OPEN_CLUSTER = """
from dask_gateway import Gateway
gateway = Gateway()
cluster = gateway.new_cluster()
cluster.scale(1)
client = cluster.get_client()
client.wait_for_workers(1, timeout=120)
future = client.submit(lambda: 'the secret of a', pure=False)
print(future.result())
"""

# Runs in B's kernel; looks at everything that a process of B can reach and returns what it got.
ATTACK = """
import glob, json, os, re, socket, ssl, urllib.request, urllib.error
found = {"readable": [], "environments": [], "processes": [], "pages": {}, "asked": {}}

for entry in os.listdir("/proc"):
    if not entry.isdigit():
        continue
    try:
        uid = os.stat(f"/proc/{entry}").st_uid
        if uid == os.getuid():
            continue
        found["processes"].append(open(f"/proc/{entry}/cmdline").read())
        found["environments"].append(open(f"/proc/{entry}/environ").read())
    except OSError:
        pass

for root in ROOTS:
    for folder, folders, files in os.walk(root):
        for name in files + folders:
            path = os.path.join(folder, name)
            try:
                if os.path.isdir(path):
                    os.listdir(path)
                else:
                    open(path, "rb").read(1)
                found["readable"].append(path)
            except OSError:
                pass
for path in PATHS:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        found["readable"].append(path)
    except OSError:
        pass

ports = set()
for line in open("/proc/net/tcp").read().splitlines()[1:]:
    parts = line.split()
    if parts[3] == "0A":
        ports.add((int(parts[1].split(":")[1], 16), int(parts[7])))

def ask(method, url, headers={}):
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return answer.status, answer.read(300).decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, ""
    except (OSError, ValueError) as error:
        return 0, type(error).__name__
    except Exception as error:
        return 0, type(error).__name__

for port, uid in sorted(ports):
    if uid == A_UID:
        for page in ("/", "/status", "/info/main/workers.html", "/metrics", "/health", "/json/counts.json"):
            found["pages"][f"{port}{page}"] = ask("GET", f"http://127.0.0.1:{port}{page}")[0]
found["ports of a"] = len([port for port, uid in ports if uid == A_UID])

token = {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}
hub = os.environ["JUPYTERHUB_API_URL"]
gateway = os.environ["DASK_GATEWAY__ADDRESS"]
jupyterhub = {"Authorization": "jupyterhub " + os.environ["JUPYTERHUB_API_TOKEN"]}
for name, (method, url, headers) in {
    "hub users": ("GET", hub + "/users", token),
    "hub user a": ("GET", hub + "/users/ann", token),
    "hub tokens of a": ("GET", hub + "/users/ann/tokens", token),
    "hub stop a": ("DELETE", hub + "/users/ann/server", token),
    "hub shutdown": ("POST", hub + "/shutdown", token),
    "gateway cluster of a": ("GET", f"{gateway}/api/v1/clusters/{CLUSTER}", jupyterhub),
    "gateway stop cluster of a": ("DELETE", f"{gateway}/api/v1/clusters/{CLUSTER}", jupyterhub),
    "gateway scale cluster of a": ("POST", f"{gateway}/api/v1/clusters/{CLUSTER}/scale", jupyterhub),
    "gateway without token": ("GET", f"{gateway}/api/v1/clusters/", {}),
    "gateway private": ("DELETE", f"{gateway}/api/private/users/ann/clusters", jupyterhub),
    "gateway routes": ("GET", f"{gateway}/api/v1/routes", token),
    "dashboard of a": ("GET", f"{gateway}/clusters/{CLUSTER}/status", {}),
    "dashboard of a, own key": (
        "GET", f"{gateway}/clusters/{CLUSTER}/status",
        {"X-Bioimagehub-Dashboard-Key": os.environ["BIOIMAGEHUB_DASHBOARD_KEY"]},
    ),
    "proxy routes": ("GET", f"http://127.0.0.1:{PROXY_API}/api/routes", token),
    "server of a": ("GET", f"{PUBLIC}/user/ann/api/contents", token),
}.items():
    found["asked"][name] = ask(method, url, headers)[0]

status, text = ask("GET", f"{gateway}/api/v1/clusters/", jupyterhub)
found["own clusters"] = text

from dask_gateway import Gateway
try:
    Gateway().connect(CLUSTER)
    found["connect"] = "connected"
except Exception as error:
    found["connect"] = f"{type(error).__name__}: {error}"

# With credentials of an own cluster, at the scheduler of A's.
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
try:
    with socket.create_connection(("127.0.0.1", SCHEDULERS), 10) as raw:
        with context.wrap_socket(raw, server_hostname="daskgateway-" + CLUSTER) as channel:
            channel.sendall(b"x" * 100)
            channel.settimeout(10)
            found["scheduler"] = channel.recv(100).hex() or "closed"
except OSError as error:
    found["scheduler"] = type(error).__name__
print("RESULT" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def hub(start_hub: Callable[..., RunningHub]) -> RunningHub:
    return start_hub({"users": ["ann", "bob", "eve"], "admins": ["root-admin"]})


@pytest.fixture(scope="module")
def ann(hub: RunningHub, visit: Callable[..., Person]) -> Person:
    return visit(hub, "ann")


@pytest.fixture(scope="module")
def bob(hub: RunningHub, visit: Callable[..., Person]) -> Person:
    return visit(hub, "bob")


@pytest.fixture(scope="module")
def kernel_of_ann(ann: Person) -> Kernel:
    kernel = ann.start_kernel()
    assert "the secret of a" in kernel.run(OPEN_CLUSTER)
    return kernel


@pytest.fixture(scope="module")
def loot(hub: RunningHub, kernel_of_ann: Kernel, bob: Person) -> dict[str, Any]:
    """What B's attack has found."""
    cluster = kernel_of_ann.run("print(cluster.name)").strip()
    constants = {
        "CLUSTER": cluster,
        "A_UID": int(kernel_of_ann.run("import os; print(os.getuid())")),
        "ROOTS": [str(hub.state / name) for name in ("private", "homes/ann", "clusters")],
        "PATHS": [
            str(hub.state / "clusters" / cluster),
            *(str(hub.state / "private" / name) for name in ("hub.sqlite", "cookie_secret", "secrets/operator")),
        ],
        "PROXY_API": hub.settings["ports"]["proxy_api"],
        "SCHEDULERS": hub.settings["ports"]["schedulers"],
        "PUBLIC": hub.url,
    }
    code = "\n".join(f"{name} = {value!r}" for name, value in constants.items()) + textwrap.dedent(ATTACK)
    kernel = bob.start_kernel()
    printed = kernel.run(code)
    return json.loads(printed.partition("RESULT")[2])


def test_no_process_of_anybody_else_is_seen(loot: dict[str, Any]) -> None:
    assert loot["processes"] == []
    assert loot["environments"] == []


def test_no_file_of_the_hub_or_of_another_user_is_read(loot: dict[str, Any]) -> None:
    assert loot["readable"] == []


def test_no_page_of_another_users_dask_is_served(loot: dict[str, Any]) -> None:
    assert loot["ports of a"] >= 4, "the attack must have found A's ports, or it shows nothing"
    assert 200 not in loot["pages"].values()
    assert 403 in loot["pages"].values()


def test_no_request_with_bobs_token_reaches_ann(loot: dict[str, Any]) -> None:
    assert {name: status for name, status in loot["asked"].items() if status not in (401, 403, 404)} == {}


def test_no_cluster_of_another_user_is_listed_or_joined(loot: dict[str, Any]) -> None:
    assert loot["own clusters"] == "{}"
    assert "403" in loot["connect"]
    assert loot["scheduler"] in {"closed", "SSLError", "SSLEOFError", "ConnectionResetError", "SSLZeroReturnError"}


def test_the_owner_sees_the_dashboard(hub: RunningHub, ann: Person, bob: Person, kernel_of_ann: Kernel) -> None:
    link = kernel_of_ann.run("print(cluster.dashboard_link)").strip()
    page = ann.get(link)
    assert page.status_code == 200
    assert "Dask" in page.text
    assert bob.get(link).status_code == 403
    name = kernel_of_ann.run("print(cluster.name)").strip()
    assert bob.get(f"/user/bob/dask/clusters/{name}/status").status_code == 403


def test_no_secret_is_in_a_log_a_url_or_the_process_list(hub: RunningHub, kernel_of_ann: Kernel) -> None:
    token = kernel_of_ann.run("import os; print(os.environ['JUPYTERHUB_API_TOKEN'])").strip()
    secrets = {**hub.secrets(), "server token": token, "password": hub.passwords["ann"]}
    places = {str(path): path.read_text(errors="replace") for path in hub.logs()}
    places["process list"] = "\n".join(hub.marked().values())
    leaks = [(name, place) for name, secret in secrets.items() for place, text in places.items() if secret in text]
    assert leaks == []
    for path in (hub.state / "private").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_server_and_a_worker_are_limited(hub: RunningHub, kernel_of_ann: Kernel) -> None:
    read = """
from pathlib import Path
def limit():
    for line in Path('/proc/self/cgroup').read_text().splitlines():
        number, names, path = line.split(':', 2)
        if 'memory' in names.split(','):
            return int(Path('/sys/fs/cgroup/memory' + path, 'memory.limit_in_bytes').read_text())
        if number == '0' and path != '/':
            return int(Path('/sys/fs/cgroup' + path, 'memory.max').read_text())
print(limit(), list(client.run(limit).values()))
"""
    assert kernel_of_ann.run(read).strip() == f"{2 * 1024**3} [{int(1024**3 * 1.25)}]"


def test_a_revoked_token_opens_nothing(hub: RunningHub, visit: Callable[..., Person]) -> None:
    eve = visit(hub, "eve")
    kernel = eve.start_kernel()
    assert kernel.run("from dask_gateway import Gateway; print(Gateway().list_clusters())").strip() == "[]"
    for token in hub.api("GET", "/users/eve/tokens")["api_tokens"]:
        hub.api("DELETE", f"/users/eve/tokens/{token['id']}")
    refused = """
import os, urllib.request, urllib.error
def status(url, kind):
    request = urllib.request.Request(url, headers={'Authorization': kind + ' ' + os.environ['JUPYTERHUB_API_TOKEN']})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
print(status(os.environ['DASK_GATEWAY__ADDRESS'] + '/api/v1/clusters/', 'jupyterhub'),
      status(os.environ['JUPYTERHUB_API_URL'] + '/user', 'token'))
"""
    assert kernel.run(refused).strip() == "401 403"


def test_a_user_who_was_removed_while_the_hub_was_stopped_is_gone(
    start_hub: Callable[..., RunningHub], visit: Callable[..., Person]
) -> None:
    hub = start_hub({"users": ["ann"]})
    assert hub.run("users", "add", "leo").returncode == 0
    password = hub.run("users", "reset", "leo").stdout.split()[2]
    hub.passwords["leo"] = password
    leo = visit(hub, "leo", start=False)
    assert leo.get("/hub/home").url.endswith("/hub/home")
    hub.stop()
    assert hub.run("users", "remove", "leo").returncode == 0
    hub.start()
    assert "/hub/login" in leo.get("/hub/home").url
    assert [user["name"] for user in hub.api("GET", "/users")] == []


def test_a_deleted_user_loses_everything(hub: RunningHub, visit: Callable[..., Person]) -> None:
    bob = visit(hub, "bob")
    kernel = bob.start_kernel()
    kernel.run(OPEN_CLUSTER)
    kernel.run("import subprocess; subprocess.Popen(['sleep', '3600'], start_new_session=True)")
    uid = int(kernel.run("import os; print(os.getuid())"))
    assert len(find_by_uid(uid)) >= 4
    result = hub.run("users", "remove", "bob")
    assert result.returncode == 0, result.stderr
    assert find_by_uid(uid) == []
    assert "Invalid username or password" in bob.log_in().text
    assert bob.get("/hub/api/user").status_code in (401, 403)
    assert (hub.state / "homes" / "bob").is_dir()
