"""Setting up the webhook of an e-mail provider on the page of its source."""

import html
import re
from base64 import b64encode

import pytest
from django.test import Client
from django.urls import reverse

from leads.enums import Role, SourceKind
from leads.models import MailHook, Source, VisitorEvent
from leads.outgoing import sealing
from tests.mail.sending import SECRETS, make_hook, send
from tests.sales import make_team, make_user

pytestmark = pytest.mark.django_db
BOUNCE = {"RecordType": "Bounce", "ID": 9, "Type": "HardBounce", "Email": "ana@northwind.example"}


@pytest.fixture
def marketer(client):
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))
    return client


@pytest.fixture
def source():
    return Source.objects.named(make_team(), "Newsletter", SourceKind.EMAIL)


def address(page: str) -> str:
    return html.unescape(re.search(r'aria-label="Address for [^"]+">([^<]+)<', page)[1])


def test_a_provider_that_does_not_sign_gets_a_password_shown_once(marketer, source):
    page = marketer.post(reverse("source-mail-hooks", args=[source.pk]), {"provider": "postmark"}).content.decode()
    scheme, password, path = re.fullmatch(r"(http)://([^@]+)@testserver(/.+)", address(page)).groups()
    assert password not in marketer.get(reverse("source", args=[source.pk])).content.decode()
    headers = {"authorization": "Basic " + b64encode(password.encode()).decode()}
    assert Client().post(path, BOUNCE, "application/json", headers=headers).status_code == 200
    shown = marketer.get(reverse("source", args=[source.pk])).content.decode()
    assert "We see your events" in shown
    stream = marketer.get(reverse("source-events", args=[source.pk])).content.decode()
    assert ("bounced ana@northwind.example" in stream, "Until a lead has this address" in stream) == (True, True)
    hook = MailHook.objects.get()
    marketer.post(reverse("source-mail-hook-secret", args=[source.pk, hook.pk]))
    assert Client().post(path, BOUNCE, "application/json", headers=headers).status_code == 401


def test_a_provider_that_signs_is_asked_for_its_secret(marketer, source):
    to = reverse("source-mail-hooks", args=[source.pk])
    page = marketer.post(to, {"provider": "sendgrid"}, follow=True).content.decode()
    assert "Nothing is taken before it is here" in page
    hook = MailHook.objects.get()
    assert address(page) == f"http://testserver/hooks/email/sendgrid/?key={hook.key}"
    keep = reverse("source-mail-hook-secret", args=[source.pk, hook.pk])
    for wrong in ("", "nonsense", "\u00fc", "AAAA"):
        answer = marketer.post(keep, {"secret": wrong})
        assert (answer.status_code, "verification key" in answer.content.decode().lower()) == (422, True)
    framed = f"-----BEGIN PUBLIC KEY-----\n{SECRETS['sendgrid']}\n-----END PUBLIC KEY-----"
    assert marketer.post(keep, {"secret": framed}).status_code == 302
    hook.refresh_from_db()
    assert sealing.read(hook, "secret") == SECRETS["sendgrid"]
    shown = marketer.get(reverse("source", args=[source.pk])).content.decode()
    assert (SECRETS["sendgrid"] in shown, hook.secret.hint in shown) == (False, True)
    assert send(hook, [{"event": "open", "email": "a@b.example", "timestamp": 1461095246}]).status_code == 200
    assert VisitorEvent.objects.count() == 1


def test_closing(marketer):
    hook = make_hook("postmark")
    marketer.post(reverse("source-mail-hook-closing", args=[hook.source_id, hook.pk]))
    assert send(hook, BOUNCE).status_code == 404
    again = marketer.post(reverse("source-mail-hook-secret", args=[hook.source_id, hook.pk]))
    assert again.status_code == 404


def test_an_unknown_provider_is_refused(marketer, source):
    answer = marketer.post(reverse("source-mail-hooks", args=[source.pk]), {"provider": "pigeon"})
    assert (answer.status_code, MailHook.objects.count()) == (422, 0)


def test_reps_and_other_teams_stay_outside(client):
    hook = make_hook("postmark")
    acts = [("source-mail-hooks", [hook.source_id], {"provider": "brevo"}),
            ("source-mail-hook-secret", [hook.source_id, hook.pk], {}),
            ("source-mail-hook-closing", [hook.source_id, hook.pk], {})]  # fmt: skip
    for user, status in (
        (make_user("Rep", make_team()), 403),
        (make_user("M", make_team("APAC"), Role.MARKETING), 404),
    ):
        client.force_login(user)
        for name, ids, said in acts:
            assert client.post(reverse(name, args=ids), said).status_code == status
    hook.refresh_from_db()
    assert (hook.closed_at, MailHook.objects.count()) == (None, 1)
