"""What a piece of work costs: seconds of processor, of this process and of the server process of its connection.

Unlike seconds on the wall they hardly depend on what else the machine does. Where the server's processes cannot be
seen (another machine, another system than Linux) it is seconds on the wall after all, and MEASURE says so.
"""

import time
from pathlib import Path

MEASURE = "cpu"


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
