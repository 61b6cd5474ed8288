"""Pages of this app. Each subject lists its own."""

from django.urls import URLPattern, URLResolver

from leads.views import companies, handoffs, home, imports, lead, leads, tracking, ui_kit

urlpatterns: list[URLPattern | URLResolver] = [
    *home.urlpatterns,
    *leads.urlpatterns,
    *lead.urlpatterns,
    *companies.urlpatterns,
    *handoffs.urlpatterns,
    *imports.urlpatterns,
    *tracking.urlpatterns,
    *ui_kit.urlpatterns,
]
