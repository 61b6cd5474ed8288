"""What tests of a whole sync do again and again."""

from typing import Any

import pytest

from leads.crm.sync.runner import sync_now
from leads.enums import CrmKind
from leads.models import (
    Connection,
    SyncEntry,
    SyncRun,
)
from tests.crm.worlds import World

OWNERS, COMPANIES, CONTACTS, DEALS = CrmKind.OWNERS, CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.DEALS

# What no connector has a part in is asked of one.
ONE = pytest.mark.parametrize("world", ["memory"], indirect=True)


def sync(world: World) -> SyncRun:
    """One run, whoever rested or died before; it must end well."""
    run = tried(world)
    assert run.ok, run.error
    return run


def tried(world: World) -> SyncRun:
    Connection.objects.filter(pk=world.connection.pk).update(lease_until=None)
    run = sync_now(world.connection)
    assert run is not None
    return run


def still(world: World) -> None:
    """Nothing more happens, on either side."""
    before = {key: dict(record.values) for key, record in world.crm.records.items()}
    entries, changes = SyncEntry.objects.count(), world.crm.counted("push")
    for _ in range(2):
        sync(world)
    assert (SyncEntry.objects.count(), world.crm.counted("push")) == (entries, changes)
    assert {key: dict(record.values) for key, record in world.crm.records.items()} == before


def people(world: World, count: int, **values: Any) -> list[str]:
    said = {"last_name": "Ruiz"} | values  # some know full names only
    return [
        world.crm.add(CONTACTS, **({"email": f"a{n}@example.com", "first_name": f"Ana{n}"} | said))
        for n in range(count)
    ]


def pushed_score(world: World, id: str) -> Any:
    return world.crm.records[CONTACTS, id].values.get(world.connector.name_of("score"))
