"""Addresses of the forecast, under /reports/forecast/."""

from django.urls import URLPattern, URLResolver, path

from reports.forecast import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.index, name="forecast"),
    path("counts/", views.counts, name="forecast-counts"),
    path("progress/", views.progress, name="forecast-progress"),
    path("assumptions/", views.assumptions, name="forecast-assumptions"),
    path("assumptions/<int:pk>/ending/", views.ending, name="forecast-assumption-ending"),
    path("<slug:name>.csv", views.spreadsheet, name="forecast-csv"),
]
