"""What is changed in the admin is entered in the history of the draft."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from scoring.models import ScoringModel
from scoring.revisions import keep, record

ORIGIN = "admin"


class RecordedAdmin(ModelAdmin):
    """For rows that are part of a draft. `models_of` says of which."""

    def models_of(self, rows: Iterable[Any]) -> list[ScoringModel]:
        raise NotImplementedError

    @contextmanager
    def recorded(self, request: HttpRequest, rows: Iterable[Any]) -> Iterator[None]:
        """Changes inside are put down to who is signed in."""
        models = self.models_of(rows)
        with transaction.atomic():
            for model in models:
                keep(model)
            yield
            for model in models:
                record(model, by=request.user, origin=ORIGIN)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        for model in self.models_of([obj]):
            keep(model)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for model in self.models_of([form.instance]):
            record(model, by=request.user, origin=ORIGIN)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with self.recorded(request, self._staying([obj])):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with self.recorded(request, self._staying(queryset)):
            super().delete_queryset(request, queryset)

    def _staying(self, rows: Iterable[Any]) -> list[Any]:
        """A model that goes takes its history along."""
        return [row for row in rows if not isinstance(row, ScoringModel)]
