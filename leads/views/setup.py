"""The page behind the one-time link of a new installation: its first admin and first team."""

from django import forms
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.debug import sensitive_post_parameters

from leads.models import User
from leads.people.setup import AlreadySetUp, is_open, make_first_admin


class SetupForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="Your e-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        help_text="At least 12 characters.", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    team = forms.CharField(
        label="First team", max_length=50, help_text="A business unit or region, such as Europe. More can follow."
    )

    def clean_team(self) -> str:
        team = self.cleaned_data["team"]
        if not slugify(team):
            raise forms.ValidationError("Use at least one letter or digit.")
        return team

    def clean(self) -> None:
        if password := self.cleaned_data.get("password"):
            person = User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)


@login_not_required
@sensitive_post_parameters("password")
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """404 unless the link is fresh and nobody can sign in yet."""
    if not is_open(token):
        raise Http404
    form = SetupForm(request.POST or None)
    if not form.is_valid():
        return render(request, "registration/setup.html", {"form": form}, status=422 if form.is_bound else 200)
    try:
        user = make_first_admin(**form.cleaned_data, slug=slugify(form.cleaned_data["team"]))
    except AlreadySetUp:
        raise Http404 from None
    login(request, user)
    return redirect("home")
