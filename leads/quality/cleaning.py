"""Deciding about problems together, and taking a decision back."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.history import attributed
from leads.ingest.people import lock_leads
from leads.ingest.sql import update_rows
from leads.models import Cleanup, Company, Lead, Problem, Team, User
from leads.retry import retried
from leads.signals import leads_due

ORIGIN = "Clean-up"
MOST = 5_000
FIELDS = {Lead: ["seniority", "department", "country", "tags"], Company: ["industry", "country"]}
Row = Lead | Company


@retried
@transaction.atomic
def clean_up(
    team: Team, kind: str, *, act: str, by: User, value: str | None = None, ids: Collection[int] | None = None
) -> Cleanup | None:
    """Put the suggestions of open problems of a kind in place, or dismiss them: of one value, or those with these ids.

    At most 5,000 at once. None: there was nothing to decide. Leads and companies that changed are due.
    """
    problems = Problem.objects.open().filter(team=team, kind=kind)
    problems = problems if value is None else problems.filter(value=value)
    problems = problems if ids is None else problems.filter(pk__in=ids)
    if act == Cleanup.APPLY:
        problems = problems.exclude(suggestion={})
    lock_leads(problems.exclude(lead=None).order_by("pk").values_list("lead", flat=True)[:MOST])
    rows = list(problems.order_by("pk").select_for_update(no_key=True)[:MOST])
    if not rows:
        return None
    done = Cleanup.objects.create(team=team, act=act, kind=kind, value=value or "", count=len(rows), by=by)
    if act == Cleanup.APPLY:
        _put(rows, by)
    for problem in rows:
        problem.cleanup = done
    Problem.objects.bulk_update(rows, ["cleanup", "before"], batch_size=1000)
    return done


@retried
@transaction.atomic
def undo(cleanup: Cleanup, *, by: User) -> int | None:
    """Put back what stood there, and open its problems again. None: undone before.

    What somebody changed since stays as it is. Returns how many rows were put back.
    """
    mine = Cleanup.objects.filter(pk=cleanup.pk, undone_at=None)
    if not mine.update(undone_at=timezone.now(), undone_by=by):
        return None
    lock_leads(cleanup.problems.exclude(lead=None).values_list("lead", flat=True))
    problems = list(cleanup.problems.order_by("pk").select_for_update(no_key=True))
    back = 0
    if cleanup.act == Cleanup.APPLY:
        again = _put_back(problems, by)
        back = len(again)
        cleanup.problems.exclude(pk__in=again).delete()
    Problem.objects.filter(pk__in=[problem.pk for problem in problems]).update(cleanup=None, before={})
    return back


def _put(problems: Iterable[Problem], by: User) -> None:
    for model, rows in _rows(problems).items():
        for row, problem in rows:
            problem.before = {name: getattr(row, name) for name in problem.suggestion}
            for name, value in problem.suggestion.items():
                setattr(row, name, _after(problem, name, value))
        _write(model, [row for row, _ in rows], by)


def _put_back(problems: Iterable[Problem], by: User) -> list[int]:
    """The problems that are there again."""
    back: list[int] = []
    for model, rows in _rows(problems).items():
        changed = []
        for row, problem in rows:
            untouched = [
                name for name, value in problem.suggestion.items()
                if name in problem.before and getattr(row, name) == _after(problem, name, value)
            ]  # fmt: skip
            for name in untouched:
                setattr(row, name, problem.before[name])
            if untouched:
                changed.append(row)
                back.append(problem.pk)
        _write(model, changed, by)
    return back


def _after(problem: Problem, name: str, value: Any) -> Any:
    """What stands in the field once the suggestion is in place; a tag joins those that are there."""
    if name != "tags":
        return value
    return [*problem.before[name], value] if value not in problem.before[name] else problem.before[name]


def _rows(problems: Iterable[Problem]) -> dict[type[Row], list[tuple[Any, Problem]]]:
    wanted = list(problems)
    found: dict[type[Row], list[tuple[Any, Problem]]] = {}
    for model, of in ((Lead, "lead_id"), (Company, "company_id")):
        about = {getattr(problem, of): problem for problem in wanted if getattr(problem, of)}
        rows = model._default_manager.filter(pk__in=about).order_by("pk").select_for_update(no_key=True)
        found[model] = [(row, about[row.pk]) for row in rows]
    return found


def _write(model: type[Row], rows: Sequence[Row], by: User) -> None:
    with attributed(by=by, origin=ORIGIN):
        update_rows(model, rows, FIELDS[model])
        if rows:
            leads_due.send(sender=clean_up)
