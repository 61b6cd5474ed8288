"""What a list of the API is narrowed to by the names in its address."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request

FORMAT = "format"  # of the answer; what the framework itself understands
YES_OR_NO = "Write true or false."


class Filters(DjangoFilterBackend):
    """A name that the list does not have, or a value that means nothing, is refused with 400 under that name.

    An answer that left it out would look like the one that was asked for.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        if isinstance(view, ListModelMixin) and getattr(view, "action", "list") == "list":
            filterset = self.get_filterset(request, queryset, view)
            names = filterset.filters if filterset else ()
            if problems := _unknown(request, view, names) | _neither(request, filterset):
                raise ValidationError(problems)
        return super().filter_queryset(request, queryset, view)


def refuse_others(request: Request, view: Any, *names: str) -> None:
    """The same for a list of what belongs to one row, narrowed by no more than these names. Raises ValidationError."""
    if problems := _unknown(request, view, names):
        raise ValidationError(problems)


def yes(request: Request, name: str) -> bool:
    """Whether the address says true. Raises ValidationError where it says neither."""
    given = request.query_params.get(name) or "false"
    if given not in ("true", "false"):
        raise ValidationError({name: [YES_OR_NO]})
    return given == "true"


def _unknown(request: Request, view: Any, filters: Iterable[str]) -> dict[str, list[str]]:
    names = [*filters, *(each["name"] for each in view.paginator.get_schema_operation_parameters(view))]
    said = f"This list has no such filter. It has: {', '.join(names)}."
    return {name: [said] for name in request.query_params if name not in (*names, FORMAT)}


def _neither(request: Request, filterset: Any) -> dict[str, list[str]]:
    """Where yes or no is asked and something else is said, which forms take for nothing said."""
    asked = filterset.filters.items() if filterset else ()
    said = {name: request.query_params.get(name) for name, one in asked if isinstance(one, filters.BooleanFilter)}
    read = filterset.form.cleaned_data if said and filterset.form.is_valid() else {}
    return {name: [YES_OR_NO] for name, given in said.items() if given and read.get(name, ...) is None}
