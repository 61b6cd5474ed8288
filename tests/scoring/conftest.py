"""What several files of these tests begin with."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from leads.models import Lead
from scoring import pipeline, publishing
from tests.sales import make_team
from tests.scoring.workshop import go_live, make_lead, make_model

Clock = Callable[[float], datetime]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication of 25 leads a page."""
    monkeypatch.setattr(publishing, "PAGE", 25)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Days from now on the scorer's clock; it stands still until it is set again."""

    def set_to(days: float) -> datetime:
        moment = timezone.now() + timedelta(days=days)
        monkeypatch.setattr(pipeline, "database_clock", lambda: moment)
        return moment

    return set_to


@pytest.fixture
def lead(db: None) -> Lead:
    """Scored by version 1: 35 fit, nothing else."""
    made = make_lead(make_team())
    go_live(make_model())
    return made
