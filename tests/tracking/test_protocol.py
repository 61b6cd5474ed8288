"""The tracking protocol over HTTP: keys, bodies, answers, and what each message becomes."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from leads.ingest.tracking.clock import happened_at
from leads.models import Call, Event, EventKind, Lead, Standing, VisitorEvent, WriteKey
from tests.sales import make_team
from tests.threads import at_once
from tests.tracking.sending import SPECS, Sender, basic, kinds, make_key, make_source

pytestmark = pytest.mark.django_db


# --- Keys and answers -----------------------------------------------------------------------------


def test_the_key_is_the_user_name_of_basic_authentication(sender):
    sender.send("track", userId="u1", event="Signed Up")
    assert kinds() == ["signed_up"]


def test_or_stands_in_the_body(sender):
    body = json.dumps({"writeKey": sender.key, "userId": "u1", "event": "Signed Up", "type": "track"})
    assert Client().post("/v1/t", body, content_type="text/plain").status_code == 200
    assert kinds() == ["signed_up"]


@pytest.mark.parametrize("headers", [{}, basic("lsw_wrong"), {"authorization": "Basic %%%"}, basic("\x00")])
def test_without_a_known_key_nothing_is_taken(headers):
    answer = Client(headers=headers).post("/v1/track", b'{"event": "x", "userId": "u"}', "application/json")
    assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert not Lead.objects.exists()


def test_a_revoked_key_is_refused_at_once(sender):
    WriteKey.objects.update(revoked_at=timezone.now())
    assert sender.post("track", {"event": "x", "userId": "u"}).status_code == 401


def test_a_key_writes_to_its_source_only(sender):
    other = Sender(make_source("App", "APAC"))
    for each in (sender, other):
        each.send("track", userId="u1", event="Signed Up", messageId="m1")
    assert sorted(Event.objects.values_list("source__name", "lead__team__name")) == [
        ("App", "APAC"),
        ("Website", "EMEA"),
    ]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b'{"batch": {}}', b'{"batch": 1}', b"\xff\xfe\x00"]
)
def test_what_is_no_json_of_the_protocol_is_refused(sender, body):
    answer = sender.post("batch", body)
    assert (answer.status_code, answer.json()["success"]) == (400, False)


def test_pages_of_other_sites_may_send(sender):
    asked = Client().options("/v1/batch", headers={"origin": "https://shop.example"})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Authorization" in asked["Access-Control-Allow-Headers"]
    told = sender.post("track", {"event": "x", "userId": "u"}, origin="https://shop.example")
    assert told["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in told
    assert not told.cookies


def test_limits(sender):
    assert sender.post("batch", {"batch": [{}] * 2501}).status_code == 400
    assert sender.post("batch", b" " * (500 * 1024 + 1)).status_code == 413
    big = {"type": "track", "event": "x", "userId": "u", "properties": {"a": "x" * 33_000}}
    sender.batch(big, {"type": "track", "event": "y", "userId": "u"})
    assert (kinds(), sender.reasons()) == (["y"], ["The message is larger than 32 KB. Send less of it."])


@pytest.mark.parametrize("megabytes", [1, 600])
def test_a_bomb_is_refused_and_never_unpacked(sender, megabytes):
    packer = gzip.zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(megabytes)) + packer.flush()
    if len(bomb) > 500_000:
        bomb = bomb[:500_000]
    began = time.process_time()
    answer = sender.client.post("/v1/batch", bomb, "application/json", headers={"content-encoding": "gzip"})
    assert answer.status_code == 413
    assert time.process_time() - began < 2


def test_a_flood_is_asked_to_wait(sender, settings):
    settings.INGEST_MESSAGES_PER_MINUTE = 120  # 20 in ten seconds, and a request counts for ten
    now = timezone.now().replace(microsecond=0)
    begins = now - timedelta(seconds=now.second % 10)
    with time_machine.travel(begins + timedelta(seconds=3), tick=False):
        answers = [sender.post("track", {"event": "x", "userId": "u"}) for _ in range(4)]
        quiet = Sender(make_source("Quiet"))
        assert quiet.post("track", {"event": "x", "userId": "u"}).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert [answer.headers.get("Retry-After") for answer in answers] == [None, None, "7", "7"]
    with time_machine.travel(begins + timedelta(seconds=10), tick=False):
        assert sender.post("track", {"event": "x", "userId": "u"}).status_code == 200


def test_without_redis_nobody_waits(sender, settings):
    settings.INGEST_MESSAGES_PER_MINUTE = 6
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert sender.post("track", {"event": "x", "userId": "u"}).status_code == 200


def test_without_the_database_the_sender_tries_again(sender):
    def gone(*_):
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(gone):
        answer = sender.post("track", {"event": "x", "userId": "u"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_analytics_js_is_told_where_to_send(sender):
    told = Client().get(f"/v1/projects/{sender.key}/settings").json()
    assert told["integrations"]["Segment.io"]["apiHost"] == "testserver/v1"


# --- What they did --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Page Viewed", "page_viewed"), ("User Registered", "signed_up"), ("Demo Requested", "demo_requested"),
        ("Trial Started", "trial_started"), ("Email Link Clicked", "email_clicked"),
        ("Email Marked as Spam", "email_complained"), ("Unsubscribed", "email_unsubscribed"),
        ("Form Submitted", "form_submitted"), ("file_download", "content_downloaded"),
        ("Course Clicked", "course_clicked"),
    ],
)  # fmt: skip
def test_names_of_the_spec_are_kinds_of_ours(sender, name, kind):
    before = EventKind.objects.filter(slug=kind).exists()
    sender.send("track", userId="u1", event=name)
    assert kinds() == [kind]
    assert EventKind.objects.filter(slug=kind).count() == 1 or not before


def test_a_message_counts_once_for_ever(sender):
    for _ in range(3):
        sender.batch(*[{"type": "track", "userId": "u1", "event": "X", "messageId": f"m{n % 2}"} for n in range(4)])
    sender.send("page", anonymousId="a1", messageId="m7")
    sender.send("page", anonymousId="a1", messageId="m7")
    sender.send("identify", anonymousId="a1", userId="u1")
    sender.send("page", anonymousId="a1", messageId="m7")
    assert (Event.objects.count(), VisitorEvent.objects.count()) == (3, 0)
    assert sender.results() == {"accepted": 3, "duplicate": 12, "waiting": 1}


def test_a_duplicate_makes_nothing_due(sender):
    said = {"userId": "u1", "event": "X", "messageId": "m1", "context": {"traits": {"title": "CTO"}}}
    sender.send("track", **said)
    before = Standing.objects.get().facts_rev
    sender.send("track", **said)
    assert Standing.objects.get().facts_rev == before


@pytest.mark.parametrize(
    ("said", "sent", "happened"),
    [
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:10Z", "2026-03-02T11:59:50Z"),
        ("2016-03-02T09:00:00Z", "2016-03-02T09:01:00Z", "2026-03-02T11:59:00Z"),
        ("2036-03-02T09:00:00+02:00", "2036-03-02T07:00:05Z", "2026-03-02T11:59:55Z"),
        ("2026-03-02T09:00:00Z", None, "2026-03-02T09:00:00Z"),
        ("2031-01-01T00:00:00Z", None, "2026-03-02T12:00:00Z"),
        ("2026-03-02T09:00:10Z", "2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z"),
        (1772442000, None, "2026-03-02T09:00:00Z"),
        (1772442000123, None, "2026-03-02T09:00:00.123Z"),
        (None, "2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z"),
        ("2026-03-02T09:00:00Z", "rubbish", "2026-03-02T09:00:00Z"),
    ],
)
def test_the_clock_of_the_sender_is_put_right(said, sent, happened):
    received = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert happened_at(said, sent, received) == datetime.fromisoformat(happened)


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "rubbish", "", True, [], {}, 1e300, "9999-99-99"])
def test_a_moment_nobody_can_read(said):
    with pytest.raises(ValueError, match="timestamp: "):
        happened_at(said, None, timezone.now())


def test_history_is_told_by_its_own_clock(sender):
    batch = [{"type": "track", "userId": "u1", "event": "X", "timestamp": "2020-01-01T00:00:00Z"}]
    sender.send("import", batch=batch, sentAt="2020-01-01T00:00:00Z")
    assert Event.objects.get().occurred_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_nobody_s_event_waits_and_says_so(sender):
    sender.send("page", name="Home")
    assert Call.objects.get().reason == "Nobody's: send userId or anonymousId, then it counts."
    assert (sender.results(), VisitorEvent.objects.count()) == ({"waiting": 1}, 1)


def test_many_cost_as_many_statements_as_few(sender, django_assert_max_num_queries):
    def some(many):
        return [{"type": "track", "userId": f"u{n}", "event": "X", "properties": {"n": n}} for n in range(many)]

    sender.batch(*some(500))
    with django_assert_max_num_queries(14):
        sender.batch(*some(500))
    assert Event.objects.count() == 1000


@pytest.mark.django_db(transaction=True)
def test_visits_that_arrive_while_their_visitor_becomes_known_are_not_lost():
    source = make_source()
    key = make_key(source)

    def send(body):
        answer = Client(headers=basic(key)).post("/v1/batch", json.dumps({"batch": body}), "application/json")
        assert answer.status_code == 200

    for n in range(12):
        page = [{"type": "page", "anonymousId": f"a{n}", "messageId": f"p{n}-{i}"} for i in range(3)]
        known = [{"type": "identify", "anonymousId": f"a{n}", "userId": f"u{n}", "messageId": f"i{n}"}]
        at_once(send, [page[:1], known, page[1:2], page[2:], page])
    assert (Lead.objects.count(), Event.objects.count(), VisitorEvent.objects.count()) == (12, 36, 0)


# --- The samples of the Segment spec --------------------------------------------------------------

needs_specs = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the samples of the Segment spec are not in this repository"
)


@needs_specs
def test_every_sample_is_taken(sender):
    samples = {path.stem: json.loads(path.read_text()) for path in sorted(SPECS.glob("*.json"))}
    assert len(samples) == 29
    for name, sample in samples.items():
        sample["messageId"] = name  # several samples share one
        sender.send(sample.get("type") or sample["action"], **sample)
    # three of them are of nobody: they name neither a user nor a visitor
    assert sender.results() == {"accepted": 26, "waiting": 3}
    peter = Lead.objects.get(email="peter@example.com")
    assert (peter.first_name, peter.last_name, peter.city, peter.country, peter.company.name) == (
        "Peter", "Gibbons", "San Francisco", "US", "Initech",
    )  # fmt: skip
    assert (peter.company.industry, peter.company.employees) == ("Information technology", 329)
    assert Lead.objects.filter(email="jen@email.com", identities__value="507f191e81").exists()
    assert "trial_started" in kinds(Lead.objects.get(email="pgibbons@example.com"))
    assert make_team() == sender.source.team
