"""Every component once, as pages use them: for whoever builds a page, and for pictures."""

from dataclasses import dataclass
from types import SimpleNamespace

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from leads.enums import Cause, Label, Stage
from leads.requests import Request
from leads.selling.sla import Clock
from leads.views.ui_charts import samples


class SampleForm(forms.Form):
    """One field of each kind, bound to an answer that is wrong."""

    name = forms.CharField(label="Segment name", help_text="Seen by everyone in EMEA.")
    capacity = forms.IntegerField(
        label="Weekly capacity",
        max_value=50,
        error_messages={"max_value": "Write a number from 1 to 50, for example 7."},
    )
    owner = forms.ChoiceField(choices=[("kim", "Kim Moss"), ("rafael", "Rafael Ortiz")])
    reason = forms.ChoiceField(
        label="What is wrong?",
        choices=[("person", "Not the right person"), ("budget", "No budget this year")],
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)
    active = forms.BooleanField(label="Hand off at once", required=False, help_text="Without waiting for the night.")


@dataclass(frozen=True)
class Sample:
    """A standing, as far as the components ask."""

    name: str
    company: str
    total: int | None
    grade: str
    label: str
    change: int
    reason: str
    version: int | None = 7
    as_of: str | None = None


_STANDINGS = (
    Sample("Ana Ruiz", "Northwind Robotics", 86, "A1", Label.HOT, 34, "Asked for pricing today"),
    Sample("Omar Haddad", "Fairway Retail", 63, "B2", Label.WARM, 2, "Downloaded the price list"),
    Sample("Priya Nair", "Orchard Bank", 42, "C3", Label.COOL, -7, "Clicked two e-mails"),
    Sample("Ben Okafor", "Meridian Freight", 0, "D4", Label.COLD, 0, "–"),
    Sample("Lena Fuchs", "Rheintal Optik", None, "", Label.DISQUALIFIED, 0, "Works for a competitor"),
    Sample("Iker Sanz", "Tarn Engineering", None, "", "", 0, "–", version=None),
)
_CLOCKS = (Clock("", "3 h 30 min left", 12), Clock("soon", "2 h 20 min left", 42), Clock("late", "Late by 50 min", 100))
_FUNNEL = (("New leads", 2310, "all"), ("Handed off", 436, "19% of previous"), ("Customer", 97, "22% of previous"))


@require_safe
def ui_kit(request: Request) -> HttpResponse:
    answers = {"name": "Webinar follow-up", "capacity": "400", "owner": "kim", "reason": "person", "active": True}
    context = {
        "form": SampleForm(answers),
        "standings": _STANDINGS,
        "clocks": _CLOCKS,
        "stages": Stage.values,
        "causes": Cause.choices,
        "funnel": _FUNNEL,
        "scores": [52, 52, 59, 60, 62, 61, 64, 63, 62, 70, 86],
        "marks": SimpleNamespace(low=98.7, at=123.7, high=154.3),
        "interval": SimpleNamespace(low=0.15, high=0.24),
        "steps": ["File", "Columns and check", "Import"],
        "charts": samples(),
    }
    return render(request, "ui/kit.html", context)


urlpatterns: list[URLPattern] = [path("ui/", ui_kit, name="ui-kit")]
