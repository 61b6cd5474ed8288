"""The people of my teams: who is in with which role, who is asked to come, and who may no longer sign in."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from leads.access import teams_with
from leads.asked import page_asked
from leads.enums import Role
from leads.models import Departure, Invitation, Lead, Membership, Team, User
from leads.people import invitations
from leads.people import members as verbs
from leads.requests import Request

PAGE = 50
SHOWN_INVITATIONS = 100
SHOWN_LEFT = 20


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"class": "input", "autocomplete": "off"}))
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    role = forms.ChoiceField(choices=Role.choices, initial=Role.REP)

    def __init__(self, *args: Any, by: User, **extra: Any) -> None:
        super().__init__(*args, **extra)
        mine = Team.objects.visible_to(by).filter(pk__in=teams_with(by, "leads.add_invitation"))
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("leads.view_membership", raise_exception=True)
def listed(request: Request) -> HttpResponse:
    """Everybody of the teams I lead; POST invites."""
    if request.method == "POST" and not request.user.has_perm("leads.add_invitation"):
        raise PermissionDenied
    form = InvitationForm(request.POST or None, by=request.user)
    if form.is_valid() and _invited(form, request.user):
        messages.success(request, f"An invitation is on its way to {form.cleaned_data['email']}.")
        return redirect("people")
    return render(request, "leads/people.html", _shown(request, form), status=422 if form.is_bound else 200)


def _invited(form: InvitationForm, by: User) -> bool:
    try:
        invitations.invite(**form.cleaned_data, by=by)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def members(user: User) -> QuerySet[Membership]:
    """Memberships of the teams this person leads, with how many leads each owns there."""
    owned = Lead.objects.filter(owner=OuterRef("user"), team=OuterRef("team")).order_by().values("owner")
    number = Subquery(owned.annotate(n=Count("pk")).values("n"))
    rows = Membership.objects.visible_to(user).filter(team__in=teams_with(user, "leads.view_membership"))
    return rows.select_related("user", "team").annotate(owned=Coalesce(number, 0))


def asked(user: User) -> QuerySet[Invitation]:
    """Invitations to the teams this person administers that nobody accepted or revoked."""
    rows = Invitation.objects.visible_to(user).filter(team__in=teams_with(user, "leads.view_invitation"))
    return rows.waiting().select_related("team", "invited_by")


def left(user: User) -> QuerySet[Departure]:
    """Who left the teams this person administers, and is not in them again."""
    rows = Departure.objects.visible_to(user).filter(team__in=teams_with(user, "leads.change_membership")).away()
    back = Membership.objects.filter(user=OuterRef("user"), team=OuterRef("team"))
    return rows.exclude(Exists(back)).select_related("user", "team", "by")


def _shown(request: Request, form: InvitationForm) -> dict[str, Any]:
    rows = members(request.user).prefetch_related("user__memberships")
    page = page_asked(request, rows, order="user__name", size=PAGE)
    led = set(teams_with(request.user, "leads.change_membership"))
    for row in page.rows:
        row.mine = row.team_id in led
        row.whole = _answers_for(request.user, row.user)
    waiting = list(asked(request.user)[:SHOWN_INVITATIONS])
    may_invite = request.user.has_perm("leads.add_invitation")
    return {"form": form, "page": page, "invitations": waiting, "roles": Role.choices, "may_invite": may_invite,
            "left": list(left(request.user)[:SHOWN_LEFT])}  # fmt: skip


def _answers_for(admin: User, person: User) -> bool:
    """verbs.administers, from memberships that were read already."""
    if admin.is_superuser:
        return True
    return not person.is_superuser and {one.team_id for one in person.memberships.all()} <= set(
        admin.teams_as(Role.ADMIN)
    )


def membership_of(request: Request, pk: int) -> Membership:
    row = get_object_or_404(Membership.objects.visible_to(request.user).select_related("user", "team"), pk=pk)
    if not request.user.has_perm("leads.change_membership", row):
        raise PermissionDenied
    return row


def _invitation(request: Request, pk: int) -> Invitation:
    row = get_object_or_404(Invitation.objects.visible_to(request.user).select_related("team"), pk=pk)
    if not request.user.has_perm("leads.change_invitation", row):
        raise PermissionDenied
    return row


@require_POST
@permission_required("leads.change_membership", raise_exception=True)
def role(request: Request, pk: int) -> HttpResponse:
    row = membership_of(request, pk)
    try:
        left = verbs.change_role(row, _role_of(request), by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"The role of {row.user} in {row.team} is changed. {left}".strip())
    return redirect("people" if request.user.has_perm("leads.view_membership") else "home")


def _role_of(request: Request) -> str:
    said = request.POST.get("role", "")
    if said not in Role.values:
        raise ValidationError("Choose a role.")
    return said


@require_POST
@permission_required("leads.change_invitation", raise_exception=True)
def sending(request: Request, pk: int) -> HttpResponse:
    row = _invitation(request, pk)
    try:
        invitations.send_again(row)
    except invitations.NotOpen:
        messages.error(request, f"The invitation of {row.email} was accepted or revoked already.")
    else:
        messages.success(request, f"A new link is on its way to {row.email}. The one before is dead.")
    return redirect("people")


@require_POST
@permission_required("leads.change_invitation", raise_exception=True)
def revocation(request: Request, pk: int) -> HttpResponse:
    row = _invitation(request, pk)
    try:
        invitations.revoke(row, by=request.user)
    except invitations.NotOpen:
        messages.error(request, f"The invitation of {row.email} was accepted or revoked already.")
    else:
        messages.success(request, f"The invitation of {row.email} is revoked: its link is dead.")
    return redirect("people")


urlpatterns: list[URLPattern] = [
    path("people/", listed, name="people"),
    path("memberships/<int:pk>/role/", role, name="membership-role"),
    path("invitations/<int:pk>/sending/", sending, name="invitation-sending"),
    path("invitations/<int:pk>/revocation/", revocation, name="invitation-revocation"),
]
