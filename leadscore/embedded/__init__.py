"""The embedded PostgreSQL and Valkey: a database and a broker without installing any.

With DATABASE_URL and REDIS_URL set, real servers are used and nothing here starts anything. Otherwise:

- `postgres` and `valkey` know how each server is made, started and asked whether it is ready;
- `keeper` is the one process that runs them, for as long as anybody uses them;
- `sharing` is how everybody else gets to use them: `manage.py up`, every other command, the tests.

This module has what the settings need: where things are.
"""

import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote

from django.core.exceptions import ImproperlyConfigured

from leadscore.env import env

PROJECT = Path(__file__).resolve().parent.parent.parent
# A socket's whole path may have 103 bytes (macOS; Linux has 107); the longest name in the folder takes the rest.
LONGEST_FOLDER = 103 - len("/postgres/.s.PGSQL.5432")


class Unusable(ImproperlyConfigured):
    """DATA_DIR or a server in it cannot be used; the message says why in one line."""


def data_dir() -> Path:
    """DATA_DIR (default var/ beside manage.py): everything the installation keeps. Made private when it is new."""
    path = Path(os.environ.get("DATA_DIR") or PROJECT / "var").resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"DATA_DIR {path} cannot be made: {error.strerror}.") from None
    # Root may write anywhere, but a folder marked read-only was marked so by somebody.
    if not os.access(path, os.W_OK | os.X_OK) or not path.stat().st_mode & stat.S_IWUSR:
        raise Unusable(f"DATA_DIR {path} is read-only for this user: make it writable or name another folder.")
    return path


def database(data: Path) -> dict:
    """Django's DATABASES entry: DATABASE_URL when given, else the embedded server on its socket."""
    if url := env.str("DATABASE_URL", default=""):
        given = env.db_url_config(url)
        options = {"connect_timeout": 5} | given.get("OPTIONS", {})
        return given | {"HOST": unquote(given["HOST"]), "OPTIONS": options}  # a socket's folder is written with %2F
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "leadscore",
        "USER": "leadscore",
        "HOST": str(postgres_folder(data)),
    }


def redis_url(data: Path) -> str:
    """REDIS_URL when given, else the embedded server on its socket."""
    return env.str("REDIS_URL", default="") or f"unix://{quote(str(valkey_socket(data)))}"


def postgres_folder(data: Path) -> Path:
    return run_folder(data) / "postgres"


def valkey_socket(data: Path) -> Path:
    return run_folder(data) / "valkey.sock"


def run_folder(data: Path) -> Path:
    """Where the sockets are: run/ in DATA_DIR, or the short private folder it links to when that path is too long.

    The link is the memory: every process of the installation finds the same folder, and nobody can guess its name.
    """
    run = data / "run"
    if not _is_ours(run):
        _make(run)
    return run.resolve()


def _is_ours(run: Path) -> bool:
    """A folder for a socket may not belong to a stranger: behind a link it is in the shared temporary folder."""
    return run.is_dir() and run.stat().st_uid in {os.geteuid(), run.parent.stat().st_uid}


def _make(run: Path) -> None:
    if run.is_symlink():
        run.unlink(missing_ok=True)
    if len(os.fsencode(run)) <= LONGEST_FOLDER:
        run.mkdir(mode=0o700, exist_ok=True)
        return
    short = tempfile.mkdtemp(prefix="leadscore-")
    try:
        run.symlink_to(short)
    except FileExistsError:  # another process was first: theirs counts
        Path(short).rmdir()
