"""Who works how many leads, how soon, and how much of that work is on leads that buy?"""

from dataclasses import dataclass, field
from typing import Annotated

from leads.models import User
from leads.statistics import Rate
from reports.columns import Rows, accepted, answered, grouped, handoffs, known, median, picked
from reports.figures import Figure, Report
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


def reps(scope: Scope, rows: Rows | None = None) -> list[Rep]:
    """Most handoffs worked first. Two queries, one where the `rows` of the range are there already."""
    rows = handoffs(scope) if rows is None else rows
    worked = {rep: part for rep, part in grouped(picked(rows, answered(rows)), "rep") if rep}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=worked)}
    ordered = sorted(worked.items(), key=lambda item: (-len(item[1]), names.get(item[0], ""), item[0]))
    return [_row(rep, names.get(rep, ""), part) for rep, part in ordered]


def _row(rep: int, name: str, rows: Rows) -> Rep:
    return Rep(
        name=name,
        worked=len(rows),
        accepted=accepted(rows),
        hours=median(rows["hours"]),
        contacted=len(known(rows["touched"])),
        touch=median(rows["touched"]),
        on_winners=Rate(int(rows["winner"].sum()), len(rows)),
        only={"rep": str(rep)},
    )


REPORT = Report(
    name="reps",
    title="Productivity of reps",
    about="Handoffs opened in the period, by who answered them.",
    row=Rep,
    rows=reps,
)
