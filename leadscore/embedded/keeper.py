"""The one process that runs the embedded servers: `python -m leadscore.embedded.keeper DATA_DIR`.

It starts a killed server again, and stops both when nobody holds `servers.lock` any more. A second keeper for the same
folder stands by until the first has ended.
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from leadscore.embedded import Unusable, postgres, sharing, valkey
from leadscore.processes import Program, stop

TURN_SECONDS = 0.1
FIRST_START_SECONDS = 60.0


def main(data: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    users = os.open(data / "servers.lock", os.O_RDWR | os.O_CREAT, 0o600)
    mine = os.open(data / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    while not sharing.try_lock(mine, fcntl.LOCK_EX):
        if sharing.try_lock(users, fcntl.LOCK_EX):
            return
        time.sleep(TURN_SECONDS)
    with sharing.open_log(data) as log:
        programs = []
        try:
            programs += _programs(data, log.fileno())
            keep(data, programs, users)
        except Unusable as error:
            sys.exit(str(error))
        finally:
            stop(programs, seconds=10)


def keep(data: Path, programs: list[Program], users: int) -> None:
    """Run the programs until nobody uses them. Gives up when they never got ready."""
    deadline = time.monotonic() + FIRST_START_SECONDS
    prepared = False
    while not sharing.try_lock(users, fcntl.LOCK_EX):
        for program in programs:
            if trouble := program.keep():
                print(f"{program.name} {trouble}", file=sys.stderr, flush=True)
        prepared = prepared or "postgres" not in sharing.needed() or postgres.make_database(data)
        if not prepared and time.monotonic() > deadline:
            raise Unusable(f"PostgreSQL does not answer: see {data / 'log' / 'servers.log'}.")
        time.sleep(TURN_SECONDS)


def _programs(data: Path, log: int) -> list[Program]:
    makers = {"postgres": postgres.program, "valkey": valkey.program}
    return [makers[server](data, log) for server in sharing.needed()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
