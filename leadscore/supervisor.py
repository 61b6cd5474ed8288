"""One process that runs everything: the embedded servers, web, worker and beat. `manage.py up` is its command.

It forwards what its programs say line by line, starts again what ends, and stops them in order. It owns the listening
socket: while a killed web server starts again, visitors wait instead of being refused.
"""

import http.client
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from leadscore.embedded import PROJECT, Unusable, sharing
from leadscore.processes import Program, reason, stop

TURN_SECONDS = 0.2
ASK_SECONDS = 0.3
STOP_SECONDS = 8.0  # more than web and worker give unfinished work


def say(name: str, text: str) -> None:
    with suppress(BrokenPipeError):  # nobody reads any more; the work goes on
        print(f"{name:<8} | {text}", flush=True)


class Supervisor:
    """Usage: start_servers(), run() what must be done first, serve(), then turn() for ever; and stop() at the end."""

    def __init__(self, data: Path):
        self.data = data
        self.programs: list[Program] = []
        self.hold: int | None = None
        self.outputs = selectors.DefaultSelector()
        self.pieces: dict[IO[bytes], bytes] = {}
        self.heard: list[str] | None = None

    def start_servers(self) -> None:
        """Return when the embedded servers answer; at once when real ones are used."""
        if not sharing.needed():
            return
        say("servers", f"starting PostgreSQL and Valkey in {self.data}")
        self.hold = sharing.take_hold(self.data)
        # It notices by itself when nobody uses the servers any more; dying with us would take them from others.
        keeper = Program("servers", sharing.keeper_argv(self.data), self._options(), death_signal=0)
        self.programs.append(keeper)
        self.turn()
        sharing.wait_until_ready(self.data, ended=lambda: self._turned() and not keeper.running)

    def run(self, steps: dict[str, list[str]]) -> list[str]:
        """Run management commands side by side, show and return what they print. Raises Unusable when one fails."""
        heard = self.heard = []
        programs = [Program(name, self._manage(*argv), self._options()) for name, argv in steps.items()]
        try:
            for program in programs:
                program.start()
                self._watch(program)
            while any(program.running for program in programs):
                self.turn()
        finally:
            stop(programs, seconds=2)
        self.turn()
        self.heard = None
        for program in programs:
            code = program.process.returncode if program.process else 0
            if code:
                raise Unusable(f"{program.name} failed ({reason(code)}); the lines above say why.")
        return heard

    def serve(self, listener: socket.socket) -> None:
        """Start web, worker and beat."""
        bind = f"fd://{listener.fileno()}"
        gunicorn = ["gunicorn", "--config", "python:leadscore.web", "--bind", bind, "leadscore.wsgi"]
        celery = ["celery", "--quiet", "--app", "leadscore"]
        concurrency = os.environ.get("WORKER_CONCURRENCY") or "2"
        worker = [
            "worker",
            "--loglevel",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
            "--concurrency",
            concurrency,
        ]
        beat = ["beat", "--loglevel", "WARNING", "--pidfile", ""]
        # TERM then means: give tasks a few seconds, put the rest back (CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT).
        soft = self._options(REMAP_SIGTERM="SIGQUIT")
        module = [sys.executable, "-m"]
        self.programs += [
            Program("web", [*module, *gunicorn], self._options() | {"pass_fds": [listener.fileno()]}),
            Program("worker", [*module, *celery, *worker], soft),
            Program("beat", [*module, *celery, *beat], self._options()),
        ]
        self.turn()

    def turn(self) -> None:
        """Keep every program running and forward what they said. Takes TURN_SECONDS at most."""
        for program in self.programs:
            if trouble := program.keep():
                say(program.name, trouble)
            self._watch(program)
        for key, _ in self.outputs.select(TURN_SECONDS):
            self._forward(key.data, key.fileobj)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Stop everything, the servers last. Returns within seconds; nothing is left running for us."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stop([program for program in self.programs if program.name != "servers"], seconds=STOP_SECONDS)
        if self.hold is not None:
            sharing.let_go(self.data, self.hold)

    def _turned(self) -> bool:
        self.turn()
        return True

    def _manage(self, *argv: str) -> list[str]:
        return [sys.executable, "-u", str(PROJECT / "manage.py"), *argv]

    def _options(self, **environment: str) -> dict[str, object]:
        env = os.environ | {"PYTHONUNBUFFERED": "1"} | environment
        return {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "cwd": PROJECT, "env": env}

    def _watch(self, program: Program) -> None:
        output = program.process.stdout if program.process else None
        if output and not output.closed and output not in self.pieces:
            self.pieces[output] = b""
            self.outputs.register(output, selectors.EVENT_READ, program.name)

    def _forward(self, name: str, output: IO[bytes]) -> None:
        """Print the complete lines that arrived; at the end of the output also the last piece."""
        arrived = os.read(output.fileno(), 65536)
        *lines, rest = (self.pieces[output] + arrived).split(b"\n")
        self.pieces[output] = rest
        if not arrived:
            lines = [rest] if rest else []
            self.outputs.unregister(output)
            del self.pieces[output]
            output.close()
        for line in lines:
            if text := line.decode(errors="replace").rstrip():
                say(name, text)
                if self.heard is not None:
                    self.heard.append(text)


def health(address: tuple[str, int], host: str) -> dict[str, str]:
    """What /health/ready says; {} while the web server does not answer."""
    connection = http.client.HTTPConnection(*address, timeout=1)
    try:
        connection.request("GET", "/health/ready", headers={"Host": host})
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()


def wait_until_well(supervisor: Supervisor, address: tuple[str, int], host: str, *, seconds: float) -> dict[str, str]:
    """Turn until every part is well or the time is over; returns the last answer."""
    start = asked = time.monotonic()
    states: dict[str, str] = {}
    while states.get("status") != "ok" and time.monotonic() < start + seconds:
        supervisor.turn()
        if time.monotonic() > asked + ASK_SECONDS:
            states = health(address, host)
            asked = time.monotonic()
    return states
