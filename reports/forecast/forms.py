"""What a manager says instead of what was counted, as a form."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from leads.access import teams_with
from leads.enums import Label
from leads.models import Team, User
from reports.forecast.assumptions import SHARES
from reports.forecast.scope import CHANGE
from reports.models.forecast import Assumption, TeamForecast

LABELS = [("", "All labels"), *Label.choices[:4]]


class AssumptionForm(forms.Form):
    """Shares are given in hundredths, as the page shows them: 25 or 25%."""

    team = forms.ModelChoiceField(Team.objects.none(), to_field_name="slug", empty_label=None)
    name = forms.ChoiceField(choices=Assumption.Name.choices, label="What")
    label = forms.ChoiceField(choices=LABELS, required=False, help_text="All labels: only for leads nobody works.")
    value = forms.CharField(
        max_length=20, help_text="Shares in hundredths, amounts in euro: 25%, 18000. Counts and days as numbers."
    )
    why = forms.CharField(max_length=300, help_text="Whoever reads the forecast sees it.")

    def __init__(self, *args: Any, by: User, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams_with(by, CHANGE))  # type: ignore[attr-defined]

    def clean_value(self) -> float:
        given = self.cleaned_data["value"].strip().removesuffix("%").replace(",", "").replace("€", "").strip()
        try:
            return float(given)
        except ValueError:
            raise ValidationError("Give a number, such as 25% or 18000.") from None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "value" in given and given.get("name") in SHARES:
            given["value"] /= 100
        return given


def counts_of(teams: list[int], label: str) -> list[dict[str, Any]]:
    """What the evidence says of the label in each team: [{"team", "counted": {name: value}}]. One query."""
    rows = TeamForecast.objects.latest_ones().filter(team__in=teams).select_related("team").order_by("team__name")
    return [{"team": row.team, "counted": row.basis["labels"][label]["counted"]} for row in rows]


def counted(team: Team, name: str, label: str) -> float | None:
    """What the evidence says now; None where nothing was seen."""
    row = TeamForecast.objects.latest_ones().filter(team=team).first()
    return row.basis["labels"].get(label, {}).get("counted", {}).get(name) if row else None
