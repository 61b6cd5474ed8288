"""Which models are taken by an experiment, until when, and what can be done about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.templatetags.ui import day
from scoring.experiments.verdict import ordinal
from scoring.models import Experiment, Look, ScoringModel


@dataclass(frozen=True)
class Taken:
    """`until` is a sentence. Nothing else starts on the model before `experiment` has ended."""

    experiment: Experiment
    until: str


def taken(model: ScoringModel) -> Taken | None:
    """None: the model is free. Two queries."""
    running = model.experiments.running().select_related("started_by").first()
    return Taken(running, until(running)) if running else None


def taken_by() -> dict[int, Experiment]:
    """The running experiment of each model that is taken. One query."""
    return {experiment.model_id: experiment for experiment in Experiment.objects.running()}


def until(experiment: Experiment) -> str:
    """When it ends, as far as that can be said."""
    if experiment.shadow:
        return "A shadow has no end of its own: it ends when you stop it, or when another version is published."
    looks = list(experiment.looks.order_by("number"))
    if decided := next((look for look in looks if look.decided), None):
        return f"It has been ready to decide since {day(decided.taken_at)}: promote its challenger, or stop it."
    ahead = looks[-1]
    last = (
        f"The last planned look is about {day(_last(experiment, ahead))}."
        if ahead.number < experiment.looks_planned
        else "That is the last one planned; more follow where leads come slower than planned."
    )
    return f"{ordinal(ahead.number)} look on {day(ahead.due_at)}. {last} It ends when you promote or stop it."


def _last(experiment: Experiment, ahead: Look) -> datetime:
    return ahead.due_at + timedelta(days=experiment.days_between) * (experiment.looks_planned - ahead.number)
