"""Which leads came out otherwise than their label said?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.db.models import Count, F, Q
from django.urls import reverse

from leads.enums import DECIDED, HandoffState, Label
from leads.models import Feedback, Handoff, Lead
from leads.statistics import Rate
from leads.templatetags.ui import percent
from reports.figures import Figure, Report
from reports.models import Fact
from reports.scope import Scope

SHOWN = 20


@dataclass(frozen=True)
class Surprise:
    lead: Annotated[str, Figure("Lead", "The lead, and the way to it.", kind="link")]
    score: Annotated[int | None, Figure("Score", "Its total when it mattered.")]
    label: Annotated[str, Figure("Label", "Its label when it mattered.", kind="label")]
    said: Annotated[str, Figure("What happened", "The reason of the rejection, or what it bought for.")]
    at: Annotated[datetime, Figure("When", "The day of the answer, or of the won deal.", kind="day")]
    url: str = ""


@dataclass(frozen=True)
class Surprises:
    """`rate`: how many of those there could have been. `rows`: at most 20."""

    rate: Rate
    rows: list[Surprise]

    @property
    def line(self) -> str:
        share = f", {percent(self.rate.share)}" if self.rate.share is not None else ""
        return f"{self.rate.k:,} of {self.rate.n:,}{share}"


def rejected_hots(scope: Scope) -> Surprises:
    """Hots that sales rejected, of the Hots it answered with yes or no; the highest score first. Five queries."""
    hots = scope.handoff_facts().filter(label=Label.HOT, state__in=DECIDED)
    rejected = hots.filter(state=HandoffState.REJECTED)
    counted = hots.aggregate(k=Count("pk", filter=Q(state=HandoffState.REJECTED)), n=Count("pk"))
    best = list(rejected.order_by(F("total").desc(nulls_last=True), "pk").values_list("pk", flat=True)[:SHOWN])
    shown = Handoff.objects.visible_to(scope.user).select_related("lead").prefetch_related("feedback__reason")
    found = shown.in_bulk(best)
    return Surprises(Rate(counted["k"], counted["n"]), [_rejected(found[pk]) for pk in best if pk in found])


def won_colds(scope: Scope) -> Surprises:
    """Customers that were Cold when it mattered, of all customers; the largest first. Four queries."""
    customers = scope.facts().filter(customers=1)
    counted = customers.aggregate(k=Count("pk", filter=Q(label=Label.COLD)), n=Count("pk"))
    colds = customers.filter(label=Label.COLD)
    largest = list(colds.order_by("-value", "pk").values_list("pk", flat=True)[:SHOWN])  # an index has all of it
    rows, leads = colds.in_bulk(largest), Lead.objects.visible_to(scope.user).in_bulk(largest)
    return Surprises(Rate(counted["k"], counted["n"]), [_won(leads[pk], rows[pk]) for pk in largest if pk in leads])


def _won(lead: Lead, row: Fact) -> Surprise:
    paid = f"€ {row.value:,.0f}" if row.value else "no amount"
    return Surprise(str(lead), row.total, row.label, paid, row.won_at or row.created_at, reverse("lead", args=[row.pk]))


def _rejected(handoff: Handoff) -> Surprise:
    answers = [answer for answer in handoff.feedback.all() if answer.verdict == Feedback.REJECTED]
    said = str(answers[0].reason or "") if answers else ""
    url = reverse("handoff", args=[handoff.pk])
    return Surprise(str(handoff.lead), handoff.total, handoff.label, said, handoff.decided_at or handoff.opened_at, url)


def _report(name: str, title: str, about: str, ask: Callable[[Scope], Surprises]) -> Report:
    return Report(name=name, title=title, about=about, row=Surprise, rows=lambda scope: ask(scope).rows)


REPORTS = (
    _report(
        "rejected-hots",
        "Rejected Hots",
        "Hot leads handed off in the period that sales rejected; at most 20.",
        rejected_hots,
    ),
    _report("won-colds", "Won Colds", "Customers among the leads of the period that were Cold; at most 20.", won_colds),
)
