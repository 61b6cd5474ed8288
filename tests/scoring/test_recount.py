"""Counting everything again writes only what differs, and gives way to whoever is newer."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from leads.models import Lead, Standing
from scoring.engine import ledger
from scoring.models import Entry
from scoring.pipeline import live, recount_all, rescore_due
from scoring.verify import verify_scores
from tests.sales import make_team
from tests.scoring.workshop import go_live, make_lead, make_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def leads() -> list[Lead]:
    team, model = make_team(), make_model()
    made = [make_lead(team, email=f"l{n}@n.example", title="Clerk") for n in range(30)]
    go_live(model)
    return made


def everything() -> tuple[int, int]:
    first, counted, changed = 1, 0, 0
    while first:
        first, some, differed = recount_all(first, page=7)
        counted, changed = counted + some, changed + differed
    return counted, changed


def test_nothing_differs_and_nothing_is_written(leads: list[Lead]) -> None:
    before = list(Standing.objects.order_by("pk").values())
    assert everything() == (30, 0)
    assert list(Standing.objects.order_by("pk").values()) == before


def test_a_wrong_number_is_put_right_as_a_correction(leads: list[Lead]) -> None:
    Standing.objects.filter(pk=leads[3].pk).update(total=99, points=[99])
    assert everything() == (30, 1)
    assert Entry.objects.filter(lead=leads[3]).latest("seq").cause == "correction"


@pytest.mark.django_db(transaction=True)
def test_due_leads_are_done_on_the_way(leads: list[Lead]) -> None:
    Lead.objects.filter(pk=leads[5].pk).update(title="VP Operations")
    everything()
    assert rescore_due() == 0
    assert verify_scores().holds


def test_an_older_count_gives_way_to_a_newer_one(leads: list[Lead]) -> None:
    now = timezone.now()
    stale = list(Standing.objects.order_by("pk").values_list("pk", "facts_rev"))
    Lead.objects.filter(pk=leads[5].pk).update(title="VP Operations")
    rescore_due()
    newer = Standing.objects.get(pk=leads[5].pk)
    ledger.recount(stale, live(dense=True), now - timedelta(hours=1), now)
    assert Standing.objects.get(pk=leads[5].pk).total == newer.total
    assert Standing.objects.get(pk=leads[5].pk).seq == newer.seq


def test_the_command_says_what_it_did(leads: list[Lead]) -> None:
    said = StringIO()
    call_command("rescore", "--wait", stdout=said)
    assert "30 counted, 0 changed" in said.getvalue()
