"""What a team promises when a lead is handed off, and the rows of what follows when the promise comes due.

leads/selling/escalation.py does what the rows say.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db import transaction

from leads.models import Handoff, Promise, Step, Team
from leads.retry import retried
from leads.selling import sla, worktime
from leads.selling.sla import Level
from leads.selling.worktime import WorkTime

# What a step says whose handoff needed none.
ANSWERED = "answered before"


class Promises:
    """The calendars and promises of some teams. Two queries."""

    def __init__(self, team_ids: Collection[int]) -> None:
        teams = Team.objects.select_related("calendar").filter(pk__in=team_ids)
        self.work: dict[int, WorkTime] = {team.pk: worktime.of(team) for team in teams}
        rows = Promise.objects.filter(calendar__team__in=team_ids).select_related("calendar")
        self._levels = {(promise.calendar.team_id, promise.label): _level(promise) for promise in rows}

    def level(self, handoff: Handoff) -> Level:
        """What holds for this handoff: the team's promise for its label, for every other, else the usual one."""
        team, label = handoff.team_id, handoff.label
        return self._levels.get((team, label)) or self._levels.get((team, "")) or sla.usual(label)

    def give(self, handoff: Handoff) -> None:
        """Promise an answer to the lead of this handoff, counted from its opening."""
        level, work = self.level(handoff), self.work[handoff.team_id]
        handoff.due_at = work.after(handoff.opened_at, level.hours)
        handoff.fast_track = level.fast_track

    def steps(self, handoffs: Iterable[Handoff]) -> Iterator[Step]:
        """What is to follow on each of them, as rows to be saved."""
        for handoff in handoffs:
            level, work = self.level(handoff), self.work[handoff.team_id]
            for kind, at in _moments(handoff, level, work):
                yield Step(handoff=handoff, kind=kind, due_at=at)


@retried
def recount(team: Team) -> int:
    """Give the open handoffs of the team the promise of today's calendar, and move what is still to follow.

    Without this a promise stays as it was given, whatever becomes of the calendar. Returns how many were recounted.
    """
    with transaction.atomic():
        rows = Handoff.objects.open().filter(team=team).order_by("lead_id").select_for_update(no_key=True)
        promises, handoffs = Promises([team.pk]), list(rows)
        for handoff in handoffs:
            promises.give(handoff)
        Handoff.objects.bulk_update(handoffs, ["due_at", "fast_track"], batch_size=500)
        Step.objects.filter(handoff__in=handoffs, done_at=None).delete()
        Step.objects.bulk_create(promises.steps(handoffs), ignore_conflicts=True)  # what was done stays done
        return len(handoffs)


def _moments(handoff: Handoff, level: Level, work: WorkTime) -> Iterator[tuple[str, datetime]]:
    due = handoff.due_at
    if level.remind_before is not None:
        yield Step.REMIND, work.before(due, level.remind_before, handoff.opened_at)
    if level.escalate_after is not None:
        yield Step.ESCALATE, _later(due, level.escalate_after, work)
    if level.then:
        yield level.then, _later(due, level.then_after, work)


def _later(due: datetime, hours: float, work: WorkTime) -> datetime:
    return work.after(due, hours) if hours else due


def _level(promise: Promise) -> Level:
    def hours(value: object) -> float | None:
        return None if value is None else float(value)  # type: ignore[arg-type]

    return Level(
        float(promise.hours), hours(promise.remind_before), hours(promise.escalate_after), promise.then,
        float(promise.then_after), promise.fast_track,
    )  # fmt: skip
