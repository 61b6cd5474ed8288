"""Sending webhooks as each e-mail provider does, signed with its secret."""

import base64
import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.test import Client

from leads.enums import SourceKind
from leads.models import MailHook, Source
from leads.outgoing import sealing
from tests.sales import make_team

FILES = Path(__file__).parent / "files"
SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[3] / "shared"))
SPECS = SHARED / "specs/ingest/email-webhooks"
EC, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
SIGNING = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
PASSWORD = "leadscore:dG9wIHNlY3JldA"
WHSEC = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def public(key: Any) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


SECRETS = {"sendgrid": public(EC), "postal": public(RSA), "resend": WHSEC, "mailgun": SIGNING, "mandrill": SIGNING,
           "mailersend": SIGNING, "mailtrap": SIGNING}  # fmt: skip


def make_hook(provider: str, team: str = "EMEA", secret: str = "") -> MailHook:
    source = Source.objects.named(make_team(team), "Newsletter", SourceKind.EMAIL)
    hook = MailHook.objects.create(source=source, provider=provider)
    sealing.put(hook, "secret", secret or SECRETS.get(provider, PASSWORD))
    return hook


def send(hook: MailHook, raw: Any, *, body: bytes | None = None, bare: bool = False, **more: str) -> Any:
    """Post it to the hook's address, signed; `body` in place of the JSON; `bare`: without the key in the address."""
    path = f"/hooks/email/{hook.provider}/" + ("" if bare else f"?key={hook.key}")
    raw = json.loads(json.dumps(raw))
    if hook.provider == "mailgun" and isinstance(raw, dict):
        raw["signature"] = mailgun(more.pop("token", "t0k3n"))
    text = body if body is not None else json.dumps(raw).encode()
    if hook.provider == "mandrill":
        form = {"mandrill_events": text.decode("utf-8", "replace")}
        return Client(enforce_csrf_checks=True).post(path, form_body(form), "application/x-www-form-urlencoded",
            headers={"x-mandrill-signature": mandrill(f"http://testserver{path}", form)} | more)  # fmt: skip
    return Client(enforce_csrf_checks=True).post(
        path, text, "application/json", headers=SIGNED.get(hook.provider, basic)(text) | more
    )


def form_body(form: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode(form)


def basic(text: bytes, password: str = PASSWORD) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(password.encode()).decode()}


def mailgun(token: str) -> dict[str, str]:
    at = "1534108637"
    return {"timestamp": at, "token": token, "signature": digest(f"{at}{token}".encode())}


def mandrill(url: str, form: dict[str, str]) -> str:
    said = url + "".join(name + form[name] for name in sorted(form))
    signed = hmac.new(SIGNING.encode(), said.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
    return base64.b64encode(signed).decode()


def digest(text: bytes) -> str:
    return hmac.new(SIGNING.encode(), text, hashlib.sha256).hexdigest()


def sendgrid(text: bytes) -> dict[str, str]:
    at = str(int(time.time()))
    signature = base64.b64encode(EC.sign(at.encode() + text, ec.ECDSA(hashes.SHA256()))).decode()
    return {"x-twilio-email-event-webhook-signature": signature, "x-twilio-email-event-webhook-timestamp": at}


def postal(text: bytes) -> dict[str, str]:
    return {"x-postal-signature": base64.b64encode(RSA.sign(text, padding.PKCS1v15(), hashes.SHA1())).decode()}


def resend(text: bytes, event: str = "msg_2W2D3qXLS5fOaPja1GDg7rF2CwB", at: int | None = None) -> dict[str, str]:
    sent = str(at or int(time.time()))
    key = base64.b64decode(WHSEC.removeprefix("whsec_"))
    signed = hmac.new(key, b".".join([event.encode(), sent.encode(), text]), hashlib.sha256).digest()
    signature = base64.b64encode(signed).decode()
    return {"svix-id": event, "svix-timestamp": sent, "svix-signature": f"v1,wrong v1,{signature}"}


SIGNED = {
    "mailgun": lambda text: {}, "sendgrid": sendgrid, "postal": postal, "resend": resend,
    "mailersend": lambda text: {"signature": digest(text)},
    "mailtrap": lambda text: {"mailtrap-signature": digest(text)},
}  # fmt: skip
