"""Which leads a report is about: those of teams whose reports the reader may see, in a range of days."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from leads.access import teams_with
from leads.models import Handoff, Lead, Team, User

DEFAULT_DAYS = 90
DAY = timedelta(days=1)
READ = "reports.view_report"


@dataclass(frozen=True)
class Scope:
    """Both days belong to the range. `team` None: all teams whose reports the reader may see."""

    user: User
    first: date
    last: date
    team: Team | None = None

    @property
    def before(self) -> "Scope":
        """The range of the same length that ends the day before this one begins."""
        return replace(self, first=self.first - (self.last - self.first) - DAY, last=self.first - DAY)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment of the range, and the first one after it."""
        return _midnight(self.first), _midnight(self.last + DAY)

    def leads(self) -> QuerySet[Lead]:
        """Leads created in the range."""
        return self._mine(Lead.objects.all(), "created_at")

    def handoffs(self) -> QuerySet[Handoff]:
        """Handoffs opened in the range."""
        return self._mine(Handoff.objects.all(), "opened_at")

    def _mine(self, rows: QuerySet, moment: str) -> QuerySet:
        start, end = self.span
        rows = rows.filter(**{f"{moment}__gte": start, f"{moment}__lt": end}, team__in=teams_with(self.user, READ))
        return rows.filter(team=self.team) if self.team else rows


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


class ScopeForm(forms.Form):
    """`from`, `to` and `team` of an address, as in ?from=2026-07-01&to=2026-09-30&team=emea."""

    to = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, to_field_name="slug", empty_label="All teams",
        error_messages={"invalid_choice": "No such team among yours."},
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any], *, user: User) -> None:
        super().__init__(data)
        self.user = user
        # "from" is a word of Python's own
        self.fields = {"from": forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))} | self.fields
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams_with(user, READ))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        last = given.get("to") or timezone.localdate()
        first = given.get("from") or last - timedelta(days=DEFAULT_DAYS - 1)
        if first > last:
            raise ValidationError({"from": "The first day must not come after the last."})
        if not (date(2000, 1, 1) <= first and last <= date(2999, 12, 31)):
            raise ValidationError({"from": "Choose days between 2000 and 2999."})
        return given | {"from": first, "to": last}

    def scope(self) -> Scope:
        """What was asked for; without valid data the last 90 days of all teams."""
        given = self.cleaned_data if self.is_valid() else {}
        last = given.get("to") or timezone.localdate()
        first = given.get("from") or last - timedelta(days=DEFAULT_DAYS - 1)
        return Scope(self.user, first, last, given.get("team"))
