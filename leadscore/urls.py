"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path, re_path

from leads.api.errors import not_found
from leads.views.setup import setup
from leads.views.sign_in import to_sign_in
from leadscore import health

admin.site.index_title = "Administration"

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("setup/<str:token>/", setup, name="setup"),
    path("admin/login/", to_sign_in),
    path("admin/", admin.site.urls),
    path("", include("leads.urls_auth")),
    path("", include("leads.urls")),
    path("scoring/feedback/", include("reports.feedback.urls")),
    path("scoring/", include("scoring.urls")),
    path("reports/forecast/", include("reports.forecast.views")),
    path("reports/", include("reports.urls")),
    path("api/v1/", include("reports.feedback.api")),
    path("api/v1/", include("leads.api.urls")),
    path("api/v1/", include("scoring.api.urls")),
    path("api/v1/", include("reports.forecast.api")),
    path("api/v1/", include("reports.costs_api")),
    path("api/v1/", include("reports.api")),
    re_path(r"^api/", not_found),
]
