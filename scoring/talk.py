"""Criteria are talked about by everybody who sees models: they are the company's, not a team's."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from leads.requests import Request
from leads.talk import TOPICS, about_topic
from leads.views.comments import thread_page
from scoring.models import Criterion


def _name(pk: int) -> str | None:
    names = Criterion.objects.filter(pk=pk).values_list("model__name", "name")
    return next((f"“{name}” of {model}" for model, name in names), None)


def _url(pk: int) -> str:
    return reverse("scoring:criterion-comments", args=[pk])


TOPICS["criterion"] = ("scoring.view_criterion", _name, _url)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["scoring.view_criterion", "leads.view_comment"], raise_exception=True)
def criterion_comments(request: Request, pk: int) -> HttpResponse:
    """The thread of a criterion."""
    get_object_or_404(Criterion, pk=pk)
    about = about_topic(f"criterion:{pk}", request.user)
    assert about is not None  # it is there, and may be seen
    return thread_page(request, about)


urlpatterns: list[URLPattern] = [path("<int:pk>/comments/", criterion_comments, name="criterion-comments")]
