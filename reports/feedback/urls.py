"""Addresses of the feedback page, under /scoring/feedback/."""

from django.urls import URLPattern, URLResolver, path

from reports.feedback import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.index, name="feedback"),
    path("handoffs/", views.handoffs, name="feedback-handoffs"),
    path("<slug:name>.csv", views.spreadsheet, name="feedback-csv"),
]
