"""What `manage.py up` makes sure of before it serves, and what it tells at the end."""

import errno
import fcntl
import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.urls import reverse

from leads.models import User
from leads.people.setup import link_token
from leadscore.embedded import Unusable
from leadscore.env import env
from leadscore.supervisor import Supervisor, say

DEMO = ["demo_data", "--leads", "3000", "--events-per-lead", "13", "--seed", "1"]
LOGIN_LINE = re.compile(r"^\W*(marketing|rep|manager|admin)\b\W+(\S+@[^\s,]+)\W+(\S+)\s*$", re.IGNORECASE)


def address() -> tuple[str, int]:
    """HOST and PORT. Refuses to serve plain HTTP to other machines."""
    host = env.str("HOST", default="127.0.0.1")
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Unusable(f"PORT must be a number from 1 to 65535, not {port!r}.")
    if not behind_tls() and not _is_loopback(host):
        raise Unusable(
            f"HOST={host} would send passwords in clear text to other machines: set HTTPS=1 or TRUST_PROXY=1 behind a "
            "proxy that ends TLS, or leave HOST at 127.0.0.1."
        )
    return host, int(port)


def behind_tls() -> bool:
    """Whether other machines reach this installation through a proxy that ends TLS."""
    return bool(settings.HTTPS or env.bool("TRUST_PROXY", default=False))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def only_one(data: Path, url: str) -> Iterator[None]:
    """At most one `up` per DATA_DIR; the second is told where the first serves."""
    handle = os.open(data / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"already running on {data}: {lock.read().strip()}.") from None
        lock.truncate(0)
        lock.write(f"{url} (process {os.getpid()})\n")
        lock.flush()
        yield


def listen(host: str, port: int) -> socket.socket:
    """The bound socket of the web server. Nobody listens on it yet: visitors are refused, not kept waiting."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
    except socket.gaierror:
        raise Unusable(f"HOST={host} is not an address of this machine.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Unusable(f"port {port} is taken: stop what uses it, or choose another with PORT=….") from None
        raise Unusable(f"cannot listen on {host} port {port}: {error.strerror}.") from None
    return listener


def prepare(supervisor: Supervisor) -> None:
    """Bring database and static files up to this release; load the demo into a database without people."""
    say("database", "bringing tables and static files up to this release")
    steps = {"database": ["migrate", "--no-input"], "static": ["collectstatic", "--no-input", "--verbosity", "0"]}
    supervisor.run(steps)
    # The demo's passwords are published: what others can reach gets it only when asked for.
    if env.bool("DEMO", default=not behind_tls()) and not anybody():
        say("demo", "making a year of leads, events, deals and decisions; this takes a minute")
        keep_logins(settings.DATA_DIR, supervisor.run({"demo": DEMO}))


def anybody() -> bool:
    """Whether a person can sign in to this installation yet."""
    try:
        return User.objects.exists()
    finally:
        connections.close_all()  # the supervisor itself keeps no connection


def public_url(host: str, port: int) -> str:
    """The address to open in a browser."""
    if settings.HTTPS:
        return f"https://{named_host()}/"
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - recognised here, refused by address() without TLS
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def named_host() -> str:
    """A host this installation answers to."""
    return (settings.ALLOWED_HOSTS or ["localhost"])[0].lstrip(".")


def greeting(url: str) -> list[str]:
    """The last lines of the start: the address, and how to sign in."""
    lines = [f"leadscore is running at {url} (Ctrl-C stops it)"]
    if not anybody():
        link = url.rstrip("/") + reverse("setup", args=[link_token()])
        return [*lines, f"Make the first admin within a day: {link}"]
    return lines + demo_logins(settings.DATA_DIR)


def keep_logins(data: Path, lines: list[str]) -> None:
    """Remember the logins that demo_data printed, to tell them at every start."""
    logins = [line.strip() for line in lines if LOGIN_LINE.match(line)]
    with os.fdopen(os.open(data / "demo_logins", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("".join(f"{line}\n" for line in logins))


def demo_logins(data: Path) -> list[str]:
    """One line per demo login: role, e-mail, password; [] when this installation is no demo."""
    try:
        return (data / "demo_logins").read_text().splitlines()
    except FileNotFoundError:
        return []
