"""What a caller may do: what their roles allow (leads/access.py), and no more than the scope of the token."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from leads.models import ApiToken

VERBS = {"GET": "view", "HEAD": "view", "OPTIONS": "view", "POST": "add", "PUT": "change", "PATCH": "change"}
VERBS["DELETE"] = "delete"


class RolePermission(BasePermission):
    """Refuses unless a permission is named and the caller has it.

    A view of a queryset asks for "view", "add", "change" or "delete" of its model. A view whose act is another one
    says so itself: `permissions = {"GET": "leads.view_handoff", "POST": "leads.add_feedback"}`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        may_write = not isinstance(request.auth, ApiToken) or request.auth.scope == ApiToken.WRITE
        if not may_write and request.method not in SAFE_METHODS:
            raise PermissionDenied("This token may only read. Create one with --scope write.")
        if request.method not in {method.upper() for method in view.http_method_names if hasattr(view, method)}:
            raise MethodNotAllowed(str(request.method))
        permission = needed(view, str(request.method))
        return permission is not None and request.user.has_perm(permission)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """Who changes a row needs the permission in its team; what is shown was visible already."""
        permission = needed(view, str(request.method))
        return request.method in SAFE_METHODS or permission is not None and request.user.has_perm(permission, obj)


def needed(view: Any, method: str) -> str | None:
    """The permission a method of the view asks for. None: nobody may."""
    named = getattr(view, "permissions", None)
    if named is not None:
        return named.get("GET" if method in SAFE_METHODS else method)
    model = getattr(getattr(view, "queryset", None), "model", None)
    verb = VERBS.get(method)
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}" if model and verb else None
