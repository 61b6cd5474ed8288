"""Addresses of this app's API. Each subject lists its own; `router` takes viewsets."""

from django.urls import URLPattern, URLResolver

from leads.api import docs
from leads.api.routers import Router

router = Router()

urlpatterns: list[URLPattern | URLResolver] = [*docs.urlpatterns, *router.urls]
