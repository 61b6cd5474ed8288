"""Pages of this app. Each subject lists its own."""

from django.urls import URLPattern, URLResolver

from leads.views import (
    companies,
    forms,
    handoffs,
    home,
    imports,
    lead,
    leads,
    mail_hooks,
    notices,
    segments,
    sources,
    tracking,
    ui_kit,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *home.urlpatterns,
    *leads.urlpatterns,
    *lead.urlpatterns,
    *segments.urlpatterns,
    *companies.urlpatterns,
    *handoffs.urlpatterns,
    *imports.urlpatterns,
    *sources.urlpatterns,
    *mail_hooks.urlpatterns,
    *tracking.urlpatterns,
    *forms.urlpatterns,
    *notices.urlpatterns,
    *ui_kit.urlpatterns,
]
