"""Programs that are kept running, and that never outlive the one who started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

PR_SET_PDEATHSIG = 1
STEADY_SECONDS = 30
LONGEST_PAUSE = 30.0

# Looked up at import: between fork and exec nothing may be loaded any more.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with_parent(death_signal: int = signal.SIGKILL) -> None:
    """Ask the kernel to signal this process when the thread that started it ends, however it ends.

    Linux only; elsewhere nothing happens and a killed supervisor leaves its programs running.
    """
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, int(death_signal))


@dataclass
class Program:
    """One program that is started again, after a growing pause, each time it ends.

    `options` go to Popen as they are. With `death_signal` 0 the program does not die with us (it has its own way to
    notice). A program runs in its own process group, so that Ctrl-C in the terminal reaches only the supervisor, which
    then stops everything in order.
    """

    name: str
    argv: list[str]
    options: dict[str, Any] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0

    def keep(self) -> str:
        """One turn of the loop: start the program when it is due. Returns what went wrong, "" when nothing did."""
        if self.running:
            return ""
        if self.process is not None:
            return self._ended(self.process.returncode)
        if time.monotonic() >= self.due_at:
            self.start()
        return ""

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        parent = os.getpid()

        def before_exec() -> None:
            die_with_parent(self.death_signal)
            if os.getppid() != parent:  # it ended before the kernel was asked
                os._exit(1)

        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "process_group": 0} | self.options
        if self.death_signal:
            options["preexec_fn"] = before_exec
        self.process = subprocess.Popen(self.argv, **options)
        self.started_at = time.monotonic()

    def _ended(self, code: int) -> str:
        now = time.monotonic()
        if now - self.started_at > STEADY_SECONDS:
            self.failures = 0
        pause = min(LONGEST_PAUSE, 0.5 * 2**self.failures)
        self.failures += 1
        self.due_at = now + pause
        self.process = None
        return f"ended ({reason(code)}), starts again in {pause:g} s"


def reason(code: int) -> str:
    """An exit status in words."""
    return f"exit status {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def stop(programs: list[Program], *, seconds: float) -> None:
    """Ask all programs to stop, wait together for at most `seconds`, then end what is left with its whole group."""
    running = [program.process for program in programs if program.process and program.running]
    for program in programs:
        if program.process and program.running:
            program.process.send_signal(program.stop_signal)
    deadline = time.monotonic() + seconds
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
