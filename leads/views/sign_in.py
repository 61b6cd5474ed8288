"""The words of signing in, and the one place where it is done."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "This address and password do not belong together. Capitals count in the password only.",
        "inactive": "This person may no longer sign in. An admin of the team can change that.",
    }


class ForgottenForm(PasswordResetForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"


@login_not_required
def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no sign-in page of its own. Who is signed in and is sent here lacks the role."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")
