"""An experiment on the model of tests/scoring/workshop.py, and leads that come into it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from leads.enums import HandoffState
from leads.models import Handoff, Lead, Standing, Team
from leads.statistics import Rate
from scoring.experiments.plan import Plan, Volume, plan
from scoring.experiments.running import Challenger, start
from scoring.models import Arm, Experiment, Participant, ScoringModel, Version
from scoring.verify import verify_scores
from tests.scoring.workshop import go_live, make_model, rescore

QUIET = Volume(140.0, 35.0, Rate(70, 700), Rate(14, 700), Rate(70, 100))


def a_plan(shares: tuple[float, ...] = (0.5, 0.5), **extra: Any) -> Plan:
    asked = {"outcome": "accepted", "within": 30, "base": 0.2, "effect": 0.1} | extra
    return plan(QUIET, shares=shares, **asked)


def live_model(name: str = "Inbound") -> tuple[ScoringModel, Version]:
    """A live model whose draft gives a VP five points more."""
    model = make_model(name)
    version = go_live(model)
    model.criteria.filter(name="VP").update(points=20)
    return model, version


def begin(model: ScoringModel, *challengers: Any, by: Any = None, shadow: bool = False, **extra: Any) -> Experiment:
    sides = [Challenger(source) for source in challengers or (model,)]
    given = {"name": "Five more for a VP", "plan": a_plan(_even(len(sides)), **extra)}
    return start(model, challengers=sides, by=by, shadow=shadow, **given)


def _even(challengers: int) -> tuple[float, ...]:
    return (1 / (challengers + 1),) * (challengers + 1)


def newcomers(team: Team, count: int, **extra: Any) -> list[Lead]:
    """VPs of no company, scored."""
    made = Lead.objects.bulk_create(
        Lead(**{"team": team, "title": "VP", "email": f"{team.slug}{n}x{timezone.now().timestamp()}@n.example"} | extra)
        for n in range(count)
    )
    rescore()
    return made


def side_of(lead: Lead) -> Arm:
    return Participant.objects.select_related("arm").get(lead=lead).arm


def total(lead: Lead) -> int | None:
    return Standing.objects.get(pk=lead.pk).total


def holds() -> bool:
    found = verify_scores()
    return found.holds and not found.due


def came(experiment: Experiment, days_ago: float) -> None:
    """As if all of them had come so many days ago."""
    Participant.objects.filter(experiment=experiment).update(entered_at=timezone.now() - timedelta(days=days_ago))


def answered(leads: Iterable[Lead], *, accepted: bool, days_ago: float = 20, late: bool = False) -> None:
    """Sales answered, a day after the handoff."""
    opened = timezone.now() - timedelta(days=days_ago)
    decided = opened + timedelta(days=1)
    Handoff.objects.bulk_create(
        Handoff(
            team_id=lead.team_id, lead=lead, opened_at=opened, decided_at=decided, label="hot",
            due_at=decided + timedelta(hours=-1 if late else 1),
            state=HandoffState.ACCEPTED if accepted else HandoffState.REJECTED,
        )
        for lead in leads
    )  # fmt: skip


def began(experiment: Experiment, days_ago: float) -> Experiment:
    """As if it had been started so many days ago, with its first look due since."""
    when = timezone.now() - timedelta(days=days_ago)
    Experiment.objects.filter(pk=experiment.pk).update(started_at=when)
    experiment.looks.filter(taken_at=None).update(due_at=timezone.now() - timedelta(minutes=1))
    experiment.refresh_from_db()
    return experiment


def tables() -> set[str]:
    return set(connection.introspection.table_names())
