"""The words of signing in, how often it may be tried, and passwords that were forgotten or changed."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from leads.models import SignIn
from leads.people import passwords, sessions, throttle
from leads.requests import client_address


class SignInForm(AuthenticationForm):
    """Counts the try before the password is looked at, and gives it back when it was right."""

    error_messages = {
        "invalid_login": "This address and password do not belong together. Capitals count in the password only.",
        "inactive": "This person may no longer sign in. An admin of the team can change that.",
    }

    def clean(self) -> dict[str, Any]:
        email, sender = self.cleaned_data.get("username") or "", client_address(self.request) if self.request else ""
        if not email or not self.cleaned_data.get("password"):
            return super().clean()
        if wait := throttle.take(email, sender):
            said = f"Too many tries with this address. Wait {throttle.in_words(wait)}, then try again."
            raise ValidationError(said, code="throttled")
        values = super().clean()
        throttle.give_back(email, sender)
        return values


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput({"class": "input", "autocomplete": "email"})
    )

    def save(self, **options: Any) -> None:
        """What Django's view calls; its options would take the host of the link from the request."""
        passwords.send_reset(self.cleaned_data["email"])


class ChangeView(views.PasswordChangeView):
    """A changed password ends all other sessions."""

    def form_valid(self, form: Any) -> HttpResponse:
        sessions.end(SignIn.objects.filter(user=form.user).exclude(session_key=self.request.session.session_key or ""))
        before = self.request.session.session_key
        answer = super().form_valid(form)
        SignIn.objects.filter(session_key=before).update(session_key=self.request.session.session_key)
        return answer


class ResetView(views.PasswordResetConfirmView):
    """A password that was set anew ends every session."""

    def form_valid(self, form: Any) -> HttpResponse:
        sessions.end(SignIn.objects.filter(user=form.user))
        return super().form_valid(form)


@login_not_required
def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no sign-in page of its own. Who is signed in and is sent here lacks the role."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")
