"""Which leads, or handoffs, stand behind a figure: the address that a figure links to, and what that address asks.

    /reports/leads/?from=2026-07-01&to=2026-09-30&label=hot&came=customers
    /reports/handoffs/?from=2026-07-01&to=2026-09-30&state=rejected&reason=no_budget

The scope stands in the address as on every report; what is asked beside it stands in one of the two forms below.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from leads.enums import DECIDED, DealState, HandoffState, Label
from leads.models import Deal, Handoff
from reports.days import DAY, midnight, next_month, today
from reports.models import Fact
from reports.models.summary import By, Chosen
from reports.queries.outcomes import won
from reports.queries.stages import HERE
from reports.scope import NONE, Scope

CAME = ("leads", "mql", "sal", "sql", "won_sql", "customers")
LEADS, HANDOFFS, SOURCES = "report-leads", "report-handoffs", "report-sources"
YES_OR_NO = "decided"
STATES = [*HandoffState.choices, (YES_OR_NO, "Accepted or rejected"), ("answered", "Answered"), ("late", "Late")]

# The name a figure gives → the list, and what it asks there.
_ASKS: dict[str, tuple[str, dict[str, str]]] = {
    **{came: (LEADS, {"came": came}) for came in CAME},
    "leads": (LEADS, {}),
    "closed": (LEADS, {"came": "customers", "closed": "1"}),
    "good": (LEADS, {"label": "good"}),
    "hot": (LEADS, {"label": Label.HOT.value}),
    "scored": (LEADS, {"label": "scored"}),
    "campaigns": (SOURCES, {}),
    "next": (LEADS, {"at": "", "days": ""}),
    "here": (LEADS, {"came": "", "days": ""}),
    "stuck": (LEADS, {"came": ""}),
    "handoffs": (HANDOFFS, {}),
    "waiting": (HANDOFFS, {"state": HandoffState.OPEN.value}),
    "winners": (HANDOFFS, {"state": "answered", "won": "1"}),
    "hot_accepted": (HANDOFFS, {"state": HandoffState.ACCEPTED.value, "label": Label.HOT.value}),
    "others_accepted": (HANDOFFS, {"state": HandoffState.ACCEPTED.value, "label": "others"}),
    **{state: (HANDOFFS, {"state": state}) for state in ("accepted", "rejected", "recycled", "answered", "late")},
}
NAMES = frozenset(_ASKS)


def address(scope: Scope, name: str, only: Mapping[str, str]) -> str:
    """Where to read who is counted in a figure of this name, in a row that is about `only` these.

    A source opens to its campaigns instead.
    """
    page, asked = _ASKS[name]
    given = {**scope.asked, **only, **asked}
    return f"{reverse(page)}?{urlencode({key: value for key, value in given.items() if value != ''})}"


class LeadsBehindForm(forms.Form):
    """What a list of leads is narrowed to, beside the scope."""

    label = forms.ChoiceField(
        required=False, choices=[*Label.choices, (NONE, "Not scored"), ("good", "Hot or Warm"), ("scored", "Scored")]
    )
    grade = forms.CharField(required=False, max_length=4)
    campaign = forms.CharField(required=False, max_length=100)
    came = forms.ChoiceField(required=False, choices=[(name, name) for name in CAME])
    closed = forms.BooleanField(required=False)
    at = forms.ChoiceField(required=False, choices=[(name, name) for name in HERE])
    days = forms.FloatField(required=False, min_value=0, max_value=10_000)
    month = forms.CharField(required=False, max_length=7)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    chosen = forms.ChoiceField(required=False, choices=[*Chosen.choices[1:], (NONE, "")])
    total_from = forms.IntegerField(required=False, min_value=-1000, max_value=1000)
    total_to = forms.IntegerField(required=False, min_value=-1000, max_value=1000)

    def clean_month(self) -> date | None:
        return _month(self.cleaned_data["month"])

    def facts(self, scope: Scope) -> QuerySet[Fact]:
        """The leads of the scope that are meant, as their facts."""
        asked, rows = self.cleaned_data, scope.facts()
        if asked["month"]:
            rows = rows.filter(day__gte=asked["month"], day__lt=next_month(asked["month"]))
        if asked["version"] is not None:
            rows = rows.filter(version=asked["version"])
        if asked["chosen"]:
            rows = rows.filter(chosen=_known(asked["chosen"]))
        if asked["campaign"]:
            rows = rows.filter(campaign=_known(asked["campaign"]))
        if asked["grade"]:
            rows = _old(rows).filter(grade=_known(asked["grade"]))
        if (asked["total_from"], asked["total_to"]) != (None, None):
            rows = _scored(_old(rows), asked)
        return self._came(_labelled(rows, asked["label"]))

    def number(self, scope: Scope) -> int:
        """How many leads are meant: from the tallies, where they are kept by what is asked."""
        asked = {
            name: value for name, value in self.cleaned_data.items() if value not in ("", None) and value is not False
        }
        came, month = asked.pop("came", "leads"), asked.pop("month", None)
        if month:
            scope = replace(scope, first=max(scope.first, month), last=min(scope.last, next_month(month) - DAY))
        by = next(iter(asked), By.CHOSEN.value)
        if len(asked) > 1 or by not in (By.CHOSEN, By.LABEL, By.CAMPAIGN):
            return self.facts(scope).count()
        rows = scope.tallies(By(by))
        if asked:
            rows = _labelled(rows, asked[by], "key") if by == By.LABEL else rows.filter(key=_known(asked[by]))
        return rows.aggregate(number=Sum(came))["number"] or 0

    def _came(self, rows: QuerySet[Fact]) -> QuerySet[Fact]:
        asked = self.cleaned_data
        if asked["came"] and asked["came"] != "leads":
            rows = rows.filter(**{asked["came"]: 1})
        if asked["closed"]:
            rows = won(rows)
        if asked["at"]:
            here, since = HERE[asked["at"]]
            rows = rows.filter(here)
            if asked["days"] is not None:
                rows = rows.filter(**{f"{since}__lte": timezone.now() - timedelta(days=asked["days"])})
        return rows


class HandoffsBehindForm(forms.Form):
    """What a list of handoffs is narrowed to, beside the scope."""

    label = forms.ChoiceField(required=False, choices=[*Label.choices, (NONE, "Not scored"), ("others", "Not Hot")])
    state = forms.ChoiceField(required=False, choices=STATES)
    reason = forms.CharField(required=False, max_length=40)
    rep = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)  # 0: nobody yet
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)  # 0: not scored
    total_from = forms.IntegerField(required=False, min_value=-(2**15), max_value=2**15 - 1)
    total_to = forms.IntegerField(required=False, min_value=-(2**15), max_value=2**15 - 1)
    won = forms.BooleanField(required=False)
    opened = forms.CharField(required=False, max_length=7)

    def clean_opened(self) -> date | None:
        return _month(self.cleaned_data["opened"])

    def handoffs(self, scope: Scope) -> QuerySet[Handoff]:
        """The handoffs of the scope that are meant."""
        asked, rows = self.cleaned_data, _in_state(scope.handoffs(), self.cleaned_data["state"])
        if asked["opened"]:
            rows = rows.filter(
                opened_at__gte=midnight(asked["opened"]), opened_at__lt=midnight(next_month(asked["opened"]))
            )
        if asked["reason"]:
            rows = rows.filter(feedback__reason=asked["reason"], feedback__verdict=HandoffState.REJECTED)
        if asked["rep"] is not None:
            rows = rows.filter(decided_by=asked["rep"] or None)
        if asked["version"] is not None:
            rows = rows.filter(version=asked["version"] or None)
        rows = _scored(rows, asked)
        if asked["won"]:
            rows = rows.filter(Exists(Deal.objects.filter(lead=OuterRef("lead"), state=DealState.WON)))
        return _labelled(rows, asked["label"])


def _scored(rows: QuerySet[Any], asked: dict[str, Any]) -> QuerySet[Any]:
    ends = {"total__gte": asked["total_from"], "total__lte": asked["total_to"]}
    return rows.filter(**{end: value for end, value in ends.items() if value is not None})


def _old(rows: QuerySet[Fact]) -> QuerySet[Fact]:
    return rows.filter(settles_at=None, day__lte=today() - timedelta(days=31))


def _in_state(rows: QuerySet[Handoff], state: str) -> QuerySet[Handoff]:
    if state == "answered":
        return rows.filter(hours_taken__isnull=False).exclude(state=HandoffState.EXPIRED)
    if state == "late":
        return rows.filter(state=HandoffState.OPEN, due_at__lte=timezone.now())
    if state == YES_OR_NO:
        return rows.filter(state__in=DECIDED)
    return rows.filter(state=state) if state else rows


def _labelled(rows: QuerySet[Any], label: str, column: str = "label") -> QuerySet[Any]:
    several = {
        NONE: Q(**{column: ""}), "good": Q(**{f"{column}__in": (Label.HOT, Label.WARM)}), "scored": ~Q(**{column: ""}),
        "others": ~Q(**{column: Label.HOT}),
    }  # fmt: skip
    return rows.filter(several.get(label, Q(**{column: label}))) if label else rows


def _known(text: str) -> str:
    return "" if text == NONE else text


def _month(text: str) -> date | None:
    """2026-07 → its first day."""
    if not text:
        return None
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        month = date.min
    if not 2000 <= month.year < 3000:  # at the ends of the calendar a month may begin before it, or have none after it
        raise ValidationError("Write a month like 2026-07.")
    return month
