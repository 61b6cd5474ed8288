"""The page behind the link of an invitation: choose a password, or join with the account one has."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from leads.models import Invitation, User
from leads.people.invitations import NotOpen, accept, accept_anew, found


class JoinForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        help_text="At least 12 characters.", widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.email = email

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The token is the key. Good once; afterwards the page says the same as for any other text."""
    invitation = found(token)
    if invitation is None:
        return _dead(request)
    account = User.objects.filter(email=invitation.email).first()
    try:
        return _with_account(request, invitation, account) if account else _anew(request, invitation)
    except NotOpen:
        return _dead(request)


def _anew(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, email=invitation.email)
    if form.is_valid():
        login(request, accept_anew(invitation, **form.cleaned_data))
        return _welcome(request, invitation)
    context = {"form": form, "invitation": invitation}
    return render(request, "registration/join.html", context, status=422 if form.is_bound else 200)


def _with_account(request: HttpRequest, invitation: Invitation, account: User) -> HttpResponse:
    """Joining takes the password of the account: a link alone opens none that is there already."""
    mine = request.user.pk == account.pk
    if request.method == "POST" and mine:
        accept(invitation, user=account)
        return _welcome(request, invitation)
    context = {"invitation": invitation, "account": account, "mine": mine}
    return render(request, "registration/join_account.html", context, status=403 if request.method == "POST" else 200)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    messages.success(request, f"Welcome to {invitation.team}.")
    return redirect("home")


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/join_dead.html", status=404)


urlpatterns: list[URLPattern] = [path("join/<str:token>/", join, name="join")]
