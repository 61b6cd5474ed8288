"""The e-mail providers whose webhooks we read, through the views of django-anymail (docs/email.md)."""

import base64
import binascii
import hashlib
import hmac
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from anymail.exceptions import (
    AnymailInsecureWebhookWarning,
    AnymailNotSupportedWarning,
    AnymailWebhookValidationFailure,
)
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView
from anymail.webhooks.mandrill import MandrillCombinedWebhookView
from anymail.webhooks.postal import PostalTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView

# Said of every view we make, though the right secret is always asked for: a hook without one takes nothing.
warnings.filterwarnings("ignore", category=AnymailInsecureWebhookWarning)
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)

OLDEST = 5 * 60  # seconds a signature of Resend holds


class ResendView(ResendTrackingWebhookView):
    """Resend's, with the signature checked here: HMAC-SHA256 over "id.timestamp.body" (Standard Webhooks)."""

    def __init__(self, resend_secret: str, **kwargs: Any):
        self._key = base64.b64decode(resend_secret.removeprefix("whsec_"), validate=True)
        super().__init__(**kwargs)

    def validate_request(self, request: Any) -> None:
        said = request.headers
        signed = b".".join([said.get("svix-id", "").encode(), said.get("svix-timestamp", "").encode(), request.body])
        expected = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest())
        given = [each.partition(",")[2].encode() for each in said.get("svix-signature", "").split()]
        if not any(hmac.compare_digest(expected, each) for each in given) or not _is_recent(said):
            raise AnymailWebhookValidationFailure("Resend webhook called with incorrect signature")


def _is_recent(said: Mapping[str, str]) -> bool:
    sent = said.get("svix-timestamp", "")
    return sent.isdigit() and len(sent) < 12 and abs(time.time() - int(sent)) < OLDEST


@dataclass(frozen=True)
class Provider:
    """`option` is the view's name for the secret; "webhook_secret" is user and password of Basic authentication, which
    we make ourselves. `event_id` says which event it is, the same however often it is sent; None: by what it says.
    """

    name: str
    view: Callable[..., AnymailBaseWebhookView]
    option: str = "webhook_secret"
    secret_label: str = ""
    secret_help: str = ""
    event_id: Callable[[Any, Any], str | None] = lambda event, item: event.event_id

    @property
    def signs(self) -> bool:
        """Whether the provider signs with a secret of its own; else it sends the password we give it."""
        return self.option != "webhook_secret"


def _by_content(event: Any, item: Any) -> None:
    """No id, or one of the mail and not of the event."""
    return


def _mailgun_id(event: Any, item: Any) -> str | None:
    """Mailgun's ids are good for a day; its signature's token is another one when it sends again."""
    data = item.get("event-data") if isinstance(item, dict) else None
    return f"{data['id']} {data.get('timestamp')}" if data and data.get("id") else event.event_id


def _postmark_id(event: Any, item: Any) -> str | None:
    """Only bounces have an id."""
    return f"bounce {event.event_id}" if event.event_id else None


def plain_key(text: str) -> str:
    """A public key without its frame and line ends."""
    return "".join(line.strip() for line in text.splitlines() if "-----" not in line)


PUBLIC_KEY = ("Verification key", "The public key that the provider shows beside the signed webhook.")
PROVIDERS: dict[str, Provider] = {
    "sendgrid": Provider("SendGrid", SendGridTrackingWebhookView, "tracking_webhook_verification_key",
        "Verification key", "Mail Settings → Event Webhook → signature verification on → Verification key."),
    "mailgun": Provider("Mailgun", MailgunTrackingWebhookView, "webhook_signing_key",
        "HTTP webhook signing key", "Sending → Webhooks → HTTP webhook signing key.", _mailgun_id),
    "postmark": Provider("Postmark", PostmarkTrackingWebhookView, event_id=_postmark_id),
    "brevo": Provider("Brevo", BrevoTrackingWebhookView),
    "mailjet": Provider("Mailjet", MailjetTrackingWebhookView),
    "sparkpost": Provider("SparkPost", SparkPostTrackingWebhookView),
    "mandrill": Provider("Mailchimp Transactional", MandrillCombinedWebhookView, "webhook_key",
        "Webhook key", "Settings → Webhooks → View key. It covers the address, so copy the address as it is shown.",
        _by_content),
    "resend": Provider("Resend", ResendView, "resend_secret",
        "Signing secret", "Webhooks → your webhook → Signing secret, beginning with whsec_."),
    "mailersend": Provider("MailerSend", MailerSendTrackingWebhookView, "signing_secret",
        "Signing secret", "Domains → Webhooks → Signing secret."),
    "postal": Provider("Postal", PostalTrackingWebhookView, "webhook_key", *PUBLIC_KEY),
    "mailtrap": Provider("Mailtrap", MailtrapTrackingWebhookView, "tracking_secret",
        "Signature token", "Settings → Webhooks → your webhook → Signature token."),
}  # fmt: skip


def view_of(provider: Provider, secret: str) -> AnymailBaseWebhookView:
    """The provider's view, asking for this secret. Raises ValueError when it cannot be one of this provider."""
    try:
        view = provider.view(**{provider.option: secret})
        if isinstance(view, PostalTrackingWebhookView):
            binascii.a2b_base64(secret, strict_mode=True)
    except (ValueError, TypeError, UnicodeError):
        raise ValueError(f"This is no {provider.secret_label.lower()} of {provider.name}. Copy it again.") from None
    return view
