"""The report of what is missing in the CRM, its repair, and both as commands."""

import json

import pytest
from django.core.management import call_command

from leads.crm.reconcile import reconcile, repair
from leads.crm.sync.runner import sweep_now
from leads.models import (
    Link,
)
from leads.selling.handoffs import open_handoffs
from tests.crm.steps import CONTACTS, ONE, people, sync
from tests.crm.worlds import World
from tests.sales import make_lead, score


def test_what_is_missing_and_why(world: World, capsys: pytest.CaptureFixture) -> None:
    team = world.connection.team
    sync(world)
    good, refused, nameless, gone = (
        score(make_lead(team, email=email)) for email in ("good@example.com", "bad@example.com", "", "gone@example.com")
    )
    world.crm.refused["bad@example.com"] = "Property values were not valid"
    open_handoffs([good.pk, refused.pk, nameless.pk, gone.pk])
    sync(world)
    world.crm.delete(CONTACTS, Link.objects.get(lead=gone).external_id)
    sweep_now(world.connection)
    report = reconcile(world.connection)
    assert (report.handed_off, report.in_crm, report.missing, report.holds) == (4, 1, 3, False)
    assert {reason.why: reason.leads for reason in report.reasons} == {
        "refused": [refused.pk], "no_email": [nameless.pk], "deleted": [gone.pk],
    }  # fmt: skip
    assert "not valid" in next(reason for reason in report.reasons if reason.why == "refused").said[0]
    world.crm.refused.clear()
    assert sum(repair(world.connection, why) for why in ("refused", "deleted")) == 2
    sync(world)
    report = reconcile(world.connection)
    assert (report.in_crm, report.missing) == (3, 1)


@ONE
def test_commands_print_one_json_object(world: World, capsys: pytest.CaptureFixture) -> None:
    people(world, 3)
    call_command("sync", world.connection.slug, "--json")
    result = json.loads(capsys.readouterr().out)
    assert (result["ok"], result["counts"]["contacts"]["created"], result["problems"]) == (True, 3, 0)
    call_command("sync_reconcile", world.connection.slug, "--json")
    assert json.loads(capsys.readouterr().out)["holds"] is True
