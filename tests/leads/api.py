"""A caller of the REST API, by token."""

from typing import Any

from django.test import Client

from leads.models import ApiToken, User


class Caller:
    """Speaks JSON to /api/v1/ as a person."""

    def __init__(self, user: User, scope: str = ApiToken.WRITE):
        self.token, self.secret = ApiToken.issue(user, scope=scope)
        self.client = Client(headers={"authorization": f"Bearer {self.secret}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, data: Any) -> Any:
        return self.client.post(f"/api/v1/{path}", data, content_type="application/json")

    def put(self, path: str, data: Any) -> Any:
        return self.client.put(f"/api/v1/{path}", data, content_type="application/json")

    def patch(self, path: str, data: Any) -> Any:
        return self.client.patch(f"/api/v1/{path}", data, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")
