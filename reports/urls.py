"""Pages of this app."""

from django.urls import URLPattern, URLResolver, path

from reports import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.index, name="reports"),
    path("digest/", views.digest, name="digest"),
    path("<slug:name>.csv", views.spreadsheet, name="report-csv"),
]
