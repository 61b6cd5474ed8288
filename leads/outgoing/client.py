"""The one way out: every HTTP request the product makes goes through here.

Resolve, vet, pin: the host's addresses are looked up once, each must be public (addresses.py), and the connection
goes to the very address that was vetted, so that a second answer of the name server changes nothing. TLS and the Host
header still name the host. Redirects are not followed, proxies of the environment not used. What is slow or long is cut
off.
"""

import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from leads.outgoing.addresses import NEITHER, Refused, Target, target_of, vet
from leads.outgoing.outcomes import Failed

CONNECT = 5.0  # seconds to find the host, and again to connect to it
TOTAL = 15.0  # seconds for everything
MOST = 64 * 1024  # bytes of an answer's body


@dataclass(frozen=True)
class Answer:
    """What came back. `cut`: the body was longer than was asked for, and ends early."""

    status: int
    body: bytes
    cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


def request(method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None,
            total: float = TOTAL, most: int = MOST) -> Answer:  # fmt: skip
    """Send it and wait for the answer, at most `total` seconds, of which `most` bytes are read.

    Any status is an answer. Raises Refused where we do not speak to the address, Failed where nobody answered in time.
    """
    deadline = time.monotonic() + total
    target = target_of(url)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = _connected(target, deadline)
    cut_off = _Deadline(connection.sock, deadline)
    try:
        with cut_off:
            if isinstance(connection.sock, ssl.SSLSocket):
                connection.sock.do_handshake()
            _send(connection, target, method, body, headers or {})
            response = connection.getresponse()
            start = response.read(most + 1)
            if cut_off.passed:
                raise TimeoutError
            return Answer(response.status, start[:most], len(start) > most, dict(response.headers.items()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        if cut_off.passed:
            raise Failed(f"It took longer than {total:.0f} seconds and was cut off.") from None
        raise Failed(f"The connection broke: {_words(error)}") from None
    finally:
        connection.close()


def _send(connection: http.client.HTTPConnection, target: Target, method: str, body: bytes,
          headers: Mapping[str, str]) -> None:  # fmt: skip
    connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
    all_headers = {"Host": target.named, "User-Agent": "leadscore", "Connection": "close"} | dict(headers)
    if body or method in ("POST", "PUT", "PATCH"):
        all_headers["Content-Length"] = str(len(body))
    try:
        for name, value in all_headers.items():
            connection.putheader(name, value)
    except ValueError:  # its words repeat the header, which may be a key
        raise Failed("A line break or a letter beyond Latin stands in a header: enter the key anew.",
                     permanent=True) from None  # fmt: skip
    connection.endheaders(body or None)


def _connected(target: Target, deadline: float) -> socket.socket:
    """A socket to the first vetted address that takes the connection, with TLS where the target asks for it."""
    trouble = "nobody listens there"
    for ip in _vetted(target, deadline):
        patience = min(CONNECT, deadline - time.monotonic())
        if patience <= 0:
            break
        try:
            plain = socket.create_connection((ip, target.port), timeout=patience)
        except OSError as error:
            trouble = _words(error)
            continue
        if target.scheme == "http":
            return plain
        # Shaking hands is left for later, when the deadline already watches.
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)
    raise Failed(f"No connection to {target.named}: {trouble}")


def _vetted(target: Target, deadline: float) -> list[str]:
    """The addresses of the host. One that is not public spoils them all, unless the host is allowed."""
    found = _resolved(target, min(CONNECT, deadline - time.monotonic()))
    if not target.allowed:
        try:
            for ip in found:
                vet(ipaddress.ip_address(ip.partition("%")[0]))
        except Refused:
            raise Failed(f"{target.host} {NEITHER}") from None
    return found


def _resolved(target: Target, patience: float) -> list[str]:
    """Ask the name server in a thread of its own: nothing else bounds how long it may take."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        found = answers.get(timeout=max(patience, 0.01))
    except queue.Empty:
        found = []
    if not found:
        raise Failed(f"{target.host} {NEITHER}")
    return found


class _Deadline:
    """Ends the socket at a moment, whatever it is doing then: a drip of bytes never makes a single wait long."""

    def __init__(self, sock: socket.socket, deadline: float):
        self.sock, self.passed = sock, False
        self.timer = threading.Timer(max(deadline - time.monotonic(), 0.01), self._end)
        self.timer.daemon = True

    def _end(self) -> None:
        self.passed = True
        with suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # not that of TLS, which would wait for the other side

    def __enter__(self) -> None:
        self.sock.settimeout(None)
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not good ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
