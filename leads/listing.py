"""The list of leads as the page shows it: what it is narrowed to, and the ways to narrow or widen it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from leads.asked import problems_of
from leads.enums import Label, Stage
from leads.filters import FEW, OF_LEADS, LeadFilters
from leads.keyset import Page, capped_count, page_of
from leads.models import Standing
from leads.requests import Request
from leads.rows import JOINED, standings_of
from leads.search import search_query

ORDER = "-total"
SIZE = 50
# How far leads are counted where an index knows, and where each has to be looked at.
COUNTED, LOOKED_AT = 10_000, 1_000
# Filters that an index of standings answers.
OF_STANDINGS = {"label", "grade", "team", "owner"}


@dataclass(frozen=True)
class Tab:
    name: str
    query: str
    count: int
    current: bool


@dataclass(frozen=True)
class Chip:
    """One condition of the list. `query` is the address without it."""

    name: str
    value: str
    query: str


class LeadListing:
    """The leads a person may see, narrowed by the address of the page. What makes no sense is left out, and told."""

    def __init__(self, request: Request):
        self.user = request.user
        self.everything = standings_of(request.user)
        self.filters = LeadFilters(request.GET, queryset=self.everything, request=request)
        self.query = request.GET.copy()
        self.query.pop("cursor", None)
        self.form = self.filters.form
        self.form.all_optional = True
        self.form.is_valid()

    @cached_property
    def rows(self) -> QuerySet[Standing]:
        return self._narrowed(self.form.cleaned_data)

    def page(self, cursor: str) -> Page:
        """Raises BadCursor."""
        return page_of(self.rows.select_related(*JOINED), order=ORDER, size=SIZE, cursor=cursor)

    @property
    def cap(self) -> int:
        """How far the leads of the list are counted."""
        return self._cap(self.form.cleaned_data)

    @cached_property
    def count(self) -> int:
        return self._count(self.form.cleaned_data)

    def _count(self, values: dict[str, Any]) -> int:
        rows, term = self.filters.leads(values), values.get("q")
        if term and search_query(term) and not any(value for name, value in values.items() if name != "q"):
            found = self.filters.found(term)
            return min(FEW if found is None else len(found), LOOKED_AT + 1)
        return capped_count(self._narrowed(values) if rows is None else rows, self._cap(values))

    def _cap(self, values: dict[str, Any]) -> int:
        given = {name for name, value in values.items() if value}
        return COUNTED if given <= OF_STANDINGS or given <= OF_LEADS else LOOKED_AT

    @property
    def asked(self) -> list[str]:
        """The filters the page asks for, beside those to tick; people of one team need not choose it."""
        several = self.user.is_superuser or len(self.user.team_ids) > 1
        return ["segment", "owner", *(["team"] if several else []), "source", "campaign", "country"]

    ticked = ("label", "grade", "stage")

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a new search keeps."""
        return [(name, value) for name, values in self.query.lists() if name != "q" for value in values]

    @property
    def is_narrowed(self) -> bool:
        return any(self.form.cleaned_data.values())

    @cached_property
    def tabs(self) -> list[Tab]:
        """The lists people open every day."""
        mine = {"owner": [str(self.user.pk)]}
        choices: list[tuple[str, dict[str, list[str]]]] = [
            ("All", {}),
            ("Hot", {"label": [Label.HOT]}),
            ("Warm", {"label": [Label.WARM]}),
            ("Nurture", {"stage": [Stage.NURTURE]}),
            ("Mine", mine),
        ]
        return [self._tab(name, query) for name, query in choices]

    def _tab(self, name: str, query: dict[str, Any]) -> Tab:
        columns = {f"{field}__in": values for field, values in query.items()}
        leads = self.filters.leads(query)
        count = capped_count(self.everything.filter(**columns) if leads is None else leads)
        return Tab(name, _address(query), count, dict(self.query.lists()) == query)

    @cached_property
    def chips(self) -> list[Chip]:
        return [
            Chip(str(self.form.fields[name].label), _spoken(self.form, name, value), self._without(name))
            for name, value in self.form.cleaned_data.items()
            if value and name != "q"
        ]

    @cached_property
    def problems(self) -> list[str]:
        """Filters of the address that make no sense here, in words."""
        return problems_of(self.form)

    @property
    def without_problems(self) -> str:
        """The address without those."""
        return self._without(*self.form.errors)

    def best_to_drop(self) -> tuple[str, int, str] | None:
        """(what, how many leads without it, the address without it) of the condition that hides most."""
        given = {name: value for name, value in self.form.cleaned_data.items() if value}
        counts = {name: self._count({key: other for key, other in given.items() if key != name}) for name in given}
        name = max(counts, key=lambda key: counts[key], default=None)
        if name is None or not counts[name]:
            return None
        what = f"{self.form.fields[name].label} {_spoken(self.form, name, given[name])}"
        return what, counts[name], self._without(name)

    def _narrowed(self, values: dict[str, Any]) -> QuerySet[Standing]:
        rows = self.everything
        for name, value in values.items():
            rows = self.filters.filters[name].filter(rows, value)
        return rows

    def _without(self, *names: str) -> str:
        query = self.query.copy()
        for name in names:
            query.pop(name, None)
        return query.urlencode()


def _address(query: dict[str, list[str]]) -> str:
    address = QueryDict(mutable=True)
    for name, values in query.items():
        address.setlist(name, values)
    return address.urlencode()


def _spoken(form: Any, name: str, value: Any) -> str:
    """The value as people say it: "Hot or Warm"."""
    if not isinstance(value, list):
        return str(value)
    words = dict(form.fields[name].choices)
    return " or ".join(str(words.get(item, item)) for item in value)
