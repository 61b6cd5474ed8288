"""A whole installation as processes, in a folder and on a port of its own."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Installation:
    data: Path
    port: int
    up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """`manage.py up`, and wait until every part is well."""
        assert self.up is None or self.up.poll() is not None
        with self.log.open("wb") as log:
            self.up = subprocess.Popen(command("up"), env=self.environment(), stdout=log, stderr=log)
        # generous: on a busy machine the migrations alone take a minute
        wait_until(lambda: "leadscore is running" in self.said() or self.up.poll() is not None, seconds=300)
        assert self.get("/health/ready") == 200, self.said()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.up.send_signal(number)
        return self.up.wait(20)

    @property
    def log(self) -> Path:
        return self.data.with_suffix(".log")

    def said(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> int:
        """The status of a page; 0 while nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = self.environment() | environment
        return subprocess.run(command(*arguments), env=env, capture_output=True, text=True, timeout=180)

    def processes(self) -> dict[str, list[int]]:
        """Process ids by kind, of everything that was started with our DATA_DIR."""
        found: dict[str, list[int]] = {}
        for process in psutil.process_iter():
            try:
                if self.owns(process) and (kind := kind_of(process)):
                    found.setdefault(kind, []).append(process.pid)
            except psutil.Error:  # it ended while we looked
                continue
        return found

    def owns(self, process: psutil.Process) -> bool:
        """The servers have a short environment, but name the folder in their arguments."""
        named = any(str(self.data) in argument for argument in process.cmdline())
        return named or process.environ().get("DATA_DIR") == str(self.data)

    def environment(self) -> dict[str, str]:
        ours = {"DATA_DIR": str(self.data), "PORT": str(self.port), "DEMO": "0", "EMBEDDED_DURABLE": "0"}
        drop = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "HOST", "HTTPS", "PYTEST_CURRENT_TEST")
        return {name: value for name, value in os.environ.items() if name not in drop} | ours


KINDS = {
    "web": r"gunicorn",
    "worker": r"celery .* worker",
    "beat": r"celery .* beat",
    "servers": r"leadscore\.embedded\.keeper",
    "postgres": r"/postgres -D|^postgres:",
    "valkey": r"valkey-server",
    "up": r"manage\.py up",
    "command": r"manage\.py",
}


def kind_of(process: psutil.Process) -> str | None:
    line = " ".join(process.cmdline())
    return next((kind for kind, pattern in KINDS.items() if re.search(pattern, line)), None)


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(PROJECT / "manage.py"), *arguments]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(holds: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"does not hold after {seconds} s"
        time.sleep(0.1)
