"""The embedded servers, shared by commands: started by the first user, stopped by the last."""

import os
import shutil
import signal
import subprocess
from functools import partial

import pytest

from tests.ops.installation import PROJECT, Installation, command, wait_until

pytestmark = [
    pytest.mark.ops,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts the embedded servers, DATABASE_URL names others"),
]

PRINT_ANSWER = (
    "from django.db import connection as c; print(c.cursor().execute('SELECT 6 * 7').fetchone()[0], flush=True)"
)


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    return Installation(tmp_path_factory.mktemp("embedded") / "data", 0)


def shell(installation, code) -> subprocess.Popen:
    """A command as from a terminal: also where the tests run in the background, it hears Ctrl-C."""
    argv = command("shell", "--no-imports", "-c", code)
    return subprocess.Popen(
        argv, env=installation.environment(), stdout=subprocess.PIPE, text=True, cwd=PROJECT,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_a_command_alone_starts_and_stops_them(installation):
    assert shell(installation, PRINT_ANSWER).communicate(timeout=60)[0] == "42\n"
    assert installation.processes() == {}


def test_two_commands_share_them_and_the_last_one_stops_them(installation):
    long = shell(installation, PRINT_ANSWER + "; import time; time.sleep(60)")
    long.stdout.readline()
    assert shell(installation, PRINT_ANSWER).communicate(timeout=60)[0] == "42\n"
    assert "postgres" in installation.processes()
    long.kill()
    wait_until(lambda: installation.processes() == {}, seconds=10)


def test_five_at_once(installation):
    commands = [shell(installation, PRINT_ANSWER) for _ in range(5)]
    assert [each.communicate(timeout=60)[0] for each in commands] == ["42\n"] * 5
    wait_until(lambda: installation.processes() == {}, seconds=10)


def test_an_interrupted_command_stops_them(installation):
    long = shell(installation, PRINT_ANSWER + "; import time; time.sleep(60)")
    long.stdout.readline()
    long.send_signal(signal.SIGINT)
    long.wait(60)
    assert installation.processes() == {}


def test_a_lock_file_whose_number_belongs_to_a_stranger_now(installation):
    lock = installation.data / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{installation.data / 'postgres'}\n1763774000\n5432\n\n\n  1 1\nready   \n")
    assert shell(installation, PRINT_ANSWER).communicate(timeout=60)[0] == "42\n"


def test_a_path_too_long_for_a_socket(tmp_path):
    deep = Installation(tmp_path / ("deep " * 20) / "data", 0)
    deep.data.parent.mkdir()
    assert shell(deep, PRINT_ANSWER).communicate(timeout=60)[0] == "42\n"
    assert (deep.data / "run").is_symlink()
    shutil.rmtree((deep.data / "run").resolve())


def test_nothing_is_opened_to_others(installation):
    shell(installation, PRINT_ANSWER).communicate(timeout=60)
    private = [installation.data, installation.data / "postgres", installation.data / "run"]
    assert [oct(folder.stat().st_mode & 0o777) for folder in private] == ["0o700"] * 3
