"""`manage.py up`, the first minute with the product: it starts, says what is wrong in one line, survives, and stops.

Real processes. The tests of this file share one installation and run in order.
"""

import os
import random
import re
import signal
import socket
import time
from contextlib import suppress

import psutil
import pytest

from tests.ops.installation import Installation, free_port, wait_until
from tests.ops.senders import EVENTS, VISITORS, sending, stored, write_key

pytestmark = [
    pytest.mark.ops,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts the embedded servers, DATABASE_URL names others"),
]

KILLS = 5
GONE = 2**22  # no process has so high a number


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """An installation that a test starts itself."""
    installation = Installation(tmp_path_factory.mktemp("up") / "data", free_port())
    yield installation
    if installation.up and installation.up.poll() is None:
        installation.end()


@pytest.fixture(scope="module")
def running(stopped):
    stopped.start()
    return stopped


def refused(done) -> str:
    """What a refused command said: one line, on standard error, with exit status 1."""
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    return line.removeprefix("leadscore: ")


def test_live_and_ready_answer(running):
    assert [running.get("/health/live"), running.get("/health/ready")] == [200, 200]


def test_a_second_one_is_told_where_the_first_serves(running):
    assert refused(running.manage("up")).startswith(
        f"already running on {running.data}: http://127.0.0.1:{running.port}/"
    )


def test_a_command_beside_it_uses_its_servers(running):
    before = running.processes()
    assert running.manage("doctor").stdout.count("ok ") == 10
    assert running.processes() == before


def test_the_setup_link_makes_one_admin_and_is_dead_then(running, client_of):
    path = re.search(r"http://[^/]+(/setup/\S+)", running.said()).group(1)
    assert running.get(path[:-3] + "xx/") == 404
    assert running.get(path) == 200
    first = client_of(running).post_form(path, name="Ada", email="Ada@firm.example", password="weak", team="Europe")
    assert first == 422
    second = client_of(running).post_form(
        path, name="Ada", email="Ada@firm.example", password="a long good phrase", team="Europe"
    )
    assert second == 302
    assert running.get(path) == 404


@pytest.mark.parametrize("kind", ["web", "worker", "beat", "postgres", "valkey", "servers"])
def test_a_killed_part_comes_back(running, kind):
    victim = oldest(running, kind)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: oldest(running, kind) not in (None, victim), seconds=15)
    wait_until(lambda: running.get("/health/ready") == 200, seconds=15)


def oldest(installation, kind) -> int | None:
    """The parent among several processes of a kind, which started first."""
    return min(installation.processes().get(kind, []), key=started, default=None)


def started(pid) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return time.time()


def test_what_was_acknowledged_while_parts_were_killed_is_stored_once(running):
    key, chance = write_key(running), random.Random(3)
    again: list[int] = []
    killed: list[str] = []
    with sending(running.port, key, again) as senders:
        for _ in range(KILLS):
            time.sleep(0.7)
            found = running.processes()
            for kind in ("web", "worker"):
                with suppress(ProcessLookupError):  # it ended by itself while we looked
                    os.kill(chance.choice(found.get(kind) or [GONE]), signal.SIGKILL)
                    killed.append(kind)
    acknowledged = sorted(message for sender in senders for message in sender.result())
    assert len(acknowledged) == EVENTS
    assert stored(running) == (acknowledged, VISITORS, 0)
    assert {*killed} == {"web", "worker"}
    assert again  # the kills were felt, or this proved nothing


def test_term_stops_everything_in_seconds(running):
    began = time.monotonic()
    assert running.end() == 0
    assert time.monotonic() - began < 12
    assert running.processes() == {}


def test_a_killed_supervisor_leaves_nothing_running(running):
    running.start()
    running.end(signal.SIGKILL)
    wait_until(lambda: running.processes() == {}, seconds=10)


def test_a_taken_port(stopped):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert refused(stopped.manage("up", PORT=port)).startswith(f"port {port} is taken")


def test_a_public_address_without_tls(stopped):
    assert "in clear text" in refused(stopped.manage("up", HOST="0.0.0.0"))


def test_a_read_only_folder(stopped, tmp_path):
    tmp_path.chmod(0o555)
    assert "is read-only" in refused(stopped.manage("up", DATA_DIR=str(tmp_path)))


def test_a_path_that_is_no_folder(stopped, tmp_path):
    (tmp_path / "file").touch()
    assert "cannot be made" in refused(stopped.manage("up", DATA_DIR=str(tmp_path / "file")))
