"""Who works how many leads, how soon, and how much of that work is on leads that buy?"""

from dataclasses import dataclass, field
from typing import Annotated

from django.db.models import F

from leads.enums import HandoffState
from leads.medians import Numbers, numbers
from leads.models import User
from leads.selling.followup import with_first_touch
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.outcomes import Days
from reports.queries.work import ANSWERED, NONE, ByLabelAndRep, Floats, by_rep, median, work
from reports.scope import Scope


@dataclass(frozen=True)
class Rep:
    name: Annotated[str, Figure("Rep", "Who answered the handoffs.")]
    worked: Annotated[
        int,
        Figure("Worked", "Handoffs opened in the period that they accepted, rejected or recycled.", behind="answered"),
    ]
    accepted: Annotated[Rate, Figure("Accepted", "Accepted, of those they accepted or rejected.", behind="accepted")]
    hours: Annotated[
        float | None,
        Figure(
            "Median time to decide", "Working hours from handoff to answer: half took less.", kind="hours", n="worked"
        ),
    ]
    contacted: Annotated[
        int, Figure("Contacted", "Accepted leads with a contact noted, or known from the CRM: the n of first touch.")
    ]
    touch: Annotated[
        float | None,
        Figure(
            "Median first touch",
            "Days from handoff to the first contact: noted by hand, or a call, meeting or e-mail of a person; half "
            "took less.",
            kind="days",
            n="contacted",
        ),
    ]
    on_winners: Annotated[
        Rate,
        Figure(
            "Work on winners",
            "Handoffs whose lead has a won deal by now, of all they worked: the nearest there is to the share of time "
            "spent on leads that won, since nobody writes down hours.",
            behind="winners",
        ),
    ]
    only: dict[str, str] = field(default_factory=dict)


def reps(scope: Scope, found: ByLabelAndRep | None = None) -> list[Rep]:
    """Most handoffs worked first. Three queries, two where the work is `found` already."""
    done = by_rep(work(scope) if found is None else found)
    worked = {rep: each for rep, each in done.items() if rep is not None and each.worked}
    touches = _touches(scope)
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=worked)}
    return [
        Rep(
            name=names[rep], worked=each.worked, accepted=Rate(each.yes, each.yes + each.no), hours=median(each.hours),
            contacted=len(touches.get(rep, NONE)), touch=median(touches.get(rep, NONE)),
            on_winners=Rate(each.winners, each.worked),
            only={"rep": str(rep)},
        )
        for rep, each in sorted(worked.items(), key=lambda item: (-item[1].worked, names[item[0]]))
    ]  # fmt: skip


def _touches(scope: Scope) -> dict[int, Floats]:
    """By rep: how many days passed until the first contact, of accepted leads that were contacted."""
    yes = scope.handoffs().filter(ANSWERED, state=HandoffState.ACCEPTED, decided_by__isnull=False)
    days = Numbers(Days(F("first_touch_at"), F("opened_at")))
    rows = with_first_touch(yes).order_by().values_list("decided_by").annotate(days=days)
    return {rep: numbers(found) for rep, found in rows}


REPORT = Report(
    name="reps",
    title="Productivity of reps",
    about="Handoffs opened in the period, by who answered them.",
    row=Rep,
    rows=reps,
)
