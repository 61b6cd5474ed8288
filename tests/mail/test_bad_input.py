"""Garbage of e-mail providers hurts only itself: never our failure, never a lost good event, a reason for each."""

import json
import random
import time

import pytest

from leads.models import Call, VisitorEvent
from tests.mail.sending import make_hook, send

pytestmark = pytest.mark.django_db
ROUNDS = 90


def good(number: int) -> str:
    return json.dumps({"event": "click", "email": f"p{number}@x.example", "sg_event_id": f"e{number}",
                       "timestamp": 1461095246, "url": "https://x.example/"})  # fmt: skip


def spoiled(number: int) -> list[str]:
    base = f'"event": "click", "email": "b{number}@x.example", "sg_event_id": "b{number}"'
    values = ["NaN", "Infinity", "-1e999", "9" * 30, "-" + "9" * 5000, "[" * 5000 + "]" * 5000, '"x"', "{}", "[]"]
    texts = [r'"a\u0000b"', r'"\ud800"', '{"a":' * 40 + "1" + "}" * 40, "[" * 5000 + "]" * 5000]
    whole = ["1", "null", '"text"', "[]", "{}", "true", '{"event": "click", "email": "nobody"}',
             '{"event": {}}', '{"event": []}', '{"event": "click"}',
             '{"event": "click", "email": {}}', '{"event": "click", "email": "@"}',
             f'{{"event": "click", "email": "{"a" * 400}@x.example"}}', '{"event": "open", "email": "a\\u0000@x"}',
             '{"event": "nonsense", "email": "a@x.example"}', '{"event": 5, "email": "a@x.example"}']  # fmt: skip
    return [
        *(f'{{{base}, "timestamp": {value}}}' for value in values[:4] if "9" in value and "e" not in value),
        *(f'{{{base}, "custom": {value}}}' for value in texts),
        *whole,
        f'{{{base}, "custom": "{"x" * 40_000}"}}',
    ]  # fmt: skip


def test_garbage_hurts_only_itself():
    hook, shuffled = make_hook("sendgrid"), random.Random(5)
    fine = bad = 0
    for number in range(ROUNDS):
        broken = spoiled(number)
        texts = [*broken, *(good(fine + n) for n in range(5))]
        shuffled.shuffle(texts)
        began = time.process_time()
        answer = send(hook, None, body=f"[{', '.join(texts)}]".encode())
        assert (answer.status_code, time.process_time() - began < 2) == (200, True), answer.content
        fine, bad = fine + 5, bad + len(broken)
    assert bad >= 1_800
    assert VisitorEvent.objects.filter(visitor__startswith="mailto:p").count() == fine
    refused = Call.objects.filter(result=Call.REJECTED)
    assert (refused.count(), refused.filter(reason="").count()) == (bad, 0)


WHOLE = [b"", b"{", b"[", b"null", b"1", b'"x"', b"[" * 5000, b"[" * 5000 + b"]" * 5000, b"\xff\xfe", b"\0",
         b"\x1f\x8b\x08", b'{"events": 1}',
         b"NaN", b'{"a":' * 5000 + b"1" + b"}" * 5000, b"9" * 100_000, b'"\\ud800"']  # fmt: skip


@pytest.mark.parametrize("provider", ["sendgrid", "mailgun", "postmark", "resend", "mandrill", "mailjet", "sparkpost",
                                      "mailersend", "mailtrap", "postal", "brevo"])  # fmt: skip
def test_bodies_that_are_none(provider):
    hook = make_hook(provider)
    for body in WHOLE * 2:
        began = time.process_time()
        answer = send(hook, None, body=body)
        assert (answer.status_code in (200, 400, 401, 403), time.process_time() - began < 2) == (True, True), body[:20]
        assert answer.json()["success"] is (answer.status_code == 200)
    assert VisitorEvent.objects.count() == 0
