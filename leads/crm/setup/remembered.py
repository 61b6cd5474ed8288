"""The fields of a CRM while somebody maps them: asked once, then remembered for an hour.

Only in the cache: samples are values of people, and are not kept beside what erasing a person finds.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from leads.crm.mapping import IMPORT_KINDS
from leads.crm.registry import NoConnector, connector_of, understood
from leads.crm.words import CrmError, RemoteField
from leads.models import Connection
from leads.outgoing.sealing import Unreadable

logger = logging.getLogger(__name__)
KEPT = 3600  # seconds


@dataclass(frozen=True)
class Theirs:
    """`fields` as the CRM said them `at` that moment; None where it never did. `wrong`: why it does not say now."""

    fields: Sequence[RemoteField] | None = None
    at: datetime | None = None
    wrong: str = ""


def fields_of(connection: Connection, kind: str, *, anew: bool = False) -> Theirs:
    """The CRM's fields of that kind, with samples: remembered, else asked; `anew`: asked, and remembered only where
    the CRM does not answer. Takes seconds at most, and raises nothing.
    """
    known = _remembered(connection, kind)
    if known and not anew:
        return known
    try:
        fields = understood(lambda: connector_of(connection).fields(kind))
    except (CrmError, Unreadable, NoConnector) as error:
        return Theirs(known.fields, known.at, str(error)) if known else Theirs(wrong=str(error))
    return _remember(connection, kind, Theirs(fields, timezone.now()))


def forget(connection: Connection) -> None:
    """Another key or address may show other fields."""
    try:
        cache.delete_many([_place(connection, kind) for kind in IMPORT_KINDS])
    except (RedisError, OSError) as error:
        logger.warning("fields of a CRM are not forgotten: %s", error)


def _remembered(connection: Connection, kind: str) -> Theirs | None:
    try:
        kept: dict[str, Any] | None = cache.get(_place(connection, kind))
    except (RedisError, OSError):
        return None
    return Theirs([RemoteField(**each) for each in kept["fields"]], kept["at"]) if kept else None


def _remember(connection: Connection, kind: str, theirs: Theirs) -> Theirs:
    said = {"fields": [asdict(each) for each in theirs.fields or ()], "at": theirs.at}
    try:
        cache.set(_place(connection, kind), said, KEPT)
    except (RedisError, OSError) as error:
        logger.warning("fields of a CRM are not remembered: %s", error)
    return theirs


def _place(connection: Connection, kind: str) -> str:
    return f"crm-fields:{connection.hook_key}:{kind}"
