"""Models: what is live, and the draft that may follow."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leads import widgets
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis
from leads.models import Standing
from leads.requests import Request
from scoring.approvals import digest_of
from scoring.complexity import complexity
from scoring.diff import differences
from scoring.engine.definition import Definition, freeze, load
from scoring.layout import band_spans, grade_rows, handed_off, rules_of
from scoring.learning.page import learned_of
from scoring.models import Publication, ScoringModel, Version, VersionState
from scoring.revisions import history
from scoring.views.governing import publishing_of
from scoring.views.health import health_rows


class PublicationForm(forms.Form):
    """`at` empty: now."""

    note = forms.CharField(
        label="What is new, and why", max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept with the version, for everybody who asks later.",
        error_messages={"required": "Say in a sentence what is new and why: whoever asks later reads it here."},
    )  # fmt: skip
    at = forms.DateTimeField(
        label="When", required=False, widget=widgets.moment(),
        help_text="Empty: now. Otherwise the draft is published at this moment, as it is today or not at all.",
    )  # fmt: skip


@require_safe
@permission_required("scoring.view_scoringmodel", raise_exception=True)
def index(request: Request) -> HttpResponse:
    """Every model with its live version. Six queries, and one for each live model."""
    live = Prefetch("versions", Version.objects.live().select_related("published_by", "model"), to_attr="live")
    active = Count("criteria", Q(criteria__active=True))
    models = list(ScoringModel.objects.prefetch_related(live).annotate(active=active))
    standings = Standing.objects.visible_to(request.user)
    scored = dict(standings.order_by().values_list("version").annotate(Count("pk")))
    rows: list[dict[str, Any]] = [{"model": model, "live": v, "scored": scored.get(v.pk, 0) if v else None}
            for model in models for v in [next(iter(model.live), None)]]  # fmt: skip
    context = {"rows": rows, "unscored": scored.get(None, 0), "running": running().first()}
    context["health"] = health_rows([row["live"] for row in rows if row["live"]])
    return render(request, "scoring/index.html", context)


@require_safe
@permission_required("scoring.view_scoringmodel", raise_exception=True)
def model(request: Request, pk: int) -> HttpResponse:
    return model_page(request, get_object_or_404(ScoringModel, pk=pk), PublicationForm())


def model_page(request: Request, model: ScoringModel, form: PublicationForm, status: int = 200) -> HttpResponse:
    """The draft in sentences, what it changes, and every version so far. It is frozen once for all that ask of it."""
    versions = versions_of(model)
    live = next((version for version in versions if version.state == VersionState.LIVE), None)
    frozen, vocabulary = freeze(model), Vocabulary.load()
    context = _draft(load(frozen), live, vocabulary) | {
        "model": model, "versions": versions, "live": live, "form": form, "running": running().first(),
        "next_number": versions[0].number + 1 if versions else 1,
        "publishing": publishing_of(model, request.user, frozen), "digest": digest_of(model, frozen),
        "changes": history(model, vocabulary, most=3),
        "learned": learned_of(model),
        "inactive": model.criteria.filter(active=False).count(),
    }  # fmt: skip
    return render(request, "scoring/model.html", context, status=status)


def versions_of(model: ScoringModel) -> list[Any]:
    """Every version, the newest first. Two queries.

    `before`: the number of the one before it. `again`: its last publication, where it has been live before.
    """
    versions: list[Any] = list(model.versions.select_related("published_by").order_by("-number"))
    ended = Publication.objects.filter(version__model=model, finished_at__isnull=False, abandoned=False)
    published: dict[int, list[Publication]] = {}
    for one in ended.select_related("by").order_by("pk"):
        published.setdefault(one.version_id, []).append(one)
    for place, version in enumerate(versions, 1):
        version.before = versions[place].number if place < len(versions) else None
        version.again = published[version.pk][-1] if len(published.get(version.pk, [])) > 1 else None
    return versions


def _draft(draft: Definition, live: Version | None, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "draft": draft,
        "complexity": complexity(draft),
        "axes": rules_of(draft, vocabulary),
        "grades": grade_rows(draft),
        "engagement": band_spans(draft, Axis.ENGAGEMENT),
        "handed_off": handed_off(draft),
        "differences": differences(load(live.definition), draft, vocabulary) if live else [],
    }


def running() -> QuerySet[Publication]:
    """The version that is being scored now: at most one."""
    return Publication.objects.filter(finished_at__isnull=True).select_related("version__model")
