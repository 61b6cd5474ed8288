"""Many leads, each at a moment of its own, against replaying one after the other."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.history import attributed
from leads.models import Company, Event, Lead
from scoring.engine.definition import load
from scoring.engine.past import evaluate_past
from scoring.replay import replay
from tests.scoring.past_leads import PastRow, past_rows
from tests.scoring.random_models import Maker, an_as_of, make_fields
from tests.scoring.test_engine_is_right import make_version

pytestmark = pytest.mark.django_db
LEADS = 25


def shaken(maker: Maker, leads: list[Lead], moment: Any) -> None:
    """Fields of leads and companies change over time, companies change hands, and some of it is learned late."""
    companies = list(Company.objects.all())
    for lead in maker.r.sample(leads, 15):
        with attributed(held_at=moment - timedelta(days=maker.r.randrange(40), hours=maker.r.randrange(24))):
            changes: dict[str, Any] = maker.r.choice([
                {"title": "VP Sales"}, {"title": ""}, {"fields": maker.custom()}, {"country": "DE"},
                {"company": maker.r.choice([None, *companies])},
            ])  # fmt: skip
            Lead.objects.filter(pk=lead.pk).update(**changes)
    for company in maker.r.sample(companies, len(companies) // 2):
        with attributed(held_at=moment - timedelta(days=maker.r.randrange(40))):
            Company.objects.filter(pk=company.pk).update(employees=maker.r.randrange(1000), industry="Retail")
    late = maker.r.sample(list(Event.objects.filter(lead__in=leads).values_list("pk", flat=True)), 20)
    Event.objects.filter(pk__in=late).update(received_at=moment - timedelta(days=3))


def compare(seed: int, as_known: bool) -> int:
    maker = Maker(seed)
    moment = min(an_as_of(maker.r), timezone.now())
    leads = maker.leads(LEADS, moment)
    maker.events(leads, LEADS * 8, moment)
    Event.objects.filter(lead__in=leads).update(received_at=moment - timedelta(days=60))
    shaken(maker, leads, moment)
    version, other = (make_version(maker.model()) for _ in range(2))
    r = random.Random(seed)
    moments = [(lead.pk, moment - timedelta(days=r.randrange(45), minutes=r.randrange(1440))) for lead in leads]
    definitions = [load(one.definition) for one in (version, other, version)]
    found = {(row.definition, row.lead_id): row for row in past_rows(definitions, moments, as_known=as_known)}
    for lead, at in moments:
        for place, one in enumerate((version, other, version)):
            once = replay(one, [lead], at, as_known=as_known)
            if not once or once[0].version is None:
                assert (place, lead) not in found
                continue
            names = ("lead_id", "fit", "engagement", "grade", "label", "points")
            expected = PastRow(place, *(getattr(once[0], name) for name in names))
            assert found.get((place, lead)) == expected, (seed, lead, at)
    return len(found)


@pytest.mark.parametrize("as_known", [False, True])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_each_lead_at_its_own_moment_is_what_a_replay_gives(zone: str, as_known: bool, settings: Any) -> None:
    settings.TIME_ZONE = zone
    make_fields()
    assert sum(compare(9_000 + seed, as_known) for seed in range(4)) > 30


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with the moment of the day after, some lead stands elsewhere."""
    make_fields()
    honest = replay
    monkeypatch.setattr(
        "tests.scoring.test_past.replay",
        lambda version, leads, at, as_known: honest(version, leads, at + timedelta(days=2), as_known=as_known),
    )
    with pytest.raises(AssertionError):
        for seed in range(4):
            compare(9_000 + seed, False)


def test_a_page_is_one_statement() -> None:
    make_fields()
    maker = Maker(1)
    moment = timezone.now()
    leads = maker.leads(LEADS, moment)
    definition = load(make_version(maker.model()).definition)
    with CaptureQueriesContext(connection) as queries:
        list(evaluate_past([definition, definition], [(lead.pk, moment) for lead in leads]))
    assert len(queries) == 4  # three of them read the vocabulary
