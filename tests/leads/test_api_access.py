"""Who may call the API, and what a refusal says."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import ApiToken, Team
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user

pytestmark = pytest.mark.django_db


def test_without_a_token_nothing_is_answered() -> None:
    response = Client().get("/api/v1/leads")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="leadscore"'
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer lst_unknown", "Bearer \xff\xfe", "bearer a b c"])
def test_an_unknown_token_is_refused(header: str) -> None:
    response = Client(headers={"authorization": header}).get("/api/v1/leads")
    assert response.status_code == 401
    assert response.json() == {"error": "This token is not known. Create one with: manage.py create_token."}


@pytest.mark.parametrize("gone", [OperationalError, InterfaceError])
def test_while_the_database_is_away_the_caller_is_told_when_to_ask_again(gone: type[Exception]) -> None:
    caller = Caller(make_user("Dana", make_team(), Role.MARKETING))

    def away(*asked: Any) -> None:
        raise gone("the connection is lost")

    with connection.execute_wrapper(away):
        response = caller.post("leads", {"email": "jo@acme.test"})
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.json() == {"error": "The database could not do this just now. Send it again in a moment."}
    assert caller.get("leads").status_code == 200


def test_an_expired_token_and_one_of_a_person_who_left_are_refused() -> None:
    caller = Caller(make_user("Dana", make_team(), Role.MARKETING))
    ApiToken.objects.update(expires_at=timezone.now())
    assert "expired" in caller.get("leads").json()["error"]
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    caller.token.user.is_active = False
    caller.token.user.save()
    assert caller.get("leads").json() == {"error": "The person this token belongs to may no longer sign in."}


def test_the_last_use_is_noted_once_a_minute() -> None:
    caller = Caller(make_user("Dana", make_team()))
    caller.get("teams")
    first = ApiToken.objects.get().last_used_at
    caller.get("teams")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    caller.get("teams")
    assert ApiToken.objects.get().last_used_at > first


def test_a_reading_token_cannot_write() -> None:
    caller = Caller(make_user("Dana", make_team(), Role.MARKETING), scope=ApiToken.READ)
    response = caller.post("leads", {"email": "ana@northwind.example"})
    assert response.status_code == 403
    assert response.json() == {"error": "This token may only read. Create one with --scope write."}


def test_a_token_may_do_what_its_person_may() -> None:
    caller = Caller(make_user("Rita", make_team(), Role.REP))
    response = caller.post("leads", {"email": "ana@northwind.example"})
    assert response.status_code == 403
    assert response.json() == {"error": "Your roles do not allow this. Ask an admin of the team."}


def test_a_session_writes_only_with_its_csrf_token() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user("Dana", make_team(), Role.MARKETING))
    assert browser.get("/api/v1/leads").status_code == 200
    assert browser.post("/api/v1/leads", {"email": "a@b.example"}, content_type="application/json").status_code == 403


def test_what_another_team_has_is_missing_like_what_is_not_there() -> None:
    mine, other = make_team(), make_team("APAC")
    caller = Caller(make_user("Dana", mine, Role.ADMIN))
    foreign = make_lead(other)
    for path in ("leads/{}", "companies/{}", "events/{}", "deals/{}", "teams/{}", "users/{}", "sources/{}"):
        theirs, missing = caller.get(path.format(foreign.pk)), caller.get(path.format(987654321))
        assert (theirs.status_code, theirs.content) == (404, missing.content)
    assert caller.patch(f"leads/{foreign.pk}", {"title": "CEO"}).status_code == 404
    assert [team["slug"] for team in caller.get("teams").json()["results"]] == ["emea"]
    by_foreign = caller.get("leads", team=other.pk)
    assert (by_foreign.status_code, by_foreign.content) == (400, caller.get("leads", team=987654321).content)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "nothing/here", None, 404),
        ("delete", "leads", None, 405),
        ("get", "leads/99999999999999999999999", None, 404),
        ("post", "leads", "{", 400),
        ("post", "leads", "[" * 100_000, 400),
        ("post", "leads", '{"email": NaN}', 400),
        ("post", "leads", "[]", 400),
        ("post", "leads", "null", 400),
        ("post", "leads", b'{"email": "\xff"}', 400),
        ("post", "leads", '"' + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + '"', 413),
    ],
)
def test_every_refusal_is_json_that_says_why(method: str, path: str, body: str | None, status: int) -> None:
    caller = Caller(make_user("Dana", make_team(), Role.ADMIN))
    response = caller.client.generic(method.upper(), f"/api/v1/{path}", body or "", content_type="application/json")
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    assert response.json()["error"]


def test_other_kinds_of_body_are_refused() -> None:
    caller = Caller(make_user("Dana", make_team(), Role.ADMIN))
    assert caller.client.post("/api/v1/leads", {"email": "a@b.example"}).status_code == 415


@pytest.mark.parametrize("path", ["leads", "leads/"])
def test_the_slash_at_the_end_is_optional(path: str) -> None:
    assert Caller(make_user("Rita", make_team())).get(path).status_code == 200


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=x", "cursor=x", "cursor=bnVsbA", "ordering=name", "label=icy"]
)
def test_a_bad_question_is_answered_with_what_is_wrong(query: str) -> None:
    response = Caller(make_user("Rita", make_team())).client.get(f"/api/v1/leads?{query}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [query.partition("=")[0]]


def test_the_schema_describes_every_endpoint_and_the_docs_open() -> None:
    caller = Caller(make_user("Rita", make_team()))
    schema = caller.client.get("/api/v1/schema/?format=json").json()
    for path in ("leads", "leads/{id}", "companies", "events", "fields", "teams", "users", "sources"):
        assert f"/api/v1/{path}" in schema["paths"]
    docs = caller.client.get("/api/v1/docs/")
    assert docs.status_code == 200
    policy = dict(rule.strip().split(" ", 1) for rule in docs["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert set(policy["style-src"].split()) == {"'self'", "'unsafe-inline'"}


def test_a_list_costs_the_same_for_one_row_and_for_three(django_assert_num_queries) -> None:
    team: Team = make_team()
    caller = Caller(make_user("Rita", team))
    caller.get("leads")
    for _ in range(3):
        make_lead(team)
        with django_assert_num_queries(3):  # token, memberships, leads
            caller.get("leads")
