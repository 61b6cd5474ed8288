"""What every page of our admin shares: rows and choices of the person's own teams, and changes put down to them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.admin import ModelAdmin

from leads.access import teams_with
from leads.history import attributed
from leads.models import Team
from leads.signals import leads_due

ORIGIN = "Administration"


def visible(model: type[Model], user: Any) -> QuerySet:
    """The rows a person may see; all of them where rows belong to no team."""
    manager: Any = model._default_manager
    return manager.visible_to(user) if hasattr(manager, "visible_to") else manager.all()


def ask(request: HttpRequest, what: str, consequence: str, act: str) -> HttpResponse:
    """A page that asks before an act; its button posts to the same address."""
    context = {**admin.site.each_context(request), "title": what, "what": what, "consequence": consequence, "act": act}
    return render(request, "admin/leads/confirm.html", context)


class VisibleAdmin(ModelAdmin):
    """Lists, pages and choices begin at visible_to. Rows are changed by the role that a person has in their team."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = self.list_select_related or ()
        return visible(self.model, request.user).select_related(*related).order_by(*self.get_ordering(request))

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row of that id, if the person may see it; else 404."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **extra: Any) -> ModelChoiceField:
        choices = visible(db_field.remote_field.model, request.user)
        if db_field.remote_field.model is Team:
            choices = choices.filter(pk__in=teams_with(request.user, self.permission("add")))
        extra.setdefault("queryset", choices)
        return super().formfield_for_foreignkey(db_field, request, **extra)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.permission("change"), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(self.permission("delete"), obj)

    def permission(self, verb: str) -> str:
        return f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"


class FactAdmin(VisibleAdmin):
    """A change is a fact: who made it is kept, and the leads it is about are due."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        with attributed(by=request.user, origin=ORIGIN):
            super().save_model(request, obj, form, change)
            leads_due.send(sender=type(self))
