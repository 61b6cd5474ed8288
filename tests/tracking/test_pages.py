"""The pages about sources, and forms of other websites."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.enums import Role, SourceKind
from leads.models import Call, Event, Field, Lead, LeadForm, Source, WriteKey
from tests.sales import make_team, make_user
from tests.tracking.sending import Sender, basic, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(client):
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))
    return client


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_source_is_made_and_its_key_shown_once(marketer):
    assert "No source yet" in page(marketer, "sources")
    said = {"name": "Website", "team": make_team().pk, "kind": SourceKind.WEBSITE}
    made = marketer.post(reverse("sources"), said)
    source = Source.objects.get()
    assert made["Location"] == reverse("source", args=[source.pk])
    assert "No event yet" in page(marketer, "source", source.pk)
    shown = marketer.post(reverse("source-keys", args=[source.pk])).content.decode()
    secret = re.search(r'<code id="secret">(lsw_[\w-]+)</code>', shown)[1]
    assert f"data-key=&quot;{secret}&quot;" in shown or f'data-key="{secret}"' in shown
    assert secret not in page(marketer, "source", source.pk)
    told = Client(headers=basic(secret)).post("/v1/track", b'{"event": "X", "userId": "u"}', "application/json")
    assert told.status_code == 200
    assert "We see your events" in page(marketer, "source", source.pk)
    marketer.post(reverse("source-key-revocation", args=[source.pk, WriteKey.objects.get().pk]))
    again = Client(headers=basic(secret)).post("/v1/track", b'{"event": "X", "userId": "u"}', "application/json")
    assert again.status_code == 401


def test_two_sources_of_a_team_have_two_names(marketer):
    make_source()
    answer = marketer.post(reverse("sources"), {"name": "website", "team": make_team().pk, "kind": "api"})
    assert (answer.status_code, Source.objects.count()) == (422, 1)


def test_reps_and_other_teams_stay_outside(client):
    source = make_source()
    key = WriteKey.issue(source)[0]
    form = LeadForm.objects.create(source=source, key="k", name="Contact")
    reads = [("source",), ("source-events",), ("source-traits",), ("source-first-event",)]
    writes = [("source-keys",), ("source-key-revocation", key.pk), ("source-forms",), ("source-form-closing", form.pk)]
    for user, status in (
        (make_user("Rita", make_team()), 403), (make_user("Omar", make_team("APAC"), Role.MARKETING), 404),
    ):  # fmt: skip
        client.force_login(user)
        for name, *more in reads:
            assert client.get(reverse(name, args=[source.pk, *more])).status_code == status
        for name, *more in [*writes, ("source-traits",)]:
            assert client.post(reverse(name, args=[source.pk, *more])).status_code == status
    assert not WriteKey.objects.exclude(revoked_at=None).exists()


def test_the_list_costs_the_same_for_one_and_for_three(marketer):
    Sender().send("track", userId="u", event="X")
    with CaptureQueriesContext(connection) as one:
        page(marketer, "sources")
    for name in ("App", "Shop"):
        Sender(make_source(name)).send("track", userId="u", event="X")
    with CaptureQueriesContext(connection) as three:
        shown = page(marketer, "sources")
    assert (len(one), shown.count("just now")) == (len(three), 3)


def test_the_debugger_shows_what_became_of_each_and_why(marketer):
    sender = Sender()
    sender.batch(
        {"type": "track", "event": "Demo <b>Requested</b>", "userId": "u", "messageId": "m1"},
        {"type": "track", "event": "X", "userId": "u", "messageId": "m1"},
        {"type": "page", "anonymousId": "a1"},
        {"type": "track", "userId": "u"},
        7,
    )
    pk = sender.source.pk
    shown = page(marketer, "source-events", pk)
    assert "Demo &lt;b&gt;Requested" in shown
    assert "event: missing. Say what happened, such as Signed Up." in shown
    assert "This messageId was counted before." in shown
    assert "Until this visitor says who they are." in shown
    only = page(marketer, "source-events", pk, result="rejected")
    assert only.count("What was sent") == 2
    part = marketer.get(reverse("source-events", args=[pk]), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section") and "<html" not in part


def test_traits_go_where_marketing_says(marketer):
    Field.objects.create(key="budget", label="Budget")
    sender = Sender()
    sender.send("identify", userId="u1", traits={"email": "ana@northwind.example", "money": "5000", "role": "CTO"})
    shown = page(marketer, "source-traits", sender.source.pk)
    names = re.findall(r'<th scope="row"><b>(\w+)</b>', shown)
    assert names == ["email", "money", "role"]
    chosen = {"trait-0": "email", "trait-1": "fields.budget", "trait-2": ""}
    marketer.post(reverse("source-traits", args=[sender.source.pk]), chosen)
    sender.source.refresh_from_db()
    assert sender.source.mapping == {"money": "fields.budget", "role": None}
    sender.send("identify", userId="u1", traits={"money": "6000", "role": "CEO"})
    lead = Lead.objects.get()
    assert (lead.fields, lead.title) == ({"budget": "6000"}, "CTO")


# --- Forms ----------------------------------------------------------------------------------------


@pytest.fixture
def form():
    return LeadForm.objects.create(
        source=make_source(), key="abc", name="Contact", thanks_url="https://x.example/thanks"
    )


def send(form, **fields):
    return Client(enforce_csrf_checks=True).post(reverse("lead-form", args=[form.key]), fields)


def test_a_plain_form_makes_a_lead(form):
    answer = send(form, name="Ana Ruiz", email="Ana@Northwind.example", company="Northwind", message="Call me",
                  next="https://evil.example", thanks_url="https://evil.example")  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, "https://x.example/thanks")
    lead = Lead.objects.select_related("company").get()
    assert (lead.name, lead.email, lead.company.name) == ("Ana Ruiz", "ana@northwind.example", "Northwind")
    event = Event.objects.select_related("kind").get()
    assert (event.kind.slug, event.properties["form"], event.properties["message"]) == (
        "form_submitted", "Contact", "Call me",
    )  # fmt: skip


def test_without_a_page_of_theirs_the_sender_is_thanked_by_ours(form):
    LeadForm.objects.update(thanks_url="")
    answer = send(form, email="ana@northwind.example")
    assert answer.status_code == 200
    assert b"Your message has arrived." in answer.content
    assert not answer.cookies


def test_robots_are_thanked_and_not_taken(form):
    assert send(form, email="ana@northwind.example", fax_extension="1").status_code == 302
    assert not Lead.objects.exists()
    assert Call.objects.get().reason.startswith("Sent by a robot")


@pytest.mark.parametrize("email", ["", "nonsense", "a@b@c"])
def test_without_an_address_there_is_no_lead(form, email):
    assert send(form, email=email, name="Ana").status_code == 422
    assert not Lead.objects.exists()


def test_too_many_from_one_place_wait(form):
    answers = [send(form, email=f"a{n}@northwind.example").status_code for n in range(12)]
    assert answers.count(429) >= 1
    assert Lead.objects.count() == answers.count(302) <= 11


@pytest.mark.parametrize("value", ["a\0b", "\ud800".encode("utf-8", "surrogatepass"), "x" * 100_000, "=1+1", "<b>"])
def test_hostile_text_is_text(form, value):
    assert send(form, email="ana@northwind.example", message=value, name="Ana").status_code == 302
    assert Event.objects.count() == 1


def test_a_closed_form_takes_nothing(form, marketer):
    marketer.post(reverse("source-form-closing", args=[form.source_id, form.pk]))
    assert send(form, email="ana@northwind.example").status_code == 404


def test_the_html_to_copy_works(marketer):
    source = make_source()
    marketer.post(reverse("source-forms", args=[source.pk]), {"name": "Contact", "thanks_url": ""})
    shown = page(marketer, "source", source.pk).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    action = re.search(r'<form action="http://testserver(/f/[\w-]+/)" method="post">', shown)[1]
    fields = re.findall(r'<(?:input|textarea) name="(\w+)"', shown[shown.index(action) :])[:5]
    assert fields == ["name", "email", "company", "message", "fax_extension"]
    assert Client().post(action, {"name": "Ana", "email": "ana@northwind.example"}).status_code == 200
    assert Lead.objects.count() == 1


# --- The script -----------------------------------------------------------------------------------


def test_the_script_is_small_and_kept_by_browsers():
    answer = Client().get("/t.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert len(answer.content) < 3000
    assert answer["Cache-Control"] == "public, max-age=86400"
    assert not answer.cookies
    assert Client().get("/t.js", headers={"if-none-match": answer["ETag"]}).status_code == 304
