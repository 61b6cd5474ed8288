"""Six questions about the ideal customer become the fit part of a draft; what they do is taken from a starter."""

from typing import Any

from django import forms
from django.db.models import Count

from leads.enums import Seniority
from leads.ingest.normalise.countries import country_name
from leads.ingest.normalise.titles import departments
from leads.models import Company, Lead
from scoring.modelfile.starters import starters

MOST = 30  # industries and countries offered, the most frequent first
SIZES = {"1-9": (1, 9), "10-49": (10, 49), "50-249": (50, 249), "250-999": (250, 999), "1000-4999": (1000, 4999)}
LARGEST = 5000
SIZE_CHOICES = [*((key, f"{low:,} to {high:,}") for key, (low, high) in SIZES.items()), ("5000-", "5,000 or more")]
SENIOR = (Seniority.C_LEVEL, Seniority.VP, Seniority.DIRECTOR, Seniority.HEAD)
BAD_FITS = {
    "students": ("Student or trainee", {"field": "seniority", "op": "is", "value": "trainee"}, -20),
    "free": ("Free e-mail address", {"field": "email_kind", "op": "is", "value": "free"}, -10),
    "nameless": ("Company unknown", {"field": "company.name", "op": "unknown"}, -8),
}


def _several(label: str, help_text: str, **extra: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, required=False, widget=forms.CheckboxSelectMultiple, **extra
    )


class ProfileForm(forms.Form):
    """Who buys from you? Each question may be left open: then it gives no points."""

    name = forms.CharField(label="Name of the model", max_length=90, initial="Ideal customers")
    industries = _several("In which industries are they?", "Those your leads' companies have, most frequent first.")
    sizes = _several("How many people work there?", "Employees of the company.", choices=SIZE_CHOICES)
    countries = _several("In which countries?", "Those of your leads, most frequent first.")
    seniority = _several("Whose decision is it?", "By the job title of the lead.", choices=Seniority.choices[:-1])
    departments = _several("In which departments?", "By the job title of the lead.")
    bad = _several(
        "Who is never a customer?", "These take points.", choices=[(key, name) for key, (name, *_) in BAD_FITS.items()]
    )

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        offered = {
            "industries": [(value, value) for value in _frequent(Company, "industry")],
            "countries": [(code, country_name(code)) for code in _frequent(Lead, "country")],
            "departments": [(name, name.upper() if len(name) < 3 else name.capitalize()) for name in departments()],
        }
        for name, choices in offered.items():
            field: Any = self.fields[name]
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not any(answers.get(name) for name in ("industries", "sizes", "countries", "seniority", "departments")):
            raise forms.ValidationError("Answer at least one of the first five questions: it says who is a good fit.")
        return answers


def _frequent(rows: Any, column: str) -> list[str]:
    known = rows.objects.exclude(**{column: ""}).values_list(column)
    return [value for value, _ in known.annotate(n=Count("pk")).order_by("-n", column)[:MOST]]


def profile_file(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as a model file. Fit adds up to its limit where every answer is met."""
    rest = next(starter for starter in starters() if starter.key == "b2b-saas").file
    fit = [
        _group(
            "Company",
            28,
            [*_sizes(answers["sizes"]), *_among("Industry", "company.industry", answers, "industries", 12)],
        ),
        _group(
            "Role", 22, [*_roles(answers["seniority"]), *_among("Department", "department", answers, "departments", 8)]
        ),
        _group("Place", 6, [*_among("Country", "country", answers, "countries", 6)]),
        _group("Warning signs", None, [_rule(*BAD_FITS[key]) for key in answers["bad"]], floor=-25),
    ]
    does = [group for group in rest["groups"] if group["axis"] == "engagement"]
    described = "Made from six questions about the ideal customer; what leads do counts as in “B2B software”."
    return rest | {
        "name": answers["name"], "slug": "ideal-customers", "description": described,
        "groups": [group for group in fit if group["criteria"]] + does,
    }  # fmt: skip


def _group(name: str, cap: int | None, criteria: list[dict[str, Any]], floor: int | None = None) -> dict[str, Any]:
    return {"name": name, "axis": "fit", "at_most": cap, "at_least": floor, "criteria": criteria}


def _rule(name: str, when: dict[str, Any], points: int) -> dict[str, Any]:
    plain = {"counting": "once", "days": None, "at_most": None, "disqualifies": False, "switched_off": False}
    return {"name": name[:120], "when": when, "points": points} | plain


def _sizes(chosen: list[str]) -> list[dict[str, Any]]:
    """One criterion for each run of neighbouring sizes: 50 to 999 employees."""
    keys, rules, run = [*SIZES, "5000-"], [], []
    for key in [*keys, ""]:
        if key in chosen:
            run.append(key)
        elif run:
            rules.append(_size(run))
            run = []
    return rules


def _size(run: list[str]) -> dict[str, Any]:
    low = SIZES[run[0]][0] if run[0] in SIZES else LARGEST
    if run[-1] not in SIZES:
        when: dict[str, Any] = {"field": "company.employees", "op": "at_least", "value": low}
        return _rule(f"{low:,} or more employees", when, 16)
    high = SIZES[run[-1]][1]
    when = {"field": "company.employees", "op": "between", "value": [low, high]}
    return _rule(f"{low:,} to {high:,} employees", when, 16)


def _roles(chosen: list[str]) -> list[dict[str, Any]]:
    """Those who sign give more than those who prepare."""
    words = dict(Seniority.choices)
    halves = [[key for key in chosen if key in SENIOR], [key for key in chosen if key not in SENIOR]]
    return [
        _rule(" or ".join(words[key] for key in half), {"field": "seniority", "op": "any_of", "value": half}, points)
        for half, points in zip(halves, (16, 9), strict=True) if half
    ]  # fmt: skip


def _among(title: str, field: str, answers: dict[str, Any], name: str, points: int) -> list[dict[str, Any]]:
    values = answers[name]
    if not values:
        return []
    told = f"{title}: {', '.join(values)}"
    return [
        _rule(
            told if len(told) < 80 else f"{title} we sell to", {"field": field, "op": "any_of", "value": values}, points
        )
    ]
