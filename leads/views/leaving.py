"""Leaving a team and losing access: asked first, with what is at stake, and with a way back."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST

from leads.models import Departure, User
from leads.people import members
from leads.requests import Request, posted
from leads.views.people import membership_of

MAY_DEACTIVATE = permission_required("leads.change_user", raise_exception=True)
MAY_PART = permission_required("leads.change_membership", raise_exception=True)


class LeavingForm(forms.Form):
    """Who takes over the leads that the person owns."""

    leads_to = forms.ModelChoiceField(
        User.objects.none(), label="The leads they own go to", required=False, empty_label="Nobody yet"
    )

    def __init__(self, *args: Any, person: User, team_ids: list[int], **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.fields["leads_to"].queryset = members.heirs(person, team_ids)  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_DEACTIVATE
def deactivation(request: Request, pk: int) -> HttpResponse:
    """Says what follows; POST ends the person's access."""
    person = _person(request, pk)
    form = LeavingForm(posted(request), person=person, team_ids=person.team_ids)
    if form.is_valid():
        return _done(request, lambda: _deactivated(person, request.user, form))
    lines = [
        "They are signed out everywhere at once. Their API tokens end, and their own rules are switched off.",
        _waiting(person, person.team_ids),
        "The way back is Reactivate: they sign in again with the password they had.",
    ]
    return _ask(request, f"Deactivate {person}", lines, form, "Deactivate")


@require_POST
@MAY_DEACTIVATE
def reactivation(request: Request, pk: int) -> HttpResponse:
    person = _person(request, pk)

    def act() -> str:
        members.reactivate(person)
        return f"{person} may sign in again, with the password they had."

    return _done(request, act)


@require_http_methods(["GET", "HEAD", "POST"])
@MAY_PART
def leaving(request: Request, pk: int) -> HttpResponse:
    """Says what follows; POST takes the person out of the team."""
    row = membership_of(request, pk)
    form = LeavingForm(posted(request), person=row.user, team_ids=[row.team_id])
    if form.is_valid():
        return _done(request, lambda: _parted(row, request.user, form))
    others = len(row.user.team_ids) - 1
    lines = [
        f"They see nothing of {row.team} any more."
        + ("" if others else " They are in no other team: they can sign in, and see nothing."),
        _waiting(row.user, [row.team_id]),
        "The way back is Take back on the page of people: with the role, share and hours they have now.",
    ]
    return _ask(request, f"Take {row.user} out of {row.team}", lines, form, "Take out of the team")


@require_POST
@MAY_PART
def returning(request: Request, pk: int) -> HttpResponse:
    """Back into the team they left."""
    row = get_object_or_404(Departure.objects.visible_to(request.user).select_related("user", "team"), pk=pk)
    if not request.user.has_perm("leads.change_membership", row):
        raise PermissionDenied

    def act() -> str:
        members.take_back(row, by=request.user)
        return f"{row.user} is in {row.team} again, as {row.get_role_display()}."

    return _done(request, act)


def _person(request: Request, pk: int) -> User:
    person = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    if not members.administers(request.user, person):
        raise PermissionDenied
    return person


def _deactivated(person: User, by: User, form: LeavingForm) -> str:
    left = members.deactivate(person, by=by, **form.cleaned_data)
    return f"{person} may not sign in any more. {left}".strip()


def _parted(row: Any, by: User, form: LeavingForm) -> str:
    left = members.leave_team(row, by=by, **form.cleaned_data)
    return f"{row.user} is no longer in {row.team}. {left}".strip()


def _waiting(person: User, team_ids: list[int]) -> str:
    stake = members.at_stake(person, team_ids)
    waiting = (
        f"{stake.waiting:,} open handoff{'s' * (stake.waiting != 1)} of theirs go to the next in turn, or wait for"
    )
    owned = f"They own {stake.owned:,} lead{'s' * (stake.owned != 1)}, which stay theirs unless you say who takes over."
    return " ".join(
        (
            f"{waiting} the team where nobody has room." if stake.waiting else "No handoff waits for their answer.",
            owned if stake.owned else "They own no lead.",
        )
    )


def _ask(request: Request, title: str, lines: list[str], form: LeavingForm, act: str) -> HttpResponse:
    context = {"title": title, "lines": lines, "form": form, "act": act}
    return render(request, "leads/leaving.html", context, status=422 if form.errors else 200)


def _done(request: Request, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("people" if request.user.has_perm("leads.view_membership") else "home")


urlpatterns: list[URLPattern] = [
    path("people/<int:pk>/deactivation/", deactivation, name="person-deactivation"),
    path("people/<int:pk>/reactivation/", reactivation, name="person-reactivation"),
    path("memberships/<int:pk>/ending/", leaving, name="membership-ending"),
    path("departures/<int:pk>/return/", returning, name="departure-return"),
]
