"""Who calls the API: a token in the header `Authorization: Bearer lst_…`, else the session of the pages."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from leads.models import ApiToken, User
from leads.models.team import digest

USED_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """A token acts as its user, within its scope, until it expires. Its last use is noted once a minute at most."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = ApiToken.objects.select_related("user").filter(digest=digest(secret.strip().decode("latin1"))).first()
        if token is None:
            raise AuthenticationFailed("This token is not known. Create one with: manage.py create_token.")
        if token.expires_at <= timezone.now():
            raise AuthenticationFailed(f"This token expired on {token.expires_at:%Y-%m-%d}. Create a new one.")
        if not token.user.is_active:
            raise AuthenticationFailed("The person this token belongs to may no longer sign in.")
        self._note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="leadscore"'

    def _note_use(self, token: ApiToken) -> None:
        now = timezone.now()
        if token.last_used_at is None or token.last_used_at <= now - USED_EVERY:
            stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
            ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token made with manage.py create_token."}
