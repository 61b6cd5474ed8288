"""Lists that belong to the company: custom fields, kinds of event, reasons of sales."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from leads.admin.base import ORIGIN
from leads.fieldorder import in_words, read_precedence
from leads.ingest.precedence import reorder
from leads.models import EventKind, Field, RejectionReason
from leads.uses import uses_of


class InUseAdmin(ModelAdmin):
    """What a criterion asks for cannot be deleted; the answer says which."""

    def key_of(self, obj: Any) -> str:
        """What conditions call it."""
        return obj.slug

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not uses_of(self.key_of(obj)))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **extra: Any) -> HttpResponse:
        obj = self.get_object(request, object_id)
        places = uses_of(self.key_of(obj)) if obj and request.method == "GET" else []
        if places:
            messages.info(request, f"{obj} cannot be deleted: it is used by {', '.join(places[:5])}.")
        return super().change_view(request, object_id, *args, **extra)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleted one by one, so that each is asked for."""
        return {name: act for name, act in super().get_actions(request).items() if name != "delete_selected"}


class FieldForm(forms.ModelForm):
    choices = forms.CharField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        required=False,
        help_text="Of a choice or list: one allowed value on each line. Empty: any value.",
    )

    precedence = forms.CharField(
        label="Which source wins",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        required=False,
        help_text=(
            "The strongest on the first line: a kind (CRM, By hand, API, Website, E-mail, Form, File) or the name of a "
            "source. Who is not listed comes last; among equals the latest wins. Empty: always the latest."
        ),
    )

    def __init__(self, *args: Any, **extra: Any):
        super().__init__(*args, **extra)
        self.initial["choices"] = "\n".join(map(str, self.instance.choices))
        self.initial["precedence"] = "\n".join(in_words(self.instance.precedence))

    def clean_precedence(self) -> list[str]:
        try:
            return read_precedence(self.cleaned_data["precedence"].splitlines())
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from None

    def clean_choices(self) -> list[str]:
        lines = (line.strip() for line in self.cleaned_data["choices"].splitlines())
        return list(dict.fromkeys(line for line in lines if line))


@admin.register(Field)
class FieldAdmin(InUseAdmin):
    """Custom fields. Key, type and what they are of are fixed once made: values and criteria refer to them."""

    list_display = ("label", "of", "key", "type")
    list_filter = ("of", "type")
    search_fields = ("label", "key")
    fields = ("label", "of", "key", "type", "choices", "help", "precedence")
    form = FieldForm

    def save_model(self, request: HttpRequest, obj: Field, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "precedence" in form.changed_data and (rows := reorder(obj, by=request.user, origin=ORIGIN)):
            messages.info(request, f"{rows:,} values follow the new order.")

    def key_of(self, obj: Field) -> str:
        return obj.term

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("of", "key", "type") if obj else ()


@admin.register(EventKind)
class EventKindAdmin(InUseAdmin):
    """Kinds of event. New ones come by themselves, with the first event of their name."""

    list_display = ("label", "slug", "by_lead")
    list_filter = ("by_lead",)
    search_fields = ("label", "slug")
    fields = ("label", "slug", "by_lead")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()


@admin.register(RejectionReason)
class RejectionReasonAdmin(ModelAdmin):
    """What sales may answer. One that was used is switched off, never deleted."""

    list_display = ("label", "help", "position", "active")
    fields = ("label", "slug", "help", "position", "active")
    prepopulated_fields = {"slug": ("label",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        used = obj is not None and obj.feedback_set.exists()
        return super().has_delete_permission(request, obj) and not used

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: act for name, act in super().get_actions(request).items() if name != "delete_selected"}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).order_by("position")
