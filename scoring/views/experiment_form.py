"""A new experiment: what is compared with what, and what can be found with how many leads."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from leads.requests import Request
from scoring.approvals import nothing_new
from scoring.experiments.plan import MOST, Plan, Volume, findable, plan, shares_of, volume
from scoring.experiments.running import Challenger, start
from scoring.experiments.taken import taken, taken_by
from scoring.models import Outcome, ScoringModel, Version
from scoring.views.experiments import MAY_RUN

SHARES = [("", "Equal parts"), *((percent, f"{percent}% of new leads each") for percent in (5, 10, 20, 30))]
DAYS = [(days, f"{days} days") for days in (7, 14, 30, 60, 90, 180)]


class _Models(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        running = self.running.get(obj.pk)
        return f"{obj} (taken by “{running}”)" if running else str(obj)

    @property
    def running(self) -> dict[int, Any]:
        if not hasattr(self, "_running"):
            self._running = taken_by()
        return self._running


class ExperimentForm(forms.Form):
    """`base` and `effect` in percent, as people say them; `share` too."""

    name = forms.CharField(max_length=100, help_text="What is tried, in a few words: Intent first.")
    model = _Models(
        ScoringModel.objects.none(), help_text="Its live version is the champion. New leads of its audience take part."
    )
    challengers = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text=f"Frozen as they are, for the champion’s audience. Up to {MOST}.",
    )
    share = forms.TypedChoiceField(
        label="Challenger’s share", choices=SHARES, coerce=int, empty_value=None, required=False,
        help_text="A small one is a careful start: fewer leads follow what is untried, and it takes longer.",
    )  # fmt: skip
    outcome = forms.ChoiceField(label="What decides", choices=Outcome)
    within = forms.TypedChoiceField(
        label="Counted within", coerce=int, choices=DAYS, initial=30,
        help_text="Of a lead’s coming in. A lead counts once that time is over.",
    )  # fmt: skip
    base = forms.FloatField(
        label="Rate today, in percent", min_value=0.1, max_value=99.9, required=False,
        help_text="Empty: the rate of the last year.",
    )  # fmt: skip
    effect = forms.FloatField(
        label="Difference to find, in points", min_value=-90, max_value=90, initial=5,
        help_text="The smallest that would be worth switching for.",
    )  # fmt: skip
    shadow = forms.BooleanField(
        label="Only in the shadow", required=False,
        help_text="Challengers score the same leads, and decide nothing: no label, no handoff, no alert.",
    )  # fmt: skip

    def __init__(self, *args: Any, **extra: Any) -> None:
        super().__init__(*args, **extra)
        live = ScoringModel.objects.filter(versions__state="live").distinct()
        self.fields["model"].queryset = live  # type: ignore[attr-defined]
        asked = self.data.get("model") or self.initial.get("model")
        self.chosen = next((model for model in live if str(model.pk) == str(asked)), live.first())
        self.initial["model"] = self.chosen and self.chosen.pk
        busy = self.fields["model"].running  # type: ignore[attr-defined]
        self.free = [model for model in live if model.pk not in busy]
        offered = list(_choices(self.chosen))
        self.fields["challengers"].choices = offered  # type: ignore[attr-defined]
        self.initial["challengers"] = [key for key, _ in offered[:1]]

    def clean_effect(self) -> float:
        effect = self.cleaned_data["effect"]
        if abs(effect) < 0.1:
            raise ValidationError("Give at least a tenth of a point, up or down.")
        return effect

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("challengers"):
            try:
                given["shares"] = shares_of(len(given["challengers"]), given.get("share") and given["share"] / 100)
            except ValidationError as error:
                self.add_error(None, error)
        return given

    def clean_challengers(self) -> list[Challenger]:
        given = self.cleaned_data["challengers"]
        if len(given) > MOST:
            raise ValidationError(f"Choose {MOST} at most.")
        return [_challenger(one) for one in given]


def _choices(model: ScoringModel | None) -> Iterator[tuple[str, str]]:
    """The model's own draft where it says anything new, its older versions, and the drafts of other models."""
    if model is None:
        return
    if not nothing_new(model):
        yield f"draft-{model.pk}", f"The draft of {model}"
    for version in model.versions.exclude(state="live").exclude(state="scoring")[:10]:
        yield f"version-{version.pk}", f"Version {version.number}{f': {version.note}' if version.note else ''}"
    for other in ScoringModel.objects.exclude(pk=model.pk).filter(criteria__active=True).distinct():
        yield f"draft-{other.pk}", f"The draft of {other}"


def _challenger(given: str) -> Challenger:
    """Of a choice that the form offered."""
    kind, _, pk = given.partition("-")
    if kind == "version":
        return Challenger(Version.objects.select_related("model").get(pk=pk))
    return Challenger(ScoringModel.objects.get(pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_RUN
def new(request: Request) -> HttpResponse:
    """GET shows the form; POST starts, or with `size` says what would be found by what is in the form."""
    given = request.POST if request.method == "POST" else request.GET
    form = ExperimentForm(
        given if request.method == "POST" or "effect" in given else None, initial={"model": given.get("model")}
    )
    starts = request.method == "POST" and "size" not in given
    if starts and form.is_valid():
        try:
            made = _start(form, request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Started. From now on each new lead is on one side.")
            return redirect("scoring:experiment", made.pk)
    if request.htmx and given.get("model") != given.get("shown"):
        return HttpResponseClientRedirect(f"{request.path}?{urlencode({'model': given.get('model', '')})}")
    size = _size(form)
    if request.htmx:
        response = render(request, "scoring/experiments/_size.html", size)
    else:
        context = {"form": form, "taken": form.chosen and taken(form.chosen), **size}
        response = render(request, "scoring/experiments/new.html", context, status=422 if starts else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _start(form: ExperimentForm, by: Any) -> Any:
    given, size = form.cleaned_data, _size(form)
    if size["plan"] is None:
        raise ValidationError("Say what the rate is today: nothing is known of the last year.")
    return start(
        given["model"], name=given["name"], challengers=given["challengers"], plan=size["plan"], by=by,
        shadow=given["shadow"],
    )  # fmt: skip


def _size(form: ExperimentForm) -> dict[str, Any]:
    """What the fields that are right so far say about size and time."""
    if form.is_bound:
        form.is_valid()
    given = getattr(form, "cleaned_data", {}) or {}
    if form.chosen is None:
        return {"plan": None, "volume": None, "table": [], "model": None}
    outcome, within = given.get("outcome") or Outcome.ACCEPTED, given.get("within") or 30
    known = volume(form.chosen, within)
    base = _base(given.get("base"), known, outcome)
    shares = given.get("shares") or shares_of(len(given.get("challengers") or [None]))
    told: dict[str, Any] = {"volume": known, "model": form.chosen, "rate": known.rate(outcome), "outcome": outcome,
                            "within": within, "base": base, "shares": shares, "table": []}  # fmt: skip
    return told | _found(known, base, given.get("effect", 5.0) / 100, outcome, within, shares)


def _base(given: float | None, known: Volume, outcome: str) -> float | None:
    if given:
        return given / 100
    rate = known.rate(outcome)
    return min(0.99, max(0.001, rate.k / rate.n)) if rate.k and rate.enough else None


def _found(
    known: Volume, base: float | None, effect: float, outcome: str, within: int, shares: tuple[float, ...]
) -> dict[str, Any]:
    if base is None:
        return {"plan": None}
    asked: dict[str, Any] = {"outcome": outcome, "within": within, "base": base, "shares": shares}
    made: Plan | None = None
    if 0 <= base + effect <= 1:
        made = plan(known, effect=effect, **asked)
    return {"plan": made, "then": base + effect, "table": findable(known, **asked)}
