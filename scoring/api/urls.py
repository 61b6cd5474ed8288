"""Addresses of this app's API."""

from django.urls import URLPattern, URLResolver, re_path

from leads.api.routers import Router
from scoring.api import (
    control,
    drafts,
    experiments,
    learning,
    likelihood,
    models,
    overrides,
    previews,
    standings,
    suggestions,
    whatif,
)

router = Router()
router.register("models", models.ModelViewSet)
router.register("experiments", experiments.ExperimentViewSet)

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^leads/(?P<pk>[0-9]{1,18})/standing/?$", standings.StandingView.as_view(), name="api-standing"),
    re_path(r"^leads/(?P<pk>[0-9]{1,18})/history/?$", standings.HistoryView.as_view(), name="api-history"),
    re_path(r"^leads/(?P<pk>[0-9]{1,18})/what-if/?$", whatif.WhatIfView.as_view(), name="api-what-if"),
    re_path(r"^leads/(?P<pk>[0-9]{1,18})/override/?$", overrides.OverrideView.as_view(), name="api-override"),
    re_path(r"^publishing-policy/?$", drafts.PolicyView.as_view(), name="api-publishing-policy"),
    re_path(r"^models/(?P<pk>[0-9]{1,9})/preview/?$", previews.PreviewView.as_view(), name="api-preview"),
    re_path(r"^models/(?P<pk>[0-9]{1,9})/preview/leads/?$", previews.MoversView.as_view(), name="api-preview-leads"),
    re_path(r"^models/(?P<pk>[0-9]{1,9})/calibration/?$", likelihood.CalibrationView.as_view(), name="api-calibration"),
    re_path(r"^leads/(?P<pk>[0-9]{1,18})/likelihood/?$", likelihood.LikelihoodView.as_view(), name="api-likelihood"),
    re_path(r"^learnings/?$", learning.LearningsView.as_view(), name="api-learnings"),
    re_path(r"^learnings/(?P<pk>[0-9]{1,9})/?$", learning.LearningView.as_view(), name="api-learning"),
    re_path(
        r"^learnings/(?P<pk>[0-9]{1,9})/cancellation/?$",
        learning.CancellationView.as_view(),
        name="api-learning-cancellation",
    ),
    re_path(r"^learnings/(?P<pk>[0-9]{1,9})/draft/?$", learning.LearnedDraftView.as_view(), name="api-learning-draft"),
    re_path(r"^learning-readiness/?$", learning.ReadinessView.as_view(), name="api-learning-readiness"),
    re_path(r"^learning-refresh/?$", learning.RefreshView.as_view(), name="api-learning-refresh"),
    re_path(r"^suggestions/?$", suggestions.SuggestionsView.as_view(), name="api-suggestions"),
    re_path(r"^suggestions/(?P<pk>[0-9]{1,9})/?$", suggestions.SuggestionView.as_view(), name="api-suggestion"),
    re_path(
        r"^suggestions/(?P<pk>[0-9]{1,9})/adoption/?$",
        suggestions.AdoptionView.as_view(),
        name="api-suggestion-adoption",
    ),
    re_path(
        r"^suggestions/(?P<pk>[0-9]{1,9})/dismissal/?$",
        suggestions.DismissalView.as_view(),
        name="api-suggestion-dismissal",
    ),
    re_path(r"^suggestion-counts/?$", suggestions.CountsView.as_view(), name="api-suggestion-counts"),
    re_path(r"^control-sample/?$", control.ControlSampleView.as_view(), name="api-control-sample"),
    re_path(r"^control-sample/leads/?$", control.CasesView.as_view(), name="api-control-leads"),
    re_path(r"^experiments/plan/?$", experiments.PlanView.as_view(), name="api-experiment-plan"),
    re_path(
        r"^experiments/(?P<pk>[0-9]{1,9})/leads/?$", experiments.ParticipantsView.as_view(), name="api-experiment-leads"
    ),
    *router.urls,
]
