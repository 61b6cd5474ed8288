"""Pages of this app. Each subject lists its own."""

from django.urls import URLPattern, URLResolver

from leads.views import handoffs

urlpatterns: list[URLPattern | URLResolver] = [
    *handoffs.urlpatterns,
]
