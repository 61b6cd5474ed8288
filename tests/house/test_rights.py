"""What belongs to another team is, at every address that names it, exactly like what is not there."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from leads.enums import ImportState, Role
from leads.identity import merge
from leads.invitations import invite
from leads.models import (
    Absence,
    ApiToken,
    Calendar,
    Cleanup,
    Comment,
    Company,
    Crossing,
    Deal,
    DuplicatePair,
    Effect,
    Endpoint,
    Event,
    EventKind,
    Feedback,
    Handoff,
    Import,
    Invitation,
    Lead,
    LeadForm,
    MailHook,
    Membership,
    Merge,
    Notice,
    NurtureList,
    NurtureMember,
    Problem,
    Rule,
    Segment,
    SignIn,
    Source,
    Team,
    User,
    WriteKey,
)
from tests.sales import hand_off, make_team, make_user, reason

pytestmark = pytest.mark.django_db
MISSING = 987654321
HOT = {"field": "label", "op": "any_of", "value": ["hot"]}

# The first part of an address that names a row → whose row it is. Rows of no team belong to the company.
OF_A_TEAM = {
    "leads": Lead, "companies": Company, "handoffs": Handoff, "imports": Import, "deals": Deal, "events": Event,
    "data-quality": Cleanup, "problems": Problem, "cleanups": Cleanup,
    "feedback": Feedback, "absences": Absence, "sources": Source, "teams": Team, "users": User, "people": User,
    "memberships": Membership, "invitations": Invitation, "profile": SignIn, "segments": Segment,
    "notices": Notice, "webhooks": Endpoint, "outbox": Effect,
    "nurture": NurtureList, "nurture-lists": NurtureList, "nurture-members": NurtureMember,
    "rules": Rule, "alert-rules": Rule, "crossings": Crossing,
    "comments": Comment, "duplicates": DuplicatePair, "merges": Merge,
}  # fmt: skip
OF_THE_COMPANY = {"models", "publications", "criteria", "fields", "reports"}
TOKENS = {"setup", "join", "password", "v1", "f", "hooks"}  # addresses that carry a key, not the id of a row
# Alike even for whom the row belongs to, and why.
ALIKE = {
    "/imports/{}/check/": "asked only before an import is started",
    "/rules/{}/samples/": "the sweep has deleted the rule just before",
    "/imports/{}/start/": "asked only before an import is started",
    "/scoring/feedback/{}.csv": "names a table, not a row",
    "/api/v1/feedback/summary/{}/": "names a table, not a row",
    "/api/v1/handoffs/{}/recycling/": "refused for its body before the row is looked up",
    "/api/v1/handoffs/{}/rejection/": "refused for its body before the row is looked up",
    "/api/v1/handoffs/{}/contact/": "refused for its body before the row is looked up",
    "/api/v1/handoffs/{}/next-step/": "refused for its body before the row is looked up",
    "/api/v1/handoffs/{}/snooze/": "refused for its body before the row is looked up",
    "/api/v1/absences/{}/": "the page asked before it has ended the absence",
    "/profile/sessions/{}/ending/": "everybody ends their own",
    "/notices/{}/reading/": "a notice is for its own person",
    "/api/v1/notices/{}/": "a notice is for its own person",
    "/api/v1/notices/{}/reading/": "a notice is for its own person",
    **{f"/admin/leads/{name}/{{}}/delete/": "not deleted in the admin" for name in (
        "lead", "company", "deal", "source", "team", "user")},
}  # fmt: skip
# Asked last, for the person is no longer there afterwards.
ENDS = ("/api/v1/users/{}/deactivation/", "/people/{}/deactivation/", "/memberships/{}/ending/")
ADMIN_OF_A_TEAM = (Lead, Company, Deal, Source, WriteKey, Team, User, ApiToken, Calendar)


class Place(NamedTuple):
    """An address whose first id is of a row of the model."""

    address: str
    model: type[Any]

    def of(self, pk: object) -> str:
        return self.address.replace("{}", str(pk), 1).replace("{}", "1")


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def places() -> list[Place]:
    """Every address of the resolver with the id of a row of a team."""
    found = [place for route in sorted(set(routes(get_resolver()))) if (place := _place(route))]
    return found + [Place(address, model) for model in ADMIN_OF_A_TEAM for address in _admin_addresses(model)]


def _place(route: str) -> Place | None:
    path = re.sub(r"\(\?P<format>[^)]*\)\??", "", route.replace("\\.", "."))
    path, ids = re.subn(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)", "{}", path)
    path = "/" + re.sub(r"[\^$?\\]", "", path)
    if not ids or path.startswith("/admin/") or path.strip("/").split("/")[0] in TOKENS:
        return None
    subject = re.sub(r"^/(api/v1/|scoring/)?", "", path).split("/")[0]
    if subject in OF_THE_COMPANY:
        return None
    return Place(path, OF_A_TEAM[subject])  # an unknown subject has to be put into one of the two lists above


def _admin_addresses(model: type[Any]) -> Iterator[str]:
    for pattern in site._registry[model].get_urls():
        path, ids = re.subn(r"<path:object_id>", "{}", str(pattern.pattern))
        if ids and path != "{}/":
            yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/{path}"


@pytest.fixture
def theirs() -> dict[type[Any], Any]:
    """A row of every kind, of a team that nobody else is in. Their ids are like no other number of a page."""
    with connection.cursor() as cursor:
        for model in {*OF_A_TEAM.values(), *ADMIN_OF_A_TEAM}:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 700000000)", [model._meta.db_table])
    team = make_team("APAC")
    company = Company.objects.create(team=team, name="Northgate", domain="northgate.example")
    source = Source.objects.named(team, "Web", "website")
    LeadForm.objects.create(pk=source.pk, source=source, key="k", name="Contact")  # one address names both
    MailHook.objects.create(pk=source.pk, source=source, provider="postmark")
    handoff = hand_off(team, company=company)
    event = Event.objects.create(
        lead=handoff.lead, kind=EventKind.objects.get(slug="page_viewed"), source=source, message_id="m1",
        occurred_at=handoff.opened_at,
    )  # fmt: skip
    user = make_user("Theo", team)
    twin = Lead.objects.create(team=team, email="twin@northgate.example")
    third = Lead.objects.create(team=team, email="third@northgate.example")
    pair = DuplicatePair.objects.create(team=team, low=handoff.lead, high=twin, confidence=90)
    job = Import.objects.create(team=team, source=source, by=user, name="x.csv", kind="leads", state=ImportState.DONE)
    of = NurtureList.objects.create(team=team, name="Later")
    nurtured = NurtureMember.objects.create(list=of, lead=handoff.lead)
    segment = Segment.objects.create(team=team, name="Hot", condition=HOT)
    rule = Rule.objects.create(team=team, name="Hot", segment=segment, actions={"tag": "x"})
    crossing = Crossing.objects.create(rule=rule, lead=handoff.lead, cause="decay", state="done", at=handoff.opened_at)
    return {
        DuplicatePair: pair, Merge: merge(handoff.lead, third, by=None),
        Lead: handoff.lead, Company: company, Handoff: handoff, Source: source, Team: team, User: user, Event: event,
        Import: job, WriteKey: WriteKey.issue(source)[0], ApiToken: ApiToken.issue(user, scope=ApiToken.READ)[0],
        Membership: user.memberships.get(),
        Invitation: invite(team, email="new@northgate.example", role=Role.REP, by=user),
        SignIn: SignIn.objects.create(user=user, session_key="s"),
        Calendar: Calendar.objects.create(team=team),
        Cleanup: Cleanup.objects.create(team=team, act="dismiss", kind="title"),
        Problem: Problem.objects.create(team=team, kind="title", lead=handoff.lead, value="CEO, student"),
        Deal: Deal.objects.create(team=team, lead=handoff.lead, source=source, external_id="d1", name="Pilot"),
        Endpoint: Endpoint.objects.create(team=team, name="Bridge", url="https://hooks.example.com/"),
        Effect: Effect.objects.create(team=team, kind="webhook", key="e", lane="webhook:0", state=Effect.DEAD),
        Comment: Comment.objects.create(lead=handoff.lead, by=user, text="Secret"),
        Segment: segment,
        Rule: rule,
        Crossing: crossing,
        Notice: Notice.objects.create(user=user, kind="mention", key="m", text="Secret"),
        NurtureList: nurtured.list, NurtureMember: nurtured,
        Absence: Absence.objects.create(user=user, first="2999-01-01", last="2999-01-02"),
        Feedback: Feedback.objects.create(handoff=handoff, verdict=Feedback.REJECTED, reason=reason(), by=user),
    }  # fmt: skip


def answers(client: Client, place: Place, pk: object) -> list[tuple[int, str, str]]:
    """Status, address of a redirect and body, for a page, for a part of it, and for an act."""
    return [
        _answer(client, pk, client.get(place.of(pk))),
        _answer(client, pk, client.get(place.of(pk), headers={"HX-Request": "true"})),
        _answer(client, pk, client.post(place.of(pk), {}, content_type="application/json")),
    ]


def _answer(client: Client, pk: object, response: Any) -> tuple[int, str, str]:
    client.cookies.pop("messages", None)  # or the next page would show what this one said
    body = b"".join(response.streaming_content) if response.streaming else response.content
    text = re.sub(r"[\w-]{64}", "TOKEN", body.decode()).replace(str(pk), "ID")
    return response.status_code, response.get("Location", "").replace(str(pk), "ID"), text


@pytest.mark.parametrize("role", Role.values)
def test_rows_of_another_team_are_like_rows_that_are_not_there(role: str, theirs: dict[type[Any], Any]) -> None:
    client = Client()
    client.force_login(make_user("Uma", make_team(), role))
    found = places()
    wrong = [
        place.address
        for place in found
        if answers(client, place, theirs[place.model].pk) != answers(client, place, MISSING)
    ]
    assert wrong == []
    assert {place.model for place in found} == set(theirs)
    assert len(found) >= 50  # a sweep that finds nothing would pass for ever


def test_a_colleague_is_answered_otherwise(theirs: dict[type[Any], Any]) -> None:
    """Negative control: for an admin of the team itself these addresses tell the two apart."""
    client = Client()
    client.force_login(make_user("Ava", theirs[Team], Role.ADMIN))
    same = {
        place.address
        for place in sorted(places(), key=lambda place: place.address in ENDS and ENDS.index(place.address) + 1)
        if place.address.count("{}") == 1  # a second id would have to be of the same row
        and answers(client, place, theirs[place.model].pk) == answers(client, place, MISSING)
    }
    assert same == set(ALIKE)
