"""Passages of the funnel, whose moments are read as bytes, against the same read one by one."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import numpy as np
import pytest
from django.utils import timezone

from leads.enums import Role
from reports.models import Fact
from reports.queries.stages import HERE, stages, stuck_after
from reports.scope import Scope
from tests.sales import make_user

STEPS = (("leads", "mql", "created_at", "handed_at"), ("mql", "sal", "handed_at", "accepted_at"),
         ("sal", "sql", "accepted_at", "opened_at"), ("sql", "won_sql", "opened_at", "won_at"))  # fmt: skip
DAY = timedelta(days=1)


@pytest.fixture
def scope(team):
    return Scope(make_user("Kim", team, Role.MANAGER), date(1990, 1, 1), date(2026, 12, 31))


def facts(team, number):
    """Leads that came so far in every way there is: also before 2000, with moments not known and out of order."""
    dice, start = Random(7), datetime(1999, 12, 1, tzinfo=UTC)
    for pk in range(1, number + 1):
        at = start + dice.random() * 60 * DAY
        moments = {}
        for name in ("handed_at", "accepted_at", "opened_at", "won_at"):
            at += (dice.random() * 20 - 3) * DAY
            moments[name] = at if dice.random() > 0.1 else None
        sal, sql = dice.random() < 0.8, dice.random() < 0.7
        won = sal and sql and dice.random() < 0.5
        Fact.objects.create(
            pk=pk, team=team, source="", day=start.date(), version=0, leads=1, good=0, mql=dice.random() < 0.9, sal=sal,
            sql=sal and sql, won_sql=won, open_sql=sal and sql and not won, customers=won, in_time=0, priced=0, value=0,
            label="", chosen="", created_at=start, grade="", **moments,
        )  # fmt: skip


def one_by_one():
    """(quartiles, waiting, stuck) of each step, from the rows themselves."""
    rows, now = list(Fact.objects.filter(mql=1)), timezone.now()
    for this, after, since, until in STEPS:
        took = [
            (getattr(row, until) - getattr(row, since)) / DAY
            for row in rows
            if getattr(row, after) and getattr(row, until) and getattr(row, since)
            and getattr(row, until) >= getattr(row, since)
        ]  # fmt: skip
        quartiles = np.quantile(took, (0.25, 0.5, 0.75)).tolist() if len(took) >= 10 else None
        if this not in HERE:
            yield quartiles, None, None
            continue
        here = [row for row in rows if (row.sal and not row.sql if this == "sal" else row.open_sql)]
        waited = [(now - getattr(row, since)) / DAY for row in here if getattr(row, since)]
        yield quartiles, len(here), sum(days >= stuck_after(quartiles) for days in waited)


@pytest.mark.parametrize("number", [0, 1, 150])
def test_moments_read_together_say_what_they_say_one_by_one(team, scope, number):
    facts(team, number)
    for row, (quartiles, waiting, stuck) in zip(stages(scope), one_by_one(), strict=True):
        found = None if row.quarter is None else [row.quarter, row.half, row.three_quarters]
        assert found == (quartiles if quartiles is None else pytest.approx(quartiles, abs=1e-9))
        assert (row.waiting, row.stuck) == (waiting, stuck)
