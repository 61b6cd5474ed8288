"""Scoring models in the admin: the draft on one page."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from leads.conditions.vocabulary import Vocabulary
from scoring.admin.criteria import grouped
from scoring.admin.fields import HandoffLabelsField, LabelsField, ThresholdsField
from scoring.admin.recording import RecordedAdmin
from scoring.models import Criterion, Group, ScoringModel, Version
from scoring.models.scoring_model import default_labels, default_thresholds
from scoring.sentences import condition_sentence, manner


class ScoringModelForm(forms.ModelForm):
    fit_limits = ThresholdsField(
        "ABC", label="Fit", initial=default_thresholds, help_text="Least fit for A, B and C; below is D."
    )
    engagement_limits = ThresholdsField(
        "123", label="Engagement", initial=default_thresholds, help_text="Least engagement for 1, 2 and 3; below is 4."
    )
    labels = LabelsField(initial=default_labels, help_text="The letter says who they are, the digit what they do.")
    handoff_labels = HandoffLabelsField(
        label="Handed to sales", help_text="Entering one of these labels hands the lead to sales."
    )

    class Meta:
        widgets: ClassVar = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("fit_limits", "engagement_limits"):
            if data.get(name) and data.get("axis_limit") and data[name][0] > data["axis_limit"]:
                self.add_error(name, f"An axis ends at {data['axis_limit']}: nobody could reach {data[name][0]}.")
        return data


class GroupInline(TabularInline):
    model = Group
    fields = ("name", "axis", "cap", "floor", "position")
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    extra = 0


class CriterionInline(TabularInline):
    """Criteria as sentences. Points, group and order are changed here; the condition on the criterion's own page."""

    model = Criterion
    fields = ("title", "group", "points", "active", "position")
    readonly_fields = ("title",)
    ordering_field = "position"
    hide_ordering_field = True
    template_after = "scoring/admin/add_criterion.html"
    hide_title = True
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Criterion]:
        self.vocabulary = Vocabulary.load()
        rows = super().get_queryset(request).select_related("group")
        return rows.order_by("group__position", "group_id", "position", "pk")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # a criterion begins with its condition, on a page of its own

    @admin.display(description="Criterion")
    def title(self, criterion: Criterion) -> str:
        return format_html(
            '<a class="font-semibold text-link" href="{}">{}</a> <a class="text-link ml-2" href="{}">Copy</a>'
            "<br>{}<br>{}",
            reverse("admin:scoring_criterion_change", args=[criterion.pk]), criterion.name,
            reverse("admin:scoring_criterion_copy_one", args=[criterion.pk]),
            condition_sentence(criterion.condition, self.vocabulary), manner(criterion),
        )  # fmt: skip

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        if field := formset.form.base_fields.get("group"):
            # asked once for all rows
            field.choices = grouped(Group.objects.filter(model=obj).select_related("model"))
        return formset


@admin.register(ScoringModel)
class ScoringModelAdmin(RecordedAdmin):
    form = ScoringModelForm
    inlines = (GroupInline, CriterionInline)
    list_display = ("name", "live", "criteria", "position")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    actions_detail = ("open_page",)
    warn_unsaved_form = True

    class Media:
        css: ClassVar = {"all": ["css/admin/order.css"]}
        js = [Script("js/admin/order.js", type="module")]

    fieldsets = (
        (None, {"fields": (("name", "slug"), "description")}),
        ("Who it is for", {"fields": ("audience", "position")}),
        ("Grades and labels", {
            "fields": ("axis_limit", "fit_limits", "engagement_limits", "labels", "handoff_labels"),
        }),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoringModel]:
        live = Version.objects.live().filter(model__in=super().get_queryset(request))
        self.live_numbers = dict(live.values_list("model", "number"))
        return super().get_queryset(request).annotate(active=Count("criteria", Q(criteria__active=True)))

    def models_of(self, rows: Iterable[ScoringModel]) -> list[ScoringModel]:
        return [row for row in rows if row.pk]

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return self.inlines if obj else (GroupInline,)

    @admin.display(description="Live version")
    def live(self, model: ScoringModel) -> str:
        return f"Version {self.live_numbers[model.pk]}" if model.pk in self.live_numbers else "Never published"

    @admin.display(description="Criteria in the draft")
    def criteria(self, model: Any) -> int:
        return model.active

    def has_delete_permission(self, request: HttpRequest, obj: ScoringModel | None = None) -> bool:
        """A published model stays: standings and their history name its versions."""
        return super().has_delete_permission(request, obj) and not (obj and obj.versions.exists())

    @action(description="Publish and versions", url_path="page")
    def open_page(self, request: HttpRequest, object_id: int) -> Any:
        return redirect("scoring:model", object_id)
