"""Who works how many leads, how soon, and how much of that work is on leads that buy?"""

from dataclasses import dataclass, field
from typing import Annotated

from django.db.models import Count, Exists, F, OuterRef, Q

from leads.enums import DealState, HandoffState
from leads.medians import Median
from leads.models import Deal, User
from leads.selling.followup import with_first_touch
from leads.statistics import Rate
from reports.figures import Figure, Report
from reports.queries.handoffs import answered
from reports.queries.outcomes import Days
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
        Figure("Median time to decide", "Working hours from handoff to answer: half took less.", kind="hours"),
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


def reps(scope: Scope) -> list[Rep]:
    """Most handoffs worked first. Three queries."""
    won = Exists(Deal.objects.filter(lead=OuterRef("lead"), state=DealState.WON))
    rows = list(
        answered(scope).filter(decided_by__isnull=False).annotate(won=won).order_by().values("decided_by").annotate(
            worked=Count("pk"), accepted=Count("pk", filter=Q(state=HandoffState.ACCEPTED)),
            rejected=Count("pk", filter=Q(state=HandoffState.REJECTED)), took=Median("hours_taken"),
            winners=Count("pk", filter=Q(won=True)),
        )
    )  # fmt: skip
    touches = _touches(scope)
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[row["decided_by"] for row in rows])}
    return [
        Rep(
            name=names[row["decided_by"]], worked=row["worked"],
            accepted=Rate(row["accepted"], row["accepted"] + row["rejected"]), hours=row["took"],
            contacted=touches.get(row["decided_by"], (0, None))[0], touch=touches.get(row["decided_by"], (0, None))[1],
            on_winners=Rate(row["winners"], row["worked"]),
            only={"rep": str(row["decided_by"])},
        )
        for row in sorted(rows, key=lambda row: (-row["worked"], names[row["decided_by"]]))
    ]  # fmt: skip


def _touches(scope: Scope) -> dict[int, tuple[int, float | None]]:
    """By rep: how many accepted leads were contacted, and the median days until then."""
    accepted = with_first_touch(answered(scope).filter(state=HandoffState.ACCEPTED, decided_by__isnull=False))
    rows = accepted.order_by().values("decided_by").annotate(
        contacted=Count("first_touch_at"), touch=Median(Days(F("first_touch_at"), F("opened_at")))
    )  # fmt: skip
    return {row["decided_by"]: (row["contacted"], row["touch"]) for row in rows}


REPORT = Report(
    name="reps",
    title="Productivity of reps",
    about="Handoffs opened in the period, by who answered them.",
    row=Rep,
    rows=reps,
)
