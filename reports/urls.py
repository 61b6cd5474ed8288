"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from reports.views import behind, costs, digest, files, frame, overview, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.index, name="reports"),
    path("impact/", pages.impact_of_scoring, name="report-impact"),
    path("funnel/", pages.funnel_by_month, name="report-funnel"),
    path("score/", pages.score, name="report-score"),
    path("sources/", pages.by_source, name="report-sources"),
    path("answers/", pages.answers, name="report-answers"),
    path("leads/", behind.leads, name="report-leads"),
    path("handoffs/", behind.handoffs, name="report-handoffs"),
    path("costs/", costs.costs, name="report-costs"),
    path("costs.csv", costs.spreadsheet, name="report-costs-csv"),
    path("costs/<int:pk>/deletion/", costs.deletion, name="sourcecost-deletion"),
    path("summary/", frame.summary, name="report-summary"),
    path("digest/", digest.digest, name="digest"),
    path("<slug:name>.csv", files.spreadsheet, name="report-csv"),
]
