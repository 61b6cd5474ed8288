"""Pages of this app."""

from django.urls import URLPattern, URLResolver, include, path

from scoring.views import (
    conditions,
    drafts,
    governing,
    health,
    models,
    overrides,
    previews,
    publications,
    standings,
    starting,
)

app_name = "scoring"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", models.index, name="index"),
    path("models/new/", starting.new, name="new"),
    path("models/new/file", starting.upload, name="upload"),
    path("models/new/profile/", starting.profile, name="profile"),
    path("models/new/starters/<slug:key>", starting.starter, name="starter"),
    path("models/<int:pk>/", models.model, name="model"),
    path("models/<int:pk>/file", starting.draft_as_file, name="file"),
    path("models/<int:pk>/versions/<int:number>/file", starting.version_as_file, name="version-file"),
    path("models/<int:pk>/changes/", drafts.changes, name="changes"),
    path("models/<int:pk>/changes/<int:revision>/restoration", drafts.restore_revision, name="revision-restoration"),
    path("models/<int:pk>/versions/<int:number>/restoration", drafts.restore_version, name="version-restoration"),
    path("models/<int:pk>/comparison/", drafts.comparison, name="comparison"),
    path("models/<int:pk>/reviews", health.reviews, name="reviews"),
    path("models/<int:pk>/approvals", governing.approve, name="approvals"),
    path("models/<int:pk>/approvals/withdrawal", governing.withdraw, name="approval-withdrawal"),
    path("models/<int:pk>/scheduled/<int:scheduled>/cancellation", governing.cancellation, name="cancellation"),
    path("policy/", governing.policy, name="policy"),
    path("models/<int:pk>/preview/", previews.preview, name="preview"),
    path("models/<int:pk>/preview/counts", previews.counts, name="preview-counts"),
    path("models/<int:pk>/preview/leads/", previews.leads, name="preview-leads"),
    path("models/<int:pk>/preview/threshold", previews.threshold, name="preview-threshold"),
    path("models/<int:pk>/preview/omissions", previews.omissions, name="preview-omissions"),
    path("models/<int:pk>/preview/steps/<int:step>/withdrawal", previews.withdrawal, name="preview-withdrawal"),
    path("models/<int:pk>/publications", publications.publish, name="publications"),
    path("models/<int:pk>/versions/<int:number>/publications", publications.rollback, name="rollback"),
    path("criteria/", include("scoring.talk")),
    path("publications/<int:pk>/", publications.publication, name="publication"),
    path("publications/<int:pk>/abandonment", publications.abandon, name="abandonment"),
    path("leads/<int:lead>/standing/", standings.standing, name="standing"),
    path("leads/<int:lead>/what-if/", standings.what_if, name="what-if"),
    path("leads/<int:lead>/history/", standings.history, name="history"),
    path("leads/<int:lead>/override/", overrides.override, name="override"),
    path("leads/<int:lead>/override/withdrawal", overrides.withdrawal, name="withdrawal"),
    path("vocabulary", conditions.vocabulary, name="vocabulary"),
    path("conditions/check", conditions.check, name="condition-check"),
]
