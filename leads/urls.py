"""Pages of this app. Each subject lists its own."""

from django.urls import URLPattern, URLResolver

from leads.views import (
    absences,
    companies,
    forms,
    handoffs,
    home,
    imports,
    lead,
    leads,
    mail_hooks,
    notices,
    nurture,
    outbox,
    profile,
    quality,
    segments,
    sources,
    tracking,
    ui_kit,
    webhooks,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *home.urlpatterns,
    *leads.urlpatterns,
    *lead.urlpatterns,
    *segments.urlpatterns,
    *companies.urlpatterns,
    *handoffs.urlpatterns,
    *absences.urlpatterns,
    *nurture.urlpatterns,
    *profile.urlpatterns,
    *imports.urlpatterns,
    *sources.urlpatterns,
    *quality.urlpatterns,
    *mail_hooks.urlpatterns,
    *tracking.urlpatterns,
    *forms.urlpatterns,
    *notices.urlpatterns,
    *webhooks.urlpatterns,
    *outbox.urlpatterns,
    *ui_kit.urlpatterns,
]
