"""Using the embedded servers together: whoever needs them holds a shared lock, and the kernel counts.

The first user starts a keeper (`keeper.py`), later ones find it running, and it stops the servers when the last lock is
gone. A lock goes with its process, however that ends, so nothing is ever left running by a crash.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from leadscore.embedded import PROJECT, Unusable, data_dir, postgres, valkey

START_SECONDS = 120.0
STOP_SECONDS = 15.0


def needed() -> list[str]:
    """The servers that no URL names."""
    names = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
    return [server for url, server in names.items() if not os.environ.get(url)]


@contextmanager
def servers() -> Iterator[None]:
    """The embedded servers answer inside the block. On leaving, the last one waits until they have stopped."""
    if not needed():
        yield
        return
    data = data_dir()
    hold = take_hold(data)
    keeper = None
    try:
        if not ready(data):
            with open_log(data) as log:
                keeper = subprocess.Popen(
                    keeper_argv(data),
                    cwd=PROJECT,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            wait_until_ready(data, ended=lambda: keeper.poll() is not None)
        yield
    finally:
        let_go(data, hold)


def keeper_argv(data: Path) -> list[str]:
    return [sys.executable, "-m", "leadscore.embedded.keeper", str(data)]


def ready(data: Path) -> bool:
    checks = {"postgres": postgres.ready, "valkey": valkey.ready}
    return all(checks[server](data) for server in needed())


def wait_until_ready(data: Path, *, ended: Callable[[], bool]) -> None:
    """Return when the servers answer; raise Unusable when their keeper gave up or they take too long."""
    deadline = time.monotonic() + START_SECONDS
    while not ready(data):
        if ended():
            raise Unusable(last_words(data))
        if time.monotonic() > deadline:
            raise Unusable(f"the embedded servers do not answer after {START_SECONDS:g} s: see {data / 'log'}.")
        time.sleep(0.05)


def take_hold(data: Path) -> int:
    """Count as a user from now on. Waits for a keeper that is just stopping the servers."""
    hold = os.open(data / "servers.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(hold, fcntl.LOCK_SH)
    return hold


def let_go(data: Path, hold: int) -> None:
    """Count no longer. The last user waits until the keeper has stopped the servers."""
    last = try_lock(hold, fcntl.LOCK_EX)
    os.close(hold)
    if last:
        _wait_for_keeper(data)


def try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for_keeper(data: Path) -> None:
    handle = os.open(data / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + STOP_SECONDS
    while not try_lock(handle, fcntl.LOCK_EX) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.close(handle)


def open_log(data: Path) -> BinaryIO:
    """log/servers.log, begun anew when it has grown: what PostgreSQL, Valkey and their keeper say."""
    folder = data / "log"
    folder.mkdir(mode=0o700, exist_ok=True)
    log = folder / "servers.log"
    if log.exists() and log.stat().st_size > 5_000_000:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def last_words(data: Path) -> str:
    lines = (data / "log" / "servers.log").read_text(errors="replace").strip().splitlines()
    return f"the embedded servers did not start: {lines[-1] if lines else 'no reason given'}"
