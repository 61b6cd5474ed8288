"""The history of a score in words, and its chart."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.models import Company, Lead
from scoring import publishing
from scoring.changes import history_of
from scoring.models import Version
from scoring.stepchart import BOTTOM, LEFT, RIGHT, TOP, step_chart
from tests.sales import make_team
from tests.scoring.workshop import field, go_live, make_lead, make_model, record, rescore

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def at(days: float) -> datetime:
    return NOW - timedelta(days=days)


def told(lead: Lead) -> list[tuple[str, str, int | None]]:
    return [(change.entry.cause, change.words, change.by) for change in history_of(lead.pk, days=7).changes]


@pytest.mark.django_db
class TestWords:
    def test_each_change_is_said_with_its_cause(self) -> None:
        lead, model = make_lead(make_team()), make_model()
        go_live(model)
        record(lead, "page_viewed", url="/pricing")
        rescore()
        Lead.objects.filter(pk=lead.pk).update(title="Clerk")
        rescore()
        assert told(lead) == [
            ("correction", "VP −15", -15),
            ("activity", "Pricing page +8", 8),
            ("rules", "First score, by version 1", None),
        ]

    def test_a_cap_is_part_of_the_change(self) -> None:
        lead, model = make_lead(make_team()), make_model()
        Company.objects.update(employees=10)
        go_live(model)
        Company.objects.update(employees=420)
        rescore()
        assert told(lead)[0][1:] == ("200 or more employees +15, Cap: Company gives at most 20 −5", 10)

    def test_publishing_and_going_back(self) -> None:
        lead, model = make_lead(make_team()), make_model()
        first = go_live(model)
        model.criteria.filter(name="VP").update(points=5)
        go_live(model)
        publication = publishing.rollback(Version.objects.get(pk=first.pk), by=None)
        while publishing.run(publication):
            pass
        assert told(lead)[:2] == [("rules", "Version 1 brought back", 10), ("rules", "Version 2 published", -10)]

    def test_leaving_every_audience(self) -> None:
        lead, model = make_lead(make_team(), country="ES"), make_model()
        model.audience = field("country", "is", "ES")
        model.save()
        go_live(model)
        Lead.objects.filter(pk=lead.pk).update(country="DE")
        rescore()
        assert told(lead)[0] == ("correction", "Left every audience", None)

    def test_sums_by_cause_add_up_and_pages_follow_each_other(self) -> None:
        lead, model = make_lead(make_team()), make_model()
        go_live(model)
        for number in range(12):
            Lead.objects.filter(pk=lead.pk).update(title="Clerk" if number % 2 == 0 else "VP")
            rescore()
        newest = history_of(lead.pk, days=7)
        assert newest.older is not None
        older = history_of(lead.pk, days=7, before=newest.older)
        sequence = [change.entry.seq for change in (*newest.changes, *older.changes)]
        assert sequence == list(range(13, 0, -1))
        assert older.older is None
        assert newest.changes[-1].words == "VP −15"  # known although its predecessor is on the next page
        assert (newest.before, newest.total, sum(newest.sums.values())) == (None, 35, 35)
        assert newest.sums == {"rules": 35, "correction": 0}

    def test_without_a_score_there_is_no_history(self) -> None:
        assert history_of(make_lead(make_team()).pk, days=7).changes == []


class TestChart:
    def test_a_score_holds_until_it_changes(self) -> None:
        chart = step_chart([(at(100), 0), (at(50), 100)], until=NOW, top=100)
        middle = (LEFT + RIGHT) / 2
        start, end = float(LEFT), float(RIGHT)
        bottom, top = float(BOTTOM), float(TOP)
        assert chart.lines == [
            f"{start},{bottom} {middle},{bottom} {middle},{top} {end},{top} {end},{top}"
        ]  # fmt: skip
        assert chart.areas == [f"{chart.lines[0]} {end},{BOTTOM} {start},{BOTTOM}"]
        assert chart.dot == (end, top)

    def test_where_there_is_no_score_there_is_no_line(self) -> None:
        chart = step_chart([(at(100), 50), (at(60), None), (at(20), 25)], until=NOW, top=100)
        assert len(chart.lines) == 2
        assert chart.lines[0].endswith(f" {LEFT + (RIGHT - LEFT) * 0.4},90.0")
        assert step_chart([(at(3), 50), (at(1), None)], until=NOW, top=100).dot is None

    def test_months_and_days_mark_the_time(self) -> None:
        assert [tick.label for tick in step_chart([(at(100), 1)], until=NOW, top=100).ticks_x] == ["Sep", "Oct", "Nov"]
        days = [tick.label for tick in step_chart([(at(3), 1)], until=NOW, top=100).ticks_x]
        assert days == ["16 Nov", "17 Nov", "18 Nov"]

    def test_a_year_has_at_most_eight_months_named(self) -> None:
        assert len(step_chart([(at(365), 1)], until=NOW, top=100).ticks_x) <= 8

    def test_a_score_of_a_minute_ago_is_drawn_on_a_day(self) -> None:
        chart = step_chart([(NOW - timedelta(minutes=1), 10)], until=NOW, top=100)
        assert chart.ticks_y[-1].label == "100"
        assert chart.dot is not None

    def test_moments_outside_are_left_out_and_names_stand_on_the_free_side(self) -> None:
        moments = [(at(200), "too early"), (at(90), "left"), (at(1), "right")]
        markers = step_chart([(at(100), 1)], until=NOW, top=100, moments=moments).markers
        assert [(marker.label, marker.end) for marker in markers] == [("left", False), ("right", True)]
