"""Teams, people with their roles, and API tokens.

An admin of a team may not reach beyond it: somebody who is also in a team they do not administer, or who may do
everything, is shown but cannot be changed, given a new password or spoken for by a token.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import TabularInline
from unfold.decorators import action

from leads.admin.base import VisibleAdmin
from leads.enums import Role
from leads.models import ApiToken, Membership, Team, User
from leads.people.members import administers
from leads.people.passwords import path_of


@admin.register(Team)
class TeamAdmin(VisibleAdmin):
    """Teams. Whoever makes one becomes its admin."""

    list_display = ("name", "slug")
    fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        user: Any = request.user
        if not change and not user.is_superuser:
            Membership.objects.create(user=user, team=obj, role=Role.ADMIN)


class MembershipInline(TabularInline):
    """Roles, in the teams that the person who looks administers. Changed and ended on the page of people, which keeps
    an admin in every team and gives back open handoffs."""

    model = Membership
    fields = ("team", "role")
    extra = 1

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(team__in=_administered(request.user))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **extra: Any) -> Any:
        if db_field.name == "team":
            extra["queryset"] = _administered(request.user)
        return super().formfield_for_foreignkey(db_field, request, **extra)


@admin.register(User)
class UserAdmin(VisibleAdmin):
    """People. They choose their password themselves, by a link that works once."""

    list_display = ("name", "email", "teams", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "email")
    fields = ("name", "email", "is_active", "last_login", "created_at")
    readonly_fields = ("is_active", "last_login", "created_at")  # deactivated on the page of people
    inlines = (MembershipInline,)
    actions_detail = ("password_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        user: Any = request.user
        return User.objects.visible_to(user).prefetch_related("memberships__team").order_by("name")

    @admin.display(description="Roles")
    def teams(self, person: User) -> str:
        return ", ".join(f"{one.get_role_display()} in {one.team}" for one in person.memberships.all())

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: Any = None) -> HttpResponse:
        _show_link(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or administers(request.user, obj))

    @action(description="Link to set a password", url_path="password-link", permissions=["password_link"])
    def password_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.found(request, object_id)
        if administers(request.user, person):
            _show_link(request, person)
        return redirect("admin:leads_user_change", object_id)

    def has_password_link_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        person = self.get_object(request, object_id) if object_id else None
        allowed = request.user.has_perm("leads.change_user")
        return allowed and (person is None or administers(request.user, person))


class TokenForm(forms.ModelForm):
    days = forms.IntegerField(
        min_value=1, max_value=ApiToken.MOST_DAYS, initial=365, help_text="How many days it is valid."
    )

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scope")


@admin.register(ApiToken)
class ApiTokenAdmin(VisibleAdmin):
    """Tokens of the REST API. Each acts as its user; the secret is shown once, when it is made."""

    list_display = ("__str__", "user", "scope", "expires_at", "last_used_at")
    list_select_related = ("user",)
    readonly_fields = ("user", "name", "scope", "hint", "created_at", "expires_at", "last_used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        people = User.objects.filter(memberships__team__in=_administered(request.user))
        return ApiToken.objects.filter(user__in=people).select_related("user").order_by("-pk")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **extra: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": TokenForm}), **extra)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ("user", "name", "scope", "days")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **extra: Any) -> Any:
        colleagues = User.objects.visible_to(request.user).prefetch_related("memberships")  # type: ignore[arg-type]
        mine = [person.pk for person in colleagues if administers(request.user, person)]
        extra["queryset"] = User.objects.filter(pk__in=mine, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **extra)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or administers(request.user, obj.user))

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        made, secret = ApiToken.issue(
            form.cleaned_data["user"],
            scope=form.cleaned_data["scope"],
            name=form.cleaned_data["name"],
            days=form.cleaned_data["days"],
        )
        obj.pk, obj.hint = made.pk, made.hint
        messages.success(request, f"Token of {made.user}: {secret} It is not shown again.")


def _administered(user: Any) -> QuerySet[Team]:
    return Team.objects.all() if user.is_superuser else Team.objects.filter(pk__in=user.teams_as(Role.ADMIN))


def _show_link(request: HttpRequest, person: User) -> None:
    """A link by which the person sets their password; it works once, and stops working when they sign in."""
    link = request.build_absolute_uri(path_of(person))
    messages.success(request, f"Give {person} this link to set a password, which works once: {link}")
