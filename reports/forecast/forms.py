"""What the page is asked: of which team, what if, and what a manager says instead of what was counted."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from leads.access import teams_with
from leads.asked import problems_of
from leads.enums import Label
from leads.models import Team, User
from leads.templatetags.ui import signed
from reports.forecast.assumptions import SHARES
from reports.forecast.scope import CHANGE, ForecastScope, WhatIf
from reports.models.forecast import Assumption, TeamForecast
from reports.scope import READ

NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", re.ASCII)
LABELS = [("", "All labels"), *Label.choices[:4]]


def _whole(least: int, most: int, **extra: Any) -> forms.IntegerField:
    said = f"Give a whole number from {signed(least)} to {most:,}."
    words = dict.fromkeys(("invalid", "min_value", "max_value"), said)
    return forms.IntegerField(required=False, min_value=least, max_value=most, error_messages=words, **extra)


class ForecastForm(forms.Form):
    """`team` (slug), and what if: `more` hundredths of new leads of a `label`, `reps` more."""

    team = forms.ModelChoiceField(
        Team.objects.none(), required=False, to_field_name="slug", empty_label="All teams",
        error_messages={"invalid_choice": "No such team among yours."},
    )  # fmt: skip
    label = forms.ChoiceField(choices=Label.choices[:4], required=False)
    more = _whole(-100, 1000, label="New leads of the label", help_text="In hundredths.")
    reps = _whole(-50, 50, label="More reps")

    def __init__(self, data: Mapping[str, Any], *, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams_with(user, READ))  # type: ignore[attr-defined]

    def scope(self) -> ForecastScope:
        """What was asked for: of a team that is none all, and no what-if where a part of it is wrong."""
        self.full_clean()
        given, wrong = self.cleaned_data, self.wrong_what_if
        label = given.get("label") or Label.HOT
        what_if = WhatIf() if wrong else WhatIf(label, given["more"] or 0, given["reps"] or 0)
        return ForecastScope(self.user, given.get("team"), what_if)

    @property
    def wrong_team(self) -> list[str]:
        return problems_of(self, "team")

    @property
    def wrong_what_if(self) -> list[str]:
        return problems_of(self, "label", "more", "reps")


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
        """A comma parts thousands; where it does not, it was meant otherwise, and nobody guesses how."""
        given = self.cleaned_data["value"].strip().removesuffix("%").replace("€", "").strip()
        if not NUMBER.fullmatch(given):
            raise ValidationError("Give a number, such as 25%, 12.5% or 18000.")
        return float(given.replace(",", ""))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "value" in given and given.get("name") in SHARES:
            given["value"] = round(given["value"] / 100, 6)  # 1.1% is 0.011, not 0.011000000000000001
        return given


def counts_of(teams: list[int], label: str) -> list[dict[str, Any]]:
    """What the evidence says of the label in each team: [{"team", "as_of", "counted": {name: value}}]. One query."""
    rows = TeamForecast.objects.latest_ones().filter(team__in=teams).select_related("team").order_by("team__name")
    return [{"team": row.team, "as_of": row.as_of, "counted": row.basis["labels"][label]["counted"]} for row in rows]


def counted(team: Team, name: str, label: str) -> float | None:
    """What the evidence says now; None where nothing was seen."""
    row = TeamForecast.objects.latest_ones().filter(team=team).first()
    return row.basis["labels"].get(label, {}).get("counted", {}).get(name) if row else None
