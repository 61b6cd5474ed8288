"""A fake CRM that speaks HTTP on this machine. What it answers is its own; what goes wrong is the same for all."""

import json
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.crm import FakeCrm


@dataclass
class Request:
    """`query` has the last value of each name; `headers` are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Response:
    """`payload`: text as it is, None for nothing, all else as JSON."""

    status: int = 200
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        if self.payload is None:
            return b""
        return (self.payload if isinstance(self.payload, str) else json.dumps(self.payload)).encode()


class ServedCrm(FakeCrm):
    """A subclass says what a request is called (`operation`: "pull:contacts") and how it is answered (`answer`).

    `trouble` is how this CRM says that something is wrong: busy, away, expired or denied.
    """

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_address[1]}"
        Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
        self.server.server_close()

    def operation(self, request: Request) -> str:
        raise NotImplementedError

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    def trouble(self, do: str) -> Response:
        raise NotImplementedError

    def respond(self, request: Request) -> Response | None:
        """The answer; None: none ever comes, though it is done."""
        do = self.meet(self.operation(request))
        if do in ("busy", "away", "expired", "denied"):
            return self.trouble(do)
        if do == "told":
            response = self.trouble("busy")
            return Response(response.status, response.payload, {"Retry-After": "120"})
        with self.lock:
            response = self.answer(request)
        if do == "killed":
            self.kill()
        if do in ("lost", "killed"):
            return None
        if do == "cut":
            half = response.data[: len(response.data) // 2].decode(errors="ignore")
            return Response(response.status, half, response.headers)
        return response


def _handler(crm: ServedCrm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length") or 0))
            response = crm.respond(Request(self.command, url.path, query, headers, body))
            if response is None:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in ({"Content-Type": "application/json"} | response.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.data)))
            self.end_headers()
            self.wfile.write(response.data)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(crm.now(), usegmt=True)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
