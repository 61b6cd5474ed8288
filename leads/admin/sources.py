"""Where facts come from, and the keys that let a source write."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import action

from leads.admin.base import VisibleAdmin, ask
from leads.models import Source, WriteKey


class WriteKeyInline(TabularInline):
    model = WriteKey
    fields = readonly_fields = ("hint", "created_at", "revoked_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Source)
class SourceAdmin(VisibleAdmin):
    """Sources of a team. A write key is made with the button of the source, and shown once."""

    list_display = ("name", "team", "kind", "slug")
    list_filter = ("kind",)
    list_select_related = ("team",)
    search_fields = ("name",)
    fields = ("name", "slug", "team", "kind")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (WriteKeyInline,)
    actions_detail = ("issue_key",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug", "team", "kind") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields

    @action(description="New write key", url_path="write-key", permissions=["issue_key"])
    def issue_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        source = self.found(request, object_id)
        if request.method != "POST":
            return ask(request, f"New write key of {source}", "Whoever has it may send facts to it.", "Make the key")
        _, secret = WriteKey.issue(source)
        messages.success(request, f"Write key of {source}: {secret} It is not shown again.")
        return redirect("admin:leads_source_change", object_id)

    def has_issue_key_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        source = self.get_object(request, object_id) if object_id else None
        return request.user.has_perm("leads.add_writekey", source)


@admin.register(WriteKey)
class WriteKeyAdmin(VisibleAdmin):
    """Write keys. One that leaked is revoked; it stays listed."""

    list_display = ("__str__", "created_at", "revoked_at")
    list_select_related = ("source__team",)
    fields = readonly_fields = ("source", "hint", "created_at", "revoked_at")
    actions_detail = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> Any:
        keys = WriteKey.objects.filter(source__in=Source.objects.visible_to(request.user))
        return keys.select_related("source__team").order_by("-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @action(description="Revoke", url_path="revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.found(request, object_id)
        if request.method != "POST":
            return ask(
                request, f"Revoke {key}", "Nothing more is taken with it. There is no way back.", "Revoke the key"
            )
        WriteKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
        messages.success(request, f"{key} is revoked: nothing more is taken with it.")
        return redirect("admin:leads_writekey_change", object_id)

    def has_revoke_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        key = self.get_object(request, object_id) if object_id else None
        return request.user.has_perm("leads.change_writekey", key)
