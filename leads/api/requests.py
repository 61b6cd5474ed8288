"""The request of an API view, as it may rely on it."""

from rest_framework.request import Request as DrfRequest

from leads.models import User


class Request(DrfRequest):
    """For annotations: RolePermission lets nobody through who is not known."""

    user: User
