"""Whatever happens: as it comes, counted anew, and asked of the tables themselves, the figures are the same."""

from collections import defaultdict
from datetime import date, timedelta
from math import isnan

import pytest
import time_machine
from django.core.management import call_command

from leads.models import Lead
from leads.selling.followup import with_first_touch
from reports.columns import handoffs, months, words
from reports.models import Change, Counting, Fact, Tally
from reports.models.handoff import LABELS, STATES
from reports.queries.outcomes import sums_by
from reports.scope import Scope
from reports.summaries import anew, as_of, count_due, counting, make_anew, progress, start_anew
from tests.reports.world import NOW, World, deal, everything, same_as_anew
from tests.sales import make_lead, make_team, make_user

SUMS = ("leads", "mql", "sal", "sql", "won_sql", "customers", "priced", "value")


def label_when_it_mattered(lead):
    first = lead.handoffs.order_by("opened_at", "pk").first()
    if first:
        return first.label
    entries = lead.entries.filter(as_of__lte=lead.created_at + timedelta(days=30))
    return next((entry.label for entry in entries.order_by("-seq")), "")


def counted_by_hand(label, leads):
    handed = [lead for lead in leads if lead.handoffs.exists()]
    accepted = [lead for lead in handed if lead.handoffs.filter(state="accepted").exists()]
    won = {lead: list(lead.deals.filter(state="won")) for lead in leads}
    amounts = [deal.amount for deals in won.values() for deal in deals if deal.amount is not None]
    counts = (
        len(leads), len(handed), len(accepted), sum(lead.deals.exists() for lead in accepted),
        sum(bool(won[lead]) for lead in accepted), sum(map(bool, won.values())), len(amounts), sum(amounts),
    )  # fmt: skip
    return {"label": label, **dict(zip(SUMS, counts, strict=True))}


def from_the_tables(scope):
    groups = defaultdict(list)
    start, end = scope.span
    for lead in Lead.objects.filter(created_at__gte=start, created_at__lt=end):
        groups[label_when_it_mattered(lead)].append(lead)
    return [counted_by_hand(label, leads) for label, leads in sorted(groups.items())]


def from_the_tallies(scope):
    return sorted(sums_by(scope, "label", only=SUMS), key=lambda row: row["label"])


def as_read(scope):
    """The handoffs of a range, as reports read them."""
    rows = handoffs(scope)
    texts, number = words({*rows["reason"].tolist(), *rows["misled_by"].tolist(), *rows["source"].tolist()}), no_nan
    return sorted(
        (row["team"], texts[row["source"]], row["version"], LABELS[row["label"]], row["total"], STATES[row["state"]],
         row["rep"], texts[row["reason"]], texts[row["misled_by"]], number(row["hours"]), number(row["touched"]),
         row["in_time"], row["winner"], row["scored"], month)
        for row, month in zip(rows, months(rows).astype(str), strict=True)
    )  # fmt: skip


def no_nan(value):
    return -1.0 if isnan(value) else round(value, 6)


def as_they_are(scope):
    """The same, read one by one."""
    rows = with_first_touch(scope.handoffs()).select_related("lead")
    return sorted(map(as_it_is, rows))


def as_it_is(row):
    answers = row.feedback.filter(verdict=row.state) if row.state == "rejected" else row.feedback.none()
    said = answers.order_by("-created_at", "-pk").first()
    hours = row.hours_taken if row.state != "expired" else None
    touched = (row.first_touch_at - row.opened_at) / timedelta(days=1) if row.first_touch_at else None
    return (
        row.team_id, row.lead.source, row.version or 0, row.label, row.total, row.state, row.decided_by_id or 0,
        said.reason_id if said else "", said.misled_by if said else "", -1.0 if hours is None else round(hours, 6),
        round(touched, 6) if touched is not None and row.state == "accepted" else -1.0,
        hours is not None and row.decided_at <= row.due_at, row.lead.deals.filter(state="won").exists(),
        row.points is not None, f"{row.opened_at:%Y-%m}",
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_figures_are_the_same(seed, monkeypatch):
    monkeypatch.setattr(counting, "PAGE", 7)
    world, moment = World(seed), NOW
    for number in range(120):
        moment += timedelta(hours=world.dice.randrange(30))
        with time_machine.travel(moment, tick=False):
            world.happens()
            if number % 5 == 0:
                count_due()
    with time_machine.travel(moment, tick=False):
        facts, _ = same_as_anew()
        ranges = [(date(2025, 12, 1), date(2026, 8, 31)), (date(2026, 1, 17), date(2026, 4, 3)),
                  (date(2026, 2, 10), date(2026, 2, 27))]  # fmt: skip
        for first, last in ranges:
            scope = Scope(world.kim, first, last)
            assert from_the_tallies(scope) == from_the_tables(scope)
            assert as_read(scope) == as_they_are(scope)
    assert len(facts) == Lead.objects.count() > 10
    everybody = Scope(world.kim, *ranges[0])
    assert sum(row["customers"] for row in from_the_tables(everybody)) > 0
    assert {row[5] for row in as_read(everybody)} >= {"accepted", "rejected"}


@pytest.fixture
def counted(db, monkeypatch):
    """Seven leads of two months, one of them a customer; pages of two."""
    monkeypatch.setattr(counting, "PAGE", 2)
    team = make_team()
    leads = [make_lead(team, created_at=NOW - timedelta(days=9 * number), source="Web") for number in range(7)]
    deal(leads[0], "won", 100)
    assert count_due() is True
    return everything()


def test_what_was_wrong_is_right_again_and_meanwhile_nothing_is_missing(counted):
    Tally.objects.filter(of="day:label").update(leads=50)
    Tally.objects.create(of="month:label", day="2019-01-01", team_id=1, version=0, key="hot",
                         **dict.fromkeys((*SUMS, "good", "open_sql", "in_time"), 1))  # fmt: skip
    Fact.objects.filter(customers=0).update(source="Nowhere")
    start_anew()
    seen = []
    while counting._count_page() is False:
        seen.append(
            (Fact.objects.count(), sum(Tally.objects.filter(of="month:chosen").values_list("leads", flat=True)))
        )
    assert len(seen) > 5 and set(seen) == {(7, 7)}, "who reads meanwhile reads all of it"
    assert everything() == counted


def test_whoever_is_stopped_in_the_middle_goes_on_where_it_was(counted, monkeypatch):
    Fact.objects.update(source="Nowhere")
    pages = []

    def dies(leads):
        pages.append(sorted(leads))
        if len(pages) == 3:
            raise KeyboardInterrupt
        return real(leads)

    real = anew.count
    monkeypatch.setattr(anew, "count", dies)
    with pytest.raises(KeyboardInterrupt):
        make_anew()
    assert 0 < progress() < 1
    assert Fact.objects.filter(source="Web").count() == 4, "two pages stand, the third is not there at all"
    start_anew()
    assert count_due() is True, "the timetable does the rest"
    assert pages[3] == pages[2] and [len(page) for page in pages] == [2, 2, 2, 2, 1, 0]
    assert (progress(), everything()) == (None, counted)


def test_the_command_says_how_far_it_is(counted, capsys):
    call_command("count_reports", "--anew")
    *parts, last = capsys.readouterr().out.splitlines()
    assert last == "7 leads counted" and parts[-1] == "100 %"


def test_what_changes_while_everything_is_counted_anew_is_counted_first(counted):
    start_anew()
    lead = Lead.objects.order_by("-pk").first()
    Lead.objects.filter(pk=lead.pk).update(source="Fair")
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert counting._count_page() is False
        assert Fact.objects.get(pk=lead.pk).source == "Fair"
        assert as_of() == NOW + timedelta(days=1)
    assert count_due() is True
    same_as_anew()


@pytest.mark.django_db
def test_the_figures_are_never_wrong_by_more_than_their_age(monkeypatch):
    """After every page of the counter: what the tables held at the moment it names is in the figures."""
    monkeypatch.setattr(counting, "PAGE", 3)
    team = make_team()
    boss = make_user("Boss", team, is_superuser=True)
    scope = Scope(boss, date(2026, 1, 1), date(2026, 3, 31))
    history = {}
    for number in range(40):
        moment = NOW + timedelta(minutes=number)
        with time_machine.travel(moment, tick=False):
            make_lead(team, created_at=NOW)
            history[moment] = Lead.objects.count()
            if number % 3 == 2:
                counting._count_page()
            if as_of() is not None:
                found = sum(row["leads"] for row in sums_by(scope, "label"))
                assert history[as_of()] <= found <= history[moment]
    assert Change.objects.exists() or Counting.objects.get().as_of == moment
