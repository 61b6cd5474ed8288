"""What an installation needs to be well, one check each. `manage.py doctor` prints them."""

import sys
import zoneinfo
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from leads.outgoing import keyring
from leadscore import health
from leadscore.embedded import Unusable, data_dir

OLDEST_POSTGRES = 15
OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One line of the report. `text` says what is there, or what to do about it."""

    check: str
    ok: bool
    text: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Every finding, in the order in which one builds on another."""
    yield _python()
    yield _data_dir()
    yield (database := _database())
    if database.ok:
        yield _migrations()
        yield _zone()
        yield _keys()
        yield _outbox()
    yield from _processes()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", sys.version_info >= OLDEST_PYTHON, f"Python {version}")


def _data_dir() -> Finding:
    try:
        return Finding("data dir", True, f"{data_dir()} is writable")
    except Unusable as error:
        return Finding("data dir", False, str(error))


def _database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int")
            version, number = cursor.fetchone()
    except DatabaseError as error:
        return Finding("database", False, f"does not answer: {str(error).splitlines()[0]}")
    if number < OLDEST_POSTGRES * 10000:
        return Finding("database", False, f"PostgreSQL {version} is too old: {OLDEST_POSTGRES} or later is needed")
    return Finding("database", True, f"PostgreSQL {version}")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return Finding("migrations", False, f"{len(missing)} not applied: run manage.py migrate")
    return Finding("migrations", True, "all applied")


def _zone() -> Finding:
    """Windows and ages count whole days in one zone, in Python and in SQL: both must know it."""
    zone = settings.TIME_ZONE
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_timezone_names WHERE name = %s", [zone])
        (in_database,) = cursor.fetchone()
    if zone not in zoneinfo.available_timezones() or not in_database:
        return Finding("time zone", False, f"{zone} is not known to Python and PostgreSQL alike: set TIME_ZONE")
    return Finding("time zone", True, f"days begin and end in {zone}")


def _keys() -> Finding:
    """Without them no secret can be read: each would have to be entered again."""
    try:
        count = len(keyring.keys())
    except ImproperlyConfigured as error:
        return Finding("keys", False, str(error))
    return Finding("keys", True, f"{count} for secrets; encryption_audit tells whether every secret can be read")


def _outbox() -> Finding:
    try:
        now = health.outbox()
    except DatabaseError:
        return Finding("outbox", False, "cannot be read: run manage.py migrate")
    text = f"{now['waiting']} waiting, {now['dead']} given up, {now['resting']} lanes resting, {now['lag']} s behind"
    return Finding("outbox", not now["late"], text)


def _processes() -> Iterator[Finding]:
    words = {
        "ok": "alive",
        "failed": "not alive: is `make run` running?",
        "unknown": "cannot be told while another part is down",
    }
    states = health.parts()
    yield Finding("redis", states["broker"] == "ok", words[states["broker"]])
    for name in ("worker", "beat"):
        yield Finding(name, states[name] == "ok", words[states[name]])
