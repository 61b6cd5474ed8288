"""Garbage hurts only itself: whatever is in a batch, the good messages beside it are stored, and it gets its reason."""

import gzip
import json
import random
import resource
import time

import pytest

from leads.models import Event
from tests.tracking.sending import Sender, make_source

pytestmark = pytest.mark.django_db

ROUNDS = 125


def track(number, **more):
    return {"type": "track", "event": "Good", "userId": f"u{number % 50}", "messageId": f"good-{number}"} | more


def spoiled(number: int) -> list[str]:
    """One of each kind of broken message, as JSON text."""
    base = f'"type": "track", "event": "Bad", "userId": "b{number}"'
    inside = [
        r'"a\u0000b"', r'"\ud800"', r'"x\udc00y"', "NaN", "Infinity", "-Infinity", "1e999", "9" * 30, "-" + "9" * 5000,
        "[" * 5000 + "]" * 5000, '{"a":' * 5000 + "1" + "}" * 5000, '{"a":' * 40 + "1" + "}" * 40,
    ]  # fmt: skip
    bodies = [f'{{{base}, "properties": {{"a": {value}}}}}' for value in inside]
    whole = [
        "1", '"text"', "null", "[]", "[[]]", "true", "{}", '{"type": "track"}', '{"type": "nonsense", "userId": "x"}',
        '{"type": 5, "userId": "x"}', '{"type": "track", "event": "", "userId": "x"}',
        '{"type": "track", "event": {}, "userId": "x"}', '{"type": "track", "event": "x", "userId": []}',
        '{"type": "track", "event": "x", "userId": true}', '{"type": "identify", "traits": {}}',
        '{"type": "identify", "userId": "x", "traits": []}', '{"type": "group", "userId": "x"}',
        '{"type": "alias", "userId": "x"}', f'{{{base}, "properties": []}}', f'{{{base}, "properties": "x"}}',
        f'{{{base}, "context": []}}', f'{{{base}, "timestamp": "0001-01-01T00:00:00+14:00"}}',
        f'{{{base}, "timestamp": "yesterday"}}', f'{{{base}, "timestamp": {{}}}}',
        f'{{{base}, "messageId": "{"m" * 500}"}}', f'{{"type": "track", "event": "{"e" * 500}", "userId": "x"}}',
        f'{{"type": "track", "event": "x", "userId": "{"u" * 500}"}}', f'{{{base}, "\\u0000": 1}}',
    ]  # fmt: skip
    return bodies + whole


def test_garbage_hurts_only_itself():
    sender, shuffled = Sender(), random.Random(7)
    good = bad = 0
    for number in range(ROUNDS):
        broken = spoiled(number)
        if number % 5:  # a batch has room for 500 KB
            broken = [text for text in broken if len(text) < 9_000]
        else:
            broken.append(
                f'{{"type": "track", "event": "Bad", "userId": "b", "properties": {{"a": "{"x" * 40_000}"}}}}'
            )
        fine = [json.dumps(track(good + n)) for n in range(20)]
        texts = broken + fine
        shuffled.shuffle(texts)
        began = time.process_time()
        answer = sender.post("batch", f'{{"batch": [{", ".join(texts)}]}}'.encode(), packed=bool(number % 2))
        assert (answer.status_code, time.process_time() - began < 2) == (200, True), answer.content
        good, bad = good + len(fine), bad + len(broken)
    assert bad >= 4_000
    assert Event.objects.filter(kind__slug="good").count() == good
    assert not Event.objects.filter(kind__slug="bad").exists()
    reasons = sender.reasons()
    assert (len(reasons), all(reasons)) == (bad, True)
    assert sender.results()["rejected"] == bad


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_other_encodings_of_json_are_understood(encoding):
    sender = Sender()
    assert sender.post("track", json.dumps(track(1), ensure_ascii=False).encode(encoding)).status_code == 200
    assert Event.objects.count() == 1


def test_bytes_that_are_no_text_cost_one_message():
    sender = Sender()
    batch = json.dumps({"batch": [track(1, properties={"a": "@"}), track(2)]}).encode().replace(b"@", b"M\xfcnchen")
    assert sender.post("batch", batch).status_code == 200
    assert (Event.objects.count(), sender.reasons()) == (
        1, ["Broken text: half of a surrogate pair. Send valid UTF-8."],
    )  # fmt: skip


def test_of_a_key_given_twice_the_last_counts():
    sender = Sender()
    sender.post("track", b'{"event": "One", "event": "Two", "userId": "u"}')
    assert Event.objects.get().kind.slug == "two"


PACKED = [
    b"\x1f\x8b", b"\x1f\x8b\x08" + b"\0" * 50, gzip.compress(b"{}")[:-4], gzip.compress(b"{"), b"{}",
    gzip.compress(b""),
]  # fmt: skip


@pytest.mark.parametrize("body", PACKED, ids=range(len(PACKED)))
def test_what_says_it_is_packed_and_is_not(body):
    sender = Sender()
    answer = sender.client.post("/v1/batch", body, "application/json", headers={"content-encoding": "gzip"})
    assert answer.status_code == 400


@pytest.mark.parametrize("encoding", ["br", "zstd", "bz2_codec", "gzip, gzip", "\u00fc"])
def test_other_packings_are_refused(encoding):
    sender = Sender()
    answer = sender.client.post("/v1/batch", b"{}", "application/json", headers={"content-encoding": encoding})
    assert answer.status_code == 400


def test_bombs_are_bounded():
    sender = Sender(make_source("Bombs"))
    bomb = gzip.compress(b'{"batch": [' + b"[" * 50_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for call in ("batch", "track", "identify", "import", "b") * 10:
        began = time.process_time()
        answer = sender.client.post(f"/v1/{call}", bomb, "application/json", headers={"content-encoding": "gzip"})
        assert answer.status_code == 413
        assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    sender.send("track", **track(1))


@pytest.mark.parametrize(
    "body", [b"[" * 400_000, b'{"batch":' + b"[" * 400_000, b'{"a":' * 80_000, b'"' * 500_000], ids=range(4)
)
def test_brackets_without_end(body):
    began = time.process_time()
    assert Sender().post("batch", body).status_code == 400
    assert time.process_time() - began < 2


def test_as_many_empty_lists_as_fit():
    sender = Sender()
    began = time.process_time()
    answer = sender.post("batch", ('{"batch": [' + ", ".join(["[]"] * 2500) + "]}").encode())
    assert (answer.status_code, sender.results()) == (200, {"rejected": 2500})
    assert time.process_time() - began < 2
