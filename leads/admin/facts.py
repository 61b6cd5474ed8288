"""A look at leads, companies and deals. People work with them on the pages; here an admin finds and mends."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from leads.admin.base import FactAdmin, VisibleAdmin
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.industries import industry
from leads.models import Company, Deal, Lead


@admin.register(Lead)
class LeadAdmin(VisibleAdmin):
    """Leads, to look at; they are changed on their own page."""

    list_display = ("name", "email", "company", "team", "stage", "created_at")
    list_filter = ("stage",)
    list_select_related = ("company", "team")
    search_fields = ("=email",)
    search_help_text = "A whole e-mail address."
    ordering = ("-pk",)
    show_full_result_count = False
    fields = readonly_fields = (
        "page", "first_name", "last_name", "email", "title", "phone", "company", "team", "owner", "stage", "fields",
        "created_at",
    )  # fmt: skip

    @admin.display(description="Page")
    def page(self, lead: Lead) -> str:
        return format_html('<a href="{}">{}</a>', reverse("lead", args=[lead.pk]), lead)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CompanyForm(forms.ModelForm):
    """The same spellings as from every other way in."""

    country = forms.CharField(max_length=100, required=False, help_text="The name, or two letters.")

    def clean_country(self) -> str:
        try:
            return country(text) if (text := self.cleaned_data["country"]) else ""
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def clean_industry(self) -> str:
        return industry(self.cleaned_data["industry"])


@admin.register(Company)
class CompanyAdmin(FactAdmin):
    """Companies. A change makes the people who work there due."""

    list_display = ("name", "domain", "team", "industry", "employees", "country")
    list_select_related = ("team",)
    search_fields = ("name", "=domain")
    ordering = ("-pk",)
    show_full_result_count = False
    form = CompanyForm
    exclude = ("fields", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("team",) if obj else ()


@admin.register(Deal)
class DealAdmin(FactAdmin):
    """Deals, as the source that owns them told us."""

    list_display = ("name", "team", "lead", "stage", "state", "amount", "opened_at", "closed_at")
    list_filter = ("state",)
    list_select_related = ("team", "lead")
    search_fields = ("name", "=external_id")
    ordering = ("-pk",)
    show_full_result_count = False
    fields = (
        "name", "team", "lead", "company", "source", "external_id", "pipeline", "stage", "state", "amount",
        "lost_reason", "opened_at", "closed_at",
    )  # fmt: skip
    readonly_fields = ("team", "lead", "company", "source", "external_id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
