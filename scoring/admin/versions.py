"""Published versions in the admin: to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from unfold.admin import ModelAdmin

from leads.conditions.vocabulary import Vocabulary
from scoring.engine.definition import load
from scoring.layout import rules_of
from scoring.models import Version


@admin.register(Version)
class VersionAdmin(ModelAdmin):
    list_display = ("__str__", "state", "published_at", "published_by", "note")
    list_filter = ("model", "state")
    list_select_related = ("model", "published_by")
    ordering = ("-published_at",)
    fields = ("model", "number", "state", "published_at", "published_by", "note", "rules")
    readonly_fields = fields

    @admin.display(description="Rules")
    def rules(self, version: Version) -> str:
        axes = rules_of(load(version.definition), Vocabulary.load())
        return render_to_string("scoring/admin/rules.html", {"axes": axes})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
