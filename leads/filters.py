"""What a list of leads can be narrowed to. The list page, its export and the API understand the same names."""

from functools import cached_property
from typing import Any

import django_filters as filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db.models import BigIntegerField, F, Q, QuerySet, Value
from django.forms import CheckboxSelectMultiple as Boxes

from leads.conditions import ConditionError
from leads.conditions.compile import leads_matching
from leads.conditions.sql import Sql
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Label, Stage
from leads.ingest.normalise.countries import country
from leads.models import Company, Lead, Segment, Standing, Team, User
from leads.requests import Request
from leads.search import search_query

NOT_SCORED = "none"
LABELS = [*Label.choices, (NOT_SCORED, "Not scored")]
FEW = 5_000
# Filters that ask nothing of the score, called like the column of the lead they ask.
OF_LEADS = {"stage", "source", "campaign", "country", "team", "owner"}
GRADES = [(f"{letter}{digit}", f"{letter}{digit}") for letter in "ABCD" for digit in "1234"]


def _teams(request: Request | None) -> QuerySet[Team]:
    return Team.objects.visible_to(request.user) if request else Team.objects.none()


def _colleagues(request: Request | None) -> QuerySet[User]:
    return User.objects.visible_to(request.user) if request else User.objects.none()


def _segments(request: Request | None) -> QuerySet[Segment]:
    return Segment.objects.visible_to(request.user) if request else Segment.objects.none()


class TeamField(filters.fields.ModelChoiceField):
    """A team by its id or slug."""

    def to_python(self, value: Any) -> Any:
        self.to_field_name = "pk" if str(value or "").isdecimal() else "slug"
        return super().to_python(value)


class TeamFilter(filters.ModelChoiceFilter):
    field_class = TeamField

    def __init__(self, **extra: Any) -> None:
        super().__init__(**{"queryset": _teams, "label": "Team", **extra})


class SeveralField(filters.fields.MultipleChoiceField):
    def to_python(self, value: Any) -> list[str]:
        return [each for each in super().to_python(value) if each]


class SeveralFilter(filters.MultipleChoiceFilter):
    """Any of those given. An empty one narrows nothing, as it is with a single choice and as forms send it."""

    field_class = SeveralField


class SourceFilter(filters.CharFilter):
    """Facts of a source, by its id or slug."""

    def filter(self, queryset: QuerySet, value: str) -> QuerySet:
        if not value:
            return queryset
        return queryset.filter(**({"source_id": value} if value.isdecimal() else {"source__slug": value}))


class CountryField(forms.CharField):
    """Two letters, whatever way the country is written."""

    def to_python(self, value: Any) -> str:
        given = super().to_python(value)
        try:
            return country(given) if given else ""
        except ValueError as error:
            raise ValidationError(str(error)) from None


class CountryFilter(filters.CharFilter):
    field_class = CountryField


def known_model(slug: str) -> None:
    if f"score.{slug}.total" not in Vocabulary.load().terms:
        raise ValidationError("There is no live model of this name.")


class LeadFilters(filters.FilterSet):
    """Narrows standings, one row per lead. `label`, `grade` and `stage` may be given more than once: any of them.

    With `model`, by its slug, labels and grades are those which that model gives, also where another one decides.
    """

    q = filters.CharFilter(label="Search", method="search", max_length=200)
    email = filters.CharFilter(label="E-mail", method="by_email", max_length=254)
    label = SeveralFilter(label="Label", choices=LABELS, method="by_label", widget=Boxes)
    grade = SeveralFilter(label="Grade", choices=GRADES, method="by_grade", widget=Boxes)
    model = filters.CharFilter(label="Model", method="by_model", max_length=50, validators=[known_model])
    stage = SeveralFilter(label="Stage", choices=Stage, method="by_lead", widget=Boxes)
    segment = filters.ModelChoiceFilter(
        label="Segment", queryset=_segments, method="by_segment", empty_label="All leads"
    )
    team = TeamFilter(empty_label="All teams")
    owner = filters.ModelChoiceFilter(label="Owner", queryset=_colleagues, empty_label="Anybody")
    source = filters.CharFilter(label="Source", method="by_lead", max_length=100)
    campaign = filters.CharFilter(label="Campaign", method="by_lead", max_length=100)
    country = CountryFilter(label="Country", method="by_lead", max_length=100)

    class Meta:
        model = Standing
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Leads, or their companies, with words that begin with these.

        A search that finds few is answered from the leads it finds. One that finds many is answered from the list:
        read in its order, a page is soon full of matches.
        """
        query = search_query(value)
        if query is None:
            return queryset
        found = self.found(value)
        if found is None:
            return queryset.filter(Q(lead__search=query) | Q(lead__company__search=query))
        # As an array of unknown length: of a list of ids PostgreSQL would rather walk the whole list to meet them.
        return queryset.filter(Sql("({} = ANY(ARRAY(SELECT unnest({}::bigint[]))))", F("lead_id"), _ids(found)))

    def found(self, term: str) -> set[int] | None:
        """The leads that a search for these words finds; None if there are more than FEW. Asked once."""
        if term not in self._found:
            self._found[term] = self._find(term)
        return self._found[term]

    @cached_property
    def _found(self) -> dict[str, set[int] | None]:
        return {}

    def _find(self, term: str) -> set[int] | None:
        query, found = search_query(term), set[int]()
        leads = Lead.objects.visible_to(self.request.user)
        for matching in (leads.filter(search=query), leads.filter(company__in=Company.objects.filter(search=query))):
            found.update(matching.values_list("pk", flat=True)[: FEW + 1])
            if len(found) > FEW:
                return None
        return found

    def by_model(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return self._asked_of(value, queryset, "total", "known")

    def by_grade(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        if not value:
            return queryset
        if model := self._model:
            return self._asked_of(model, queryset, "grade", "any_of", value)
        return queryset.filter(grade__in=value)

    @property
    def _model(self) -> str:
        return self.form.cleaned_data.get("model") or ""

    def _asked_of(self, model: str, queryset: QuerySet, name: str, op: str, value: Any = None) -> QuerySet:
        """The leads of whose score by that model this is true."""
        test = {"field": f"score.{model}.{name}", "op": op} | ({} if value is None else {"value": value})
        return queryset.filter(lead__in=Lead.objects.filter(leads_matching(test)))

    def by_label(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        if value and (model := self._model):
            return self._asked_of(model, queryset, "label", "any_of", value)
        if value == [NOT_SCORED]:
            return queryset.filter(total=None)
        scored = Q(label__in=value)
        return queryset.filter(scored | Q(total=None) if NOT_SCORED in value else scored)

    def by_segment(self, queryset: QuerySet, name: str, value: Segment | None) -> QuerySet:
        """The leads inside now. A segment that can no longer be read holds nobody."""
        if value is None:
            return queryset
        try:
            return queryset.filter(lead__in=Lead.objects.filter(value.matching()))
        except ConditionError:
            return queryset.none()

    def by_email(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        found = Lead.objects.filter(email=value.strip().lower(), team__in=_teams(self.request))
        return queryset.filter(lead__in=found)

    def by_lead(self, queryset: QuerySet, name: str, value: Any) -> QuerySet:
        """With the team of the lead, since the indexes of leads begin with it: what is rare is found there, what is
        common is met soon in the order of the list."""
        if not value:
            return queryset
        path, asked = _of_lead(name, value)
        return queryset.filter(lead__team__in=list(_teams(self.request)), **{f"lead__{path}": asked})

    def leads(self, values: dict[str, Any]) -> QuerySet[Lead] | None:
        """The leads themselves, where nothing but these is asked: their indexes count them without a standing."""
        given = {name: value for name, value in values.items() if value}
        if not given or not given.keys() <= OF_LEADS:
            return None
        asked = dict(_of_lead(name, value) for name, value in given.items())
        return Lead.objects.filter(team__in=list(_teams(self.request))).filter(**asked)


def _ids(leads: set[int]) -> Value:
    return Value(sorted(leads), ArrayField(BigIntegerField()))


def _of_lead(name: str, value: Any) -> tuple[str, Any]:
    return (f"{name}__in" if isinstance(value, list) else name), value
