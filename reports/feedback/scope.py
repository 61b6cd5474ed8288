"""Which handoffs feedback is about: the scope of a report, narrowed to a model and a source."""

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.http import urlencode

from leads.enums import HandoffState
from leads.models import Handoff
from reports.scope import Scope, ScopeForm
from scoring.models import ScoringModel

DECIDED = (HandoffState.ACCEPTED, HandoffState.REJECTED)


@dataclass(frozen=True)
class FeedbackScope(Scope):
    """`model`: leads it scored when they were handed off. `source`: where they came from."""

    model: ScoringModel | None = None
    source: str = ""

    def handoffs(self) -> QuerySet[Handoff]:
        """Handoffs opened in the range."""
        rows = super().handoffs()
        if self.model:
            rows = rows.filter(version__in=self.model.versions.values("pk"))
        return rows.filter(lead__source=self.source) if self.source else rows

    def with_before(self) -> QuerySet[Handoff]:
        """Handoffs opened in the range or in the one before: what a comparison reads, once."""
        return replace(self, first=self.before.first).handoffs()

    @property
    def query(self) -> str:
        """The same scope in an address."""
        given: dict[str, Any] = {"from": self.first, "to": self.last}
        if self.team:
            given["team"] = self.team.slug
        if self.model:
            given["model"] = self.model.slug
        return urlencode(given | ({"source": self.source} if self.source else {}))


class FeedbackForm(ScopeForm):
    """`from`, `to`, `team`, `model` (its slug) and `source` (as leads have it) of an address."""

    model = forms.ModelChoiceField(
        ScoringModel.objects.all(), required=False, to_field_name="slug", empty_label="All models",
        error_messages={"invalid_choice": "No such model."},
    )  # fmt: skip
    source = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"placeholder": "All sources", "list": "sources"})
    )

    def scope(self) -> FeedbackScope:
        """What was asked for; without valid data the last 90 days of everything."""
        base = super().scope()
        given = self.cleaned_data if self.is_valid() else {}
        return FeedbackScope(base.user, base.first, base.last, base.team, given.get("model"), given.get("source") or "")
