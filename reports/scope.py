"""Which leads a report is about: those of teams whose reports the reader may see, in a range of days.

All of it stands in the address, so that a report can be passed on: ?from=2026-07-01&to=2026-09-30&team=emea.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils.http import urlencode

from leads.access import teams_with
from leads.models import Handoff, Team, User
from reports.days import DAY, midnight, next_month, today
from reports.models import Fact, HandoffFact, Tally, Word
from reports.models.summary import By
from scoring.models import ControlCase, ScoringModel

DEFAULT_DAYS = 90
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
NO_DAY = "Write the day as 2026-08-03."
NO_YEAR = "Choose days between 2000 and 2999."
READ = "reports.view_report"
NONE = "none"  # in an address: of which this is not known


@dataclass(frozen=True)
class Scope:
    """Both days belong to the range. `team` None: all teams whose reports the reader may see.

    `model`: leads, or handoffs, with a label that this model gave. `source`: where the leads came from.
    """

    user: User
    first: date
    last: date
    team: Team | None = None
    model: ScoringModel | None = None
    source: str = ""

    @property
    def before(self) -> "Scope":
        """The range of the same length that ends the day before this one begins."""
        return replace(self, first=self.first - (self.last - self.first) - DAY, last=self.first - DAY)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first moment of the range, and the first one after it."""
        return midnight(self.first), midnight(self.last + DAY)

    @property
    def query(self) -> str:
        """The same scope in an address."""
        return urlencode(self.asked)

    @property
    def asked(self) -> dict[str, Any]:
        """The names and values of an address."""
        given: dict[str, Any] = {"from": self.first, "to": self.last}
        if self.team:
            given["team"] = self.team.slug
        if self.model:
            given["model"] = self.model.slug
        return given | ({"source": self.source} if self.source else {})

    def facts(self) -> QuerySet[Fact]:
        """What came of each lead created in the range."""
        return self._narrowed(Fact.objects.filter(day__range=(self.first, self.last)))

    def tallies(self, by: By = By.CHOSEN, *, daily: bool = False, sourced: bool = False) -> QuerySet[Tally]:
        """The same leads, those alike added up by their `by`: of whole months where the range has some, or all `daily`.

        `sourced`: with their source. By grade and by total there are only those that are settled; by total and
        source whole months alone (see `loose`).
        """
        rows = self._narrowed(Tally.objects.all())
        sourced = sourced or bool(self.source) or by == By.CAMPAIGN
        first, end = self._months
        days = by.days(sourced=sourced)
        if daily or first >= end:
            return rows.filter(of=days, day__range=(self.first, self.last))
        # each part names the first columns of the index
        months = Q(of=by.months(sourced=sourced), day__range=(first, end - DAY))
        before, after = Q(day__range=(self.first, first - DAY)), Q(day__range=(end, self.last))
        return rows.filter(months | Q(before, of=days) | Q(after, of=days))

    def sources(self) -> QuerySet[Tally, str]:
        """Where the leads of these months came from, also those that are not asked for: what else could be."""
        rows = self.mine(Tally.objects.filter(of=By.CHOSEN.months(sourced=True)))
        months = rows.filter(day__range=(self.first.replace(day=1), self.last))
        return months.order_by("source").values_list("source", flat=True).distinct()

    def loose(self) -> QuerySet[Fact]:
        """What came of the leads of those days that belong to no whole month."""
        first, end = self._months
        return self.facts() if first >= end else self.facts().filter(Q(day__lt=first) | Q(day__gte=end))

    def until(self, day: date) -> "Scope":
        """The part of the range that ends with this day."""
        return replace(self, last=min(self.last, day))

    def aged(self, days: int) -> "Scope":
        """Of the range only leads of so many whole days."""
        return self.until(today() - (days + 1) * DAY)

    @property
    def _months(self) -> tuple[date, date]:
        """The first day of the whole months in the range, and the first day after them."""
        return self.first if self.first.day == 1 else next_month(self.first), (self.last + DAY).replace(day=1)

    def handoffs(self) -> QuerySet[Handoff]:
        """Handoffs opened in the range; without those of the control sample, where they are to be left out."""
        start, end = self.span
        rows = self.mine(Handoff.objects.filter(opened_at__gte=start, opened_at__lt=end))
        rows = rows.exclude(pk__in=ControlCase.objects.filter(excluded=True, handoff__isnull=False).values("handoff"))
        if self.model:
            rows = rows.filter(version__in=self._versions)
        if self.source:  # every lead that was handed off has a fact that says so
            rows = rows.filter(lead__in=Fact.objects.filter(mql=1, source=self._known_source).values("pk"))
        return rows

    def handoff_facts(self, *, before: bool = False) -> QuerySet[HandoffFact]:
        """The same handoffs as they were counted beforehand; with those of the range `before` this one, too."""
        first = self.before.first if before else self.first
        rows = self.mine(HandoffFact.objects.filter(day__range=(first, self.last)))
        if self.model:
            rows = rows.filter(version__in=self._versions)
        if self.source:
            rows = rows.filter(source=Word.objects.filter(text=self._known_source).values("pk")[:1])
        return rows

    def mine(self, rows: QuerySet) -> QuerySet:
        """Of these rows, which have a team, those of the teams it is about."""
        if self.team:
            rows = rows.filter(team=self.team)
        # who sees every team need not have them listed: it is what a large report would spend most of its time on
        return rows if self.user.is_superuser else rows.filter(team__in=teams_with(self.user, READ))

    def _narrowed(self, rows: QuerySet) -> QuerySet:
        rows = self.mine(rows)
        if self.model:
            rows = rows.filter(version__in=self._versions)
        return rows.filter(source=self._known_source) if self.source else rows

    @property
    def _known_source(self) -> str:
        return "" if self.source == NONE else self.source

    @cached_property
    def _versions(self) -> list[int]:
        """Of the model; asked once for all parts of a report."""
        return list(self.model.versions.values_list("pk", flat=True)) if self.model else []


def _day_field() -> forms.DateField:
    limits = [MinValueValidator(EARLIEST, NO_YEAR), MaxValueValidator(LATEST, NO_YEAR)]
    widget = forms.DateInput({"type": "date"})
    return forms.DateField(required=False, widget=widget, error_messages={"invalid": NO_DAY}, validators=limits)


class ScopeForm(forms.Form):
    """`from`, `to`, `team`, `model` (slugs) and `source` (as leads have it) of an address."""

    to = _day_field()
    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, to_field_name="slug", empty_label="All teams",
        error_messages={"invalid_choice": "No such team among yours."},
    )  # fmt: skip
    model = forms.ModelChoiceField(
        ScoringModel.objects.all(), required=False, to_field_name="slug", empty_label="All models",
        error_messages={"invalid_choice": "No such model."},
    )  # fmt: skip
    source = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"placeholder": "All sources", "list": "sources"})
    )

    def __init__(self, data: Mapping[str, Any], *, user: User) -> None:
        super().__init__(data)
        self.user = user
        # "from" is a word of Python's own
        self.fields = {"from": _day_field()} | self.fields
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams_with(user, READ))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = _with_days(super().clean() or {})
        if given["from"] > given["to"]:
            raise ValidationError({"from": "The first day must not come after the last."})
        return given

    def scope(self) -> Scope:
        """What was asked for; without valid data the last 90 days of all teams."""
        given = self.cleaned_data if self.is_valid() else _with_days({})
        source = given.get("source") or ""
        return Scope(self.user, given["from"], given["to"], given.get("team"), given.get("model"), source)


def _with_days(given: dict[str, Any]) -> dict[str, Any]:
    """Up to today, and 90 days, where nothing else is said."""
    last = given.get("to") or today()
    return given | {"from": given.get("from") or max(EARLIEST, last - (DEFAULT_DAYS - 1) * DAY), "to": last}
