"""Which addresses of the outside may be spoken to: what an URL must look like, and where its host may lead.

Everything here is refused unless it is plainly public, or an admin allowed exactly this host and port
(OUTBOUND_ALLOWLIST). Whoever enters an address gets a reason; a name that leads inside and a name that does not exist
read alike, so that nobody can ask us what is in the network.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from leads.outgoing.outcomes import Failed

PORTS = {443, 8443}
LONGEST = 2000
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
BEGINS = "must begin with https:// (or http://, for a host and port that an admin allowed)."
NEITHER = "cannot be reached from here: there is no such host, or it is not a public one."

_UNICAST = ipaddress.ip_network("2000::/3")  # all that is given out of IPv6
# Beyond what the ipaddress module calls not global: addresses that carry another address inside, and a machine of the
# cloud that answers on a public one.
_INSIDE = tuple(
    ipaddress.ip_network(net)
    for net in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "3fff::/20", "192.0.0.0/24",
                "192.88.99.0/24", "168.63.129.16/32")
)  # fmt: skip

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Failed):
    """We do not speak to this address, and shall not tomorrow."""

    def __init__(self, reason: str):
        super().__init__(reason, permanent=True)


@dataclass(frozen=True)
class Target:
    """Where a request goes. `host` is in lower case and without brackets. `allowed`: by the allowlist."""

    scheme: str
    host: str
    port: int
    path: str
    allowed: bool = False

    @property
    def named(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """Read the URL, without asking anybody where its host is. Raises Refused with what to write instead."""
    parts, port = _parts(url)
    host = _host(parts)
    port = port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host, port, path, allowed=is_allowed(host, port))
    if target.allowed:
        return target
    if parts.scheme != "https":
        raise Refused("The address must begin with https://: plain http goes only to hosts that an admin allowed.")
    if port not in PORTS:
        raise Refused(f"Port {port} is not used by public services: use 443 or 8443, or have an admin allow it.")
    if ip := _ip(host):
        vet(ip)
    elif host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".home.arpa", ".onion")):
        raise Refused(f"{host} is a name of the inside: give a public address.")
    return target


def is_allowed(host: str, port: int) -> bool:
    """Whether an admin allowed exactly this host and port."""
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{port}" in {entry.strip().lower() for entry in settings.OUTBOUND_ALLOWLIST}


def vet(ip: Ip) -> None:
    """Raises Refused for an address that is not plainly public."""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return vet(ip.ipv4_mapped)
    inside = any(ip in net for net in _INSIDE if net.version == ip.version)
    inside = inside or (ip.version == 6 and ip not in _UNICAST)
    if inside or not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        raise Refused(f"{ip} is not a public address: only an admin can allow it, as an exact host:port.")
    return None


def _parts(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > LONGEST:
        raise Refused(f"The address is too long: at most {LONGEST:,} characters.")
    if not url.isascii():
        raise Refused("The address has letters beyond ASCII: write the host in its xn-- form, the rest as %20.")
    if not url.strip().lower().startswith(("https://", "http://")):
        raise Refused(f"The address {BEGINS}")
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise Refused("The address has a space, a backslash or a control character.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("This is not an address: https://host/path is.") from None
    if "@" in parts.netloc:
        raise Refused("The address carries a name or password before @: leave it out.")
    if port == 0:
        raise Refused("There is no port 0.")
    return parts, port


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if not host:
        raise Refused("The address names no host.")
    if _ip(host):
        return host
    if ":" in host or "[" in parts.netloc or not NAME.fullmatch(host) or len(host) > 253:
        raise Refused("The host is no name and no address.")
    last = host.rpartition(".")[2]
    if last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last):
        raise Refused(f"{host} is an unusual way to write an address: write four numbers from 0 to 255.")
    return host


def _ip(host: str) -> Ip | None:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    if "%" in host:
        raise Refused("The address names a network card (%): give a public address.")
    return ip
