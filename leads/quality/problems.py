"""The list of what is wrong, kept in step with the facts."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import Max, Q
from django.utils import timezone

from leads.models import Cleanup, Company, Event, Lead, Problem, ProblemKind
from leads.quality import findings
from leads.quality.findings import Finding

OF_LEAD = (
    ProblemKind.PHONE_COUNTRY, ProblemKind.EMAIL_COMPANY, ProblemKind.TITLE, ProblemKind.TITLE_READING,
    ProblemKind.COUNTRY, ProblemKind.BOUNCED,
)  # fmt: skip
OF_COMPANY = (ProblemKind.COUNTRY, ProblemKind.INDUSTRY)
LONGEST = 200
STALE_DAYS = 365


def look(leads: Collection[int], companies: Collection[int]) -> None:
    """Find what is wrong with these rows; what was wrong and no longer is leaves the list."""
    bounced = _bounced(leads)
    people = Lead.objects.filter(pk__in=leads).select_related("company")
    _sync("lead", OF_LEAD, [(lead, findings.of_lead(lead, bounced=lead.pk in bounced)) for lead in people])
    employers = Company.objects.filter(pk__in=companies)
    _sync("company", OF_COMPANY, [(company, findings.of_company(company)) for company in employers])


def _bounced(leads: Collection[int]) -> set[int]:
    """Those whose e-mail bounced and none was delivered since."""
    mails = Event.objects.filter(lead__in=leads, kind__slug__in=("email_bounced", "email_delivered"), quarantined=False)
    last = mails.order_by().values_list("lead").annotate(
        bounced=Max("occurred_at", filter=Q(kind__slug="email_bounced")),
        delivered=Max("occurred_at", filter=Q(kind__slug="email_delivered")),
    )  # fmt: skip
    return {lead for lead, bounce, delivery in last if bounce and (delivery is None or delivery < bounce)}


def _sync(of: str, kinds: Collection[str], rows: Iterable[tuple[Lead | Company, Iterable[Finding]]]) -> None:
    now, fresh, changed, gone = timezone.now(), [], [], []
    rows = list(rows)
    known: dict[tuple[int, str], Problem] = {
        (getattr(problem, f"{of}_id"), problem.kind): problem
        for problem in Problem.objects.filter(kind__in=kinds, **{f"{of}__in": [row.pk for row, _ in rows]})
        .select_related("cleanup")
    }  # fmt: skip
    for row, found in rows:
        wrong: dict[str, Finding] = {finding.kind: finding for finding in found}
        for kind, finding in wrong.items():
            value, problem = finding.value[:LONGEST], known.get((row.pk, kind))
            if problem is None:
                fresh.append(Problem(team_id=row.team_id, kind=kind, value=value, suggestion=finding.suggestion,
                                     **{of: row}))  # fmt: skip
            elif problem.value != value or _was_put_right(problem):
                problem.value, problem.suggestion, problem.before = value, finding.suggestion, {}
                problem.cleanup, problem.found_at = None, now
                changed.append(problem)
        here = (known.get((row.pk, kind)) for kind in kinds if kind not in wrong)
        gone += [problem.pk for problem in here if problem and not _was_put_right(problem)]
    Problem.objects.bulk_create(fresh, ignore_conflicts=True)
    Problem.objects.bulk_update(changed, ["value", "suggestion", "before", "cleanup", "found_at"])
    Problem.objects.filter(pk__in=gone).delete()


def _was_put_right(problem: Problem) -> bool:
    return problem.cleanup is not None and problem.cleanup.act == Cleanup.APPLY


# Wrong rows as (id, team_id, value), which follow from more than one row or from time alone.
_BY_TIME: dict[str, tuple[str, str, list[Any]]] = {
    ProblemKind.DEAL_DATES: (
        "deal",
        "SELECT id, team_id, left('closed ' || closed_at::date || ', opened ' || opened_at::date, 200)"
        " FROM leads_deal WHERE closed_at < opened_at",
        [],
    ),
    ProblemKind.STALE: (
        "lead",
        "SELECT l.id, l.team_id, 'since ' || to_char(l.created_at, 'YYYY') || ' or before' FROM leads_lead l"
        " WHERE l.created_at < now() - make_interval(days => %s)"
        " AND NOT EXISTS (SELECT 1 FROM leads_event e WHERE e.lead_id = l.id"
        " AND e.day > (now() - make_interval(days => %s))::date - date '1970-01-01')"
        " AND NOT EXISTS (SELECT 1 FROM leads_change c WHERE c.lead_id = l.id"
        " AND c.learned_at > now() - make_interval(days => %s))",
        [STALE_DAYS] * 3,
    ),
}  # fmt: skip


def sweep() -> None:
    """Find what time alone brings about, and what concerns deals. One statement each to add and to take away."""
    with connection.cursor() as cursor:
        for kind, (of, wrong, params) in _BY_TIME.items():
            cursor.execute(
                f"INSERT INTO leads_problem (team_id, kind, {of}_id, value, suggestion, before, found_at)"
                f" SELECT team_id, %s, id, value, '{{}}', '{{}}', now() FROM ({wrong}) AS w(id, team_id, value)"
                f" ON CONFLICT ({of}_id, kind) DO NOTHING",
                [kind, *params],
            )
            cursor.execute(
                f"DELETE FROM leads_problem p WHERE kind = %s AND {of}_id NOT IN"
                f" (SELECT id FROM ({wrong}) AS w(id, team_id, value))",
                [kind, *params],
            )
