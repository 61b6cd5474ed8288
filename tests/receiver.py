"""A receiver of webhooks on this machine: answers as it is told, and keeps what came."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any


@dataclass
class Receiver:
    """`script`: statuses to answer with, the last one for ever. `mode`: drip, huge or silent instead of an answer."""

    port: int = 0
    script: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    mode: str = ""
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=Lock)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/hook?a=1"

    def status(self) -> int:
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.seen]


@contextmanager
def receiver(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    state = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(state))
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _handler(state: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            with state.lock:
                state.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
                state.paths.append(self.path)
            if state.mode:
                self._misbehave()
                return
            self.send_response(state.status())
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"thanks")

        def _misbehave(self) -> None:
            if state.mode == "drip headers":
                self._drip(b"HTTP/1.1 200 OK\r\nX-A: ")
            elif state.mode == "drip body":
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            elif state.mode == "huge":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                self._endless(b"x" * 65536, 0)
            else:
                time.sleep(5)

        def _drip(self, start: bytes) -> None:
            self.wfile.write(start)
            self._endless(b"x", 0.05)

        def _endless(self, piece: bytes, pause: float) -> None:
            try:
                for _ in range(2000):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(pause)
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
