"""Webhooks of e-mail providers become events on the lead with that address."""

import json
from copy import deepcopy

import pytest
from django.test import Client

from leads.identity.merging import merge
from leads.ingest.mail import PROVIDERS
from leads.ingest.tracking import stream
from leads.models import Call, Event, Lead, MailHook, VisitorEvent
from tests.mail.sending import FILES, PASSWORD, SPECS, basic, make_hook, resend, send
from tests.sales import make_team

pytestmark = pytest.mark.django_db
NO_EVENT = {"unknown"}
# SparkPost's own switch decides this one; ours is off, so that an open is not counted twice.
BY_CHOICE = {"SparkPostDeliveryTestCase.test_initial_open_event_as_opened": "unknown"}


def cases(folder, pattern):
    return [case for path in sorted(folder.glob(pattern)) for case in json.loads(path.read_text())]


def shared():
    found = cases(SPECS, "*.json")
    missing = pytest.mark.skip(reason="the 98 cases are not part of this repository: set SHARED_DIR to their folder")
    return [pytest.param(case, id=case["case"]) for case in found] or [pytest.param(None, marks=missing)]


def check(case):
    hook, expected = make_hook(case["esp"]), case["expected"]
    kind = BY_CHOICE.get(case["case"], expected["event_type"])
    answer = send(hook, case["raw"])
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    call = Call.objects.get()
    if kind in NO_EVENT or not call.name:
        assert (call.result, bool(call.reason), Event.objects.exists()) == (Call.REJECTED, True, False)
        return kind
    visit = VisitorEvent.objects.get()
    email = visit.visitor.removeprefix("mailto:")
    assert (visit.kind.slug, call.result, call.name) == (f"email_{kind}", Call.WAITING, f"{kind} {email}")
    if expected.get("recipient"):
        assert email == expected["recipient"].lower()
    for name, kept in {"click_url": "url", "reject_reason": "reason", "user_agent": "user_agent"}.items():
        if expected.get(name):
            assert visit.properties[kept] == expected[name]
    assert visit.properties.get("tags", []) == [tag for tag in expected.get("tags", []) if tag] or not expected.get(
        "tags"
    )
    return kind


@pytest.mark.parametrize("case", shared())
def test_every_known_case_gives_the_expected_event(case):
    check(case)


@pytest.mark.parametrize("case", cases(FILES, "cases.json"), ids=lambda case: case["case"])
def test_a_few_cases_of_each_provider(case):
    check(case)


def raw(provider, word):
    found = next(c for c in cases(FILES, "cases.json") if c["esp"] == provider and word in c["case"])
    return deepcopy(found["raw"])


def lead(email="recipient@example.com", team="EMEA"):
    return Lead.objects.create(team=make_team(team), email=email)


def test_it_is_on_the_lead_with_that_address():
    ana, hook = lead(), make_hook("sendgrid")
    before = ana.standing.facts_rev
    assert send(hook, raw("sendgrid", "click")).status_code == 200
    event = Event.objects.get(lead=ana)
    ana.standing.refresh_from_db()
    assert (event.kind.slug, event.source, ana.standing.facts_rev) == ("email_clicked", hook.source, before + 1)
    assert event.properties["url"] == raw("sendgrid", "click")[0]["url"]
    call = Call.objects.get()
    assert (call.lead, call.result, call.type) == (ana, Call.ACCEPTED, "email")


def test_another_teams_lead_of_that_address_is_not_touched():
    theirs = lead(team="APAC")
    send(make_hook("sendgrid"), raw("sendgrid", "click"))
    assert (theirs.events.count(), VisitorEvent.objects.count()) == (0, 1)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_event_counts_once_for_ever(provider):
    hook = make_hook(provider)
    body = next(c["raw"] for c in cases(FILES, "cases.json") if c["esp"] == provider)
    for token in ("one", "two"):  # Mailgun signs anew when it sends again
        send(hook, body, **({"token": token} if provider == "mailgun" else {}))
    results = list(Call.objects.order_by("pk").values_list("result", flat=True))
    assert (results, VisitorEvent.objects.count()) == ([Call.WAITING, Call.DUPLICATE], 1)


def test_an_address_nobody_has_waits_for_its_lead():
    hook = make_hook("postmark")
    body = raw("postmark", "bounce")
    send(hook, body)
    assert (Lead.objects.count(), VisitorEvent.objects.count()) == (0, 1)
    stream.prune()
    assert VisitorEvent.objects.count() == 1
    ana = lead(body["Email"])
    stream.prune()
    assert (ana.events.get().kind.slug, VisitorEvent.objects.count()) == ("email_bounced", 0)
    send(hook, body)
    assert (ana.events.count(), Call.objects.latest("pk").result) == (1, Call.DUPLICATE)


def test_what_waited_for_a_merged_lead_joins_its_survivor():
    body = raw("postmark", "bounce")
    send(make_hook("postmark"), body)
    ana, twin = lead("ana@northwind.example"), lead(body["Email"])
    merge(ana, twin, by=None)
    stream.prune()
    event = ana.events.get()
    assert (event.kind.slug, event.came_by) == ("email_bounced", twin.pk)


def test_one_bad_event_costs_none_of_the_others():
    hook, good = make_hook("sendgrid"), raw("sendgrid", "click")[0]
    bad = [1, None, [], {}, {"event": "click"}, {"event": 5, "email": []},
           good | {"email": "nobody"}, good | {"timestamp": 10**30}, good | {"email": "a\0b@x.example"}]  # fmt: skip
    assert send(hook, [*bad, good]).status_code == 200
    assert VisitorEvent.objects.count() == 1
    calls = Call.objects.filter(result=Call.REJECTED)
    assert (calls.count(), all(call.reason for call in calls)) == (len(bad), True)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_not_signed_is_refused_in_words(provider):
    hook = make_hook(provider)
    body = json.dumps(next(c["raw"] for c in cases(FILES, "cases.json") if c["esp"] == provider))
    form = provider == "mandrill"
    for address in (f"?key={hook.key}", ""):
        answer = Client().post(f"/hooks/email/{provider}/{address}", {"mandrill_events": body} if form else body,
            **({} if form else {"content_type": "application/json"}))  # fmt: skip
        assert (answer.status_code, answer.json()["success"]) == (403 if PROVIDERS[provider].signs else 401, False)
        assert len(answer.json()["message"]) > 30
    assert (VisitorEvent.objects.count(), Event.objects.count()) == (0, 0)
    assert Call.objects.get().reason.startswith("Not signed")  # only where the address says whose it is


def test_the_wrong_signature_is_refused():
    hook = make_hook("resend")
    body = json.dumps(raw("resend", "bounced")).encode()
    stale = resend(body, at=1_600_000_000)
    for headers in (stale, resend(b"{}"), resend(body) | {"svix-id": "msg_other"}, {"svix-signature": "v1,"}):
        answer = Client().post(f"/hooks/email/resend/?key={hook.key}", body, "application/json", headers=headers)
        assert answer.status_code == 403
    assert Client().post(
        f"/hooks/email/resend/?key={hook.key}", body, "application/json", headers=resend(body)
    ).status_code == 200  # fmt: skip


def test_without_the_key_the_signature_says_whose_it_is():
    make_hook("postmark", "APAC", "leadscore:another")
    hook = make_hook("postmark")
    assert send(hook, raw("postmark", "bounce"), bare=True).status_code == 200
    assert VisitorEvent.objects.get().source == hook.source


def test_another_provider_a_closed_address_and_one_without_a_secret_are_missing():
    hook, other = make_hook("postmark"), make_hook("brevo")

    def status(address):
        return Client().post(address, "{}", "application/json", headers=basic(b"", PASSWORD)).status_code

    assert status(f"/hooks/email/brevo/?key={hook.key}") == 404
    assert status(f"/hooks/email/nobody/?key={hook.key}") == 404
    assert status("/hooks/email/sendgrid/") == 404
    MailHook.objects.filter(pk=other.pk).update(secret="")
    assert status(f"/hooks/email/brevo/?key={other.key}") == 404
    hook.closed_at = hook.created_at
    hook.save()
    assert status(f"/hooks/email/postmark/?key={hook.key}") == 404


def test_methods():
    hook = make_hook("mandrill")
    address = f"/hooks/email/mandrill/?key={hook.key}"
    assert (Client().head(address).status_code, Client().get(address).status_code) == (200, 405)
    assert send(hook, [], body=b" " * (1024 * 1024 + 1)).status_code == 413


def test_opens_are_recorded_and_no_activity():
    ana = lead()
    send(make_hook("sendgrid"), raw("sendgrid", "open"))
    event = ana.events.get()
    assert (event.kind.slug, event.kind.by_lead) == ("email_opened", False)
