"""From which confidence duplicates of a team are merged without asking."""

from django.contrib import admin

from leads.admin.base import VisibleAdmin
from leads.models import MergeRule


@admin.register(MergeRule)
class MergeRuleAdmin(VisibleAdmin):
    list_display = ("team", "automatic_from")
    list_select_related = ("team",)
    fields = ("team", "automatic_from")
