"""Leads that may be one, side by side: merge them, say that they are not the same, and take either back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from leads.access import teams_with
from leads.asked import page_asked
from leads.enums import PairState
from leads.identity import CannotMerge, finding, merge, unmerge
from leads.identity.pairs import RIGHT, dismiss, merges_of, pairs_of, reopen, side_by_side
from leads.keyset import capped_count
from leads.models import Merge
from leads.requests import Request, whole

MAY = permission_required(RIGHT, raise_exception=True)
SIZE = 20
AT_ONCE = 200
DEFAULT_FROM = 95
STATES = (PairState.OPEN, PairState.DIFFERENT)


class ShownForm(forms.Form):
    """`from`: percent; `state`: which pairs."""

    state = forms.ChoiceField(choices=[(state, state.label) for state in STATES], required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        percent = forms.IntegerField(
            min_value=finding.SHOWN_FROM, max_value=99, required=False, label="Confidence from"
        )
        self.fields["from"] = percent  # a word of Python's own


@require_safe
@MAY
def duplicates(request: Request) -> HttpResponse:
    form = ShownForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    state, least = given.get("state") or PairState.OPEN, given.get("from") or finding.SHOWN_FROM
    pairs = pairs_of(request.user).filter(state=state, confidence__gte=least)
    rows = pairs.select_related("low__company", "high__company", "low__owner", "high__owner", "team")
    page = page_asked(request, rows, order="-confidence", size=SIZE)
    context = {
        "form": form, "page": page, "pairs": [side_by_side(pair) for pair in page.rows], "state": state, "from": least,
        "count": capped_count(pairs), "sure": capped_count(_sure(request, DEFAULT_FROM)), "sure_from": DEFAULT_FROM,
        "at_once": AT_ONCE, "common": finding.too_common(teams_with(request.user, RIGHT)), "block": finding.BLOCK,
        "waiting": finding.waiting(),
    }  # fmt: skip
    return render(request, "leads/duplicates.html", context, status=200 if form.is_valid() else 422)


@require_POST
@MAY
def merging(request: Request, pk: int) -> HttpResponse:
    """Fields of the form: survivor (id), and for each field that differs the id of the lead whose value counts."""
    pair = get_object_or_404(pairs_of(request.user).select_related("low", "high"), pk=pk)
    shown = side_by_side(pair)
    survivor, other = shown.survivor, shown.other
    if request.POST.get("survivor") == str(other.pk):
        survivor, other = other, survivor
    take = [one.field for one in shown.differences if request.POST.get(one.field) == str(other.pk)]
    try:
        merge(survivor, other, by=request.user, take=take, pair=pair)
    except CannotMerge as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{other} is part of {survivor} now. The list of merges takes it back.")
    return _back(request)


@require_POST
@MAY
def dismissal(request: Request, pk: int) -> HttpResponse:
    """Not the same; with `undo`, to be decided again."""
    pair = get_object_or_404(pairs_of(request.user), pk=pk)
    if "undo" in request.POST:
        reopen(pair, by=request.user)
        messages.success(request, f"{pair.low} and {pair.high} are to be decided again.")
    else:
        dismiss(pair, by=request.user)
        messages.success(request, f"{pair.low} and {pair.high} are two people. Nobody is asked again.")
    return _back(request)


@require_POST
@MAY
def bulk(request: Request) -> HttpResponse:
    """Merge every pair from a confidence on, AT_ONCE at most."""
    sure = _sure(request, whole(request.POST.get("from", ""), digits=3) or 100)
    done = finding.merge_pairs(list(sure.order_by("-confidence", "pk")[:AT_ONCE]), by=request.user)
    messages.success(request, f"{done} merged. The list of merges takes each back.")
    return redirect("duplicates")


@require_safe
@MAY
def merges(request: Request) -> HttpResponse:
    rows = merges_of(request.user).select_related("survivor", "merged", "by", "undone_by", "team")
    page = page_asked(request, rows, order="-at", size=50)
    return render(request, "leads/merges.html", {"page": page})


@require_POST
@MAY
def undoing(request: Request, pk: int) -> HttpResponse:
    """Part the two again."""
    done = get_object_or_404(merges_of(request.user), pk=pk)
    try:
        unmerge(done, by=request.user)
    except CannotMerge as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{done.merged} is a lead of its own again.")
    return redirect("lead", Merge.objects.get(pk=pk).merged_id)


def _sure(request: Request, least: int) -> Any:
    return pairs_of(request.user).filter(state=PairState.OPEN, confidence__gte=least)


def _back(request: Request) -> HttpResponse:
    query = request.GET.urlencode()
    return redirect(reverse("duplicates") + (f"?{query}" if query else ""))


urlpatterns: list[URLPattern] = [
    path("duplicates/", duplicates, name="duplicates"),
    path("duplicates/merges/", bulk, name="duplicates-bulk"),
    path("duplicates/<int:pk>/merge/", merging, name="duplicate-merge"),
    path("duplicates/<int:pk>/dismissal/", dismissal, name="duplicate-dismissal"),
    path("merges/", merges, name="merges"),
    path("merges/<int:pk>/undoing/", undoing, name="merge-undoing"),
]
