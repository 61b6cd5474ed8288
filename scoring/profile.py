"""Six questions about the ideal customer become the fit part of a draft; what they do is taken from a starter."""

from typing import Any

from django import forms
from django.db.models import Count

from leads.enums import Seniority
from leads.ingest.normalise.countries import country_name
from leads.ingest.normalise.industries import industries
from leads.ingest.normalise.titles import departments
from leads.models import Company, Lead
from scoring.modelfile.starters import starters

MOST, FEW = 30, 5  # industries and countries offered, the most frequent first; so few are no choice
COMMON = "US GB DE FR NL BE CH AT ES IT PT IE SE DK NO FI PL CZ CA AU IN SG JP BR MX".split()
# What each answer is worth beside the others; together they reach the limit of fit, whichever are given.
WEIGHTS = {"sizes": 16, "industries": 12, "seniority": 16, "departments": 8, "countries": 6}
LESS = 9 / 16  # of the points, for who prepares a decision that others take
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
    industries = _several("1. In which industries are your customers?", "Those of your leads' companies come first.")
    sizes = _several("2. How many people work there?", "In the whole company.", choices=SIZE_CHOICES)
    countries = _several("3. In which countries?", "Those of your leads come first.")
    seniority = _several(
        "4. Who decides to buy, or prepares it?", "Read from the job title. Who signs gives more than who prepares.",
        choices=Seniority.choices[:-1],
    )  # fmt: skip
    departments = _several("5. In which departments do they work?", "Read from the job title.")
    bad = _several(
        "6. Who hardly ever buys?", "These take points away.", choices=[(k, name) for k, (name, *_) in BAD_FITS.items()]
    )
    does = forms.ChoiceField(
        label="What leads do before they buy", initial="b2b-saas", required=False,
        help_text="The engagement part of the model is taken from this starter. You can change all of it afterwards.",
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        offered = {
            "industries": [(value, value) for value in _offered(_frequent(Company, "industry"), industries())],
            "countries": [(code, country_name(code)) for code in _offered(_frequent(Lead, "country"), COMMON)],
            "does": [(starter.key, f"As in “{starter.file['name']}”") for starter in starters()],
            "departments": [(name, name.upper() if len(name) < 3 else name.capitalize()) for name in departments()],
        }
        for name, choices in offered.items():
            field: Any = self.fields[name]
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not any(answers.get(name) for name in WEIGHTS):
            raise forms.ValidationError("Answer at least one of the first five questions: it says who is a good fit.")
        return answers


def _frequent(rows: Any, column: str) -> list[str]:
    known = rows.objects.exclude(**{column: ""}).values_list(column)
    return [value for value, _ in known.annotate(n=Count("pk")).order_by("-n", column)[:MOST]]


def _offered(known: list[str], usual: list[str]) -> list[str]:
    """What leads have; a company that has next to no leads yet is offered what is usual too."""
    return known if len(known) >= FEW else [*known, *(value for value in usual if value not in known)]


def profile_file(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as a model file. Fit reaches its limit where every answered question is met."""
    key = answers.get("does") or "b2b-saas"
    rest = next(starter for starter in starters() if starter.key == key).file
    worth = worth_of([name for name in WEIGHTS if answers[name]], rest["axis_limit"])
    company = [*_sizes(answers, worth), *_among("Industry", "company.industry", answers, "industries", worth)]
    role = [*_roles(answers, worth), *_among("Department", "department", answers, "departments", worth)]
    fit = [
        _group("Company", company),
        _group("Role", role),
        _group("Place", _among("Country", "country", answers, "countries", worth)),
        _group("Warning signs", [_rule(*BAD_FITS[key]) for key in answers["bad"]], floor=-25),
    ]
    does = [group for group in rest["groups"] if group["axis"] == "engagement"]
    told = f"Made from six questions about the ideal customer; what leads do counts as in “{rest['name']}”."
    return rest | {
        "name": answers["name"], "slug": "ideal-customers", "description": told, "fields": [],
        "groups": [group for group in fit if group["criteria"]] + does,
    }  # fmt: skip


def worth_of(answered: list[str], limit: int) -> dict[str, int]:
    """Points of each answered question, by weight; together the limit of fit."""
    whole = sum(WEIGHTS[name] for name in answered)
    worth = {name: limit * WEIGHTS[name] // whole for name in answered}
    worth[answered[0]] += limit - sum(worth.values())
    return worth


def _group(name: str, criteria: list[dict[str, Any]], floor: int | None = None) -> dict[str, Any]:
    return {"name": name, "axis": "fit", "at_most": None, "at_least": floor, "criteria": criteria}


def _rule(name: str, when: dict[str, Any], points: int) -> dict[str, Any]:
    plain = {"counting": "once", "days": None, "at_most": None, "disqualifies": False, "switched_off": False}
    return {"name": name[:120], "when": when, "points": points} | plain


def _sizes(answers: dict[str, Any], worth: dict[str, int]) -> list[dict[str, Any]]:
    """One criterion for each run of neighbouring sizes: 50 to 999 employees."""
    keys, rules, run = [*SIZES, "5000-"], [], []
    for key in [*keys, ""]:
        if key in answers["sizes"]:
            run.append(key)
        elif run:
            rules.append(_size(run, worth["sizes"]))
            run = []
    return rules


def _size(run: list[str], points: int) -> dict[str, Any]:
    low = SIZES[run[0]][0] if run[0] in SIZES else LARGEST
    if run[-1] not in SIZES:
        when: dict[str, Any] = {"field": "company.employees", "op": "at_least", "value": low}
        return _rule(f"{low:,} or more employees", when, points)
    high = SIZES[run[-1]][1]
    when = {"field": "company.employees", "op": "between", "value": [low, high]}
    return _rule(f"{low:,} to {high:,} employees", when, points)


def _roles(answers: dict[str, Any], worth: dict[str, int]) -> list[dict[str, Any]]:
    """Those who sign give more than those who prepare."""
    words, chosen = dict(Seniority.choices), answers["seniority"]
    halves = [[key for key in chosen if key in SENIOR], [key for key in chosen if key not in SENIOR]]
    points = worth.get("seniority", 0)
    each = (points, round(points * LESS) if all(halves) else points)
    return [
        _rule(" or ".join(words[key] for key in half), _one_of("seniority", half), given)
        for half, given in zip(halves, each, strict=True) if half
    ]  # fmt: skip


def _among(title: str, field: str, answers: dict[str, Any], name: str, worth: dict[str, int]) -> list[dict[str, Any]]:
    values = answers[name]
    if not values:
        return []
    told = f"{title}: {', '.join(values)}"
    return [_rule(told if len(told) < 80 else f"{title} we sell to", _one_of(field, values), worth[name])]


def _one_of(field: str, values: list[str]) -> dict[str, Any]:
    if len(values) == 1:
        return {"field": field, "op": "is", "value": values[0]}
    return {"field": field, "op": "any_of", "value": values}
