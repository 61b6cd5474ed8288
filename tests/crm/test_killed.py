"""A worker is killed (SIGKILL) in the middle of a run: another goes on where it was, once its lease has run out."""

import os
import signal
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from leads.crm.sync.runner import claim, sync_now
from leads.models import Connection, SyncRun
from tests.crm.faults import Story
from tests.crm.steps import still, sync
from tests.crm.worlds import connected
from tests.fakes.hubspot import HubSpotCrm


def work(connection: int) -> None:
    """What a worker does, in a process of its own."""
    sync_now(Connection.objects.get(pk=connection))
    os._exit(0)


@pytest.mark.django_db(transaction=True)
def test_killed_at_a_page_and_at_a_push(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.crm.hubspot.connector.HubSpot.page", 2)
    with HubSpotCrm() as crm:
        story = Story(connected(crm, settings))
        story.begin(5)
        story.turn()
        for operation, page in (("pull:contacts", 1), ("pull:contacts", 1), ("push:contacts", 0), ("push:contacts", 0)):
            crm.fail("killed", operation, skip=page)
            connections.close_all()  # a connection is not shared with a child
            worker = get_context("fork").Process(target=work, args=[story.world.connection.pk])
            crm.kill = lambda worker=worker: os.kill(worker.pid, signal.SIGKILL)
            worker.start()
            worker.join(30)
            assert (worker.exitcode, [fault.times for fault in crm.faults]) == (-signal.SIGKILL, [0])
            crm.faults.clear()
            assert claim(story.world.connection.pk) is None  # its lease goes on
            Connection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert SyncRun.objects.filter(ended_at=None).count() == 4
        sync(story.world)
        sync(story.world)
        assert story.differences() == []
        still(story.world)
