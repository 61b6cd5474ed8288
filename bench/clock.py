"""What a piece of work costs: seconds of processor, of this process and of the server process of its connection.

Unlike seconds on the wall they hardly depend on what else the machine does. Where the server's processes cannot be
seen (another machine, another system than Linux) it is seconds on the wall after all, and MEASURE says so.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MEASURE = "cpu"
LOOK = 0.5  # seconds between looks at processes that may end before we are done


def seconds() -> float:
    """Processor seconds spent until now; only differences mean something."""
    from django.db import connection

    global MEASURE
    connection.ensure_connection()
    try:
        # the first number: nanoseconds on a processor
        server = int(Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0])
    except OSError:
        MEASURE = "wall"
    return time.perf_counter() if MEASURE == "wall" else time.process_time() + server / 1e9


@contextmanager
def spending(processes: list[psutil.Process]) -> Iterator[dict[str, float]]:
    """Processor seconds while it lasts, known at its end: {"own", "others", "database"}.

    Others are the processes with their children, the database all sessions of our database, also those that end.
    """
    parts: dict[str, dict[int, float]] = {"own": {}, "others": {}, "database": {}}
    before, spent, done = _look(processes, parts), dict.fromkeys(parts, 0.0), threading.Event()

    def watch() -> None:
        while not done.wait(LOOK):
            _look(processes, parts)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield spent
    finally:
        done.set()
        watcher.join()
        _look(processes, parts)
        spent |= {part: sum(parts[part].values()) - before[part] for part in parts}


def _look(processes: list[psutil.Process], parts: dict[str, dict[int, float]]) -> dict[str, float]:
    """Note what each process has spent until now; the sums."""
    from django.db import connection

    others = [child for process in processes for child in (process, *process.children(recursive=True))]
    ours = f" {connection.settings_dict['NAME']} "
    sessions = [each for each in psutil.process_iter(["cmdline"]) if ours in (each.info["cmdline"] or [""])[0]]
    for part, members in (("own", [psutil.Process()]), ("others", others), ("database", sessions)):
        for process in members:
            try:
                parts[part][process.pid] = sum(process.cpu_times()[:2])
            except psutil.Error:  # it ended while we looked
                continue
    return {part: sum(found.values()) for part, found in parts.items()}
