"""Mail: a template, a person, a link to this installation. Sent by the outbox only."""

import hashlib
import smtplib
from collections.abc import Sequence
from email.mime.image import MIMEImage
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from leads.charts.picture import Stacked, png
from leads.models import Effect, User
from leads.outgoing.outcomes import Arrived, Failed
from leads.people import invitations, passwords


def send_mail(effect: Effect) -> Arrived:
    """Mail what the payload says. The same effect has the same Message-ID, whatever is tried twice."""
    address = _address(effect.payload["to"])
    context = effect.payload.get("context", {}) | secret_link(effect.payload)
    message = compose(effect.payload["template"], context, to=address, pictures=effect.payload.get("pictures", ()))
    message.extra_headers["Message-ID"] = message_id(effect)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise Failed(f"Refused: {error}", permanent=True) from None
    except smtplib.SMTPResponseException as error:
        # 5yz is a refusal for good (RFC 5321, 4.2.1), except where it is our own password that was refused.
        permanent = 500 <= error.smtp_code < 600 and not isinstance(error, smtplib.SMTPAuthenticationError)
        raise Failed(f"{error.smtp_code} {error.smtp_error!r}", permanent=permanent) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Failed(f"The mail server was not reached: {error}") from None
    return Arrived(text=f"Handed to the mail server for {address}.")


def compose(
    template: str, context: dict[str, Any], *, to: str, pictures: Sequence[dict[str, Any]] = ()
) -> EmailMultiAlternatives:
    """The mail as text and HTML, from templates/emails/<template>.txt (its first line is the subject) and .html.

    `pictures`: charts (leads.charts.picture.Stacked) with an `id` by which the HTML shows them: cid:<id>@leadscore.
    """
    values = {**context, "base": base_url(), "to": to}
    subject, _, text = render_to_string(f"emails/{template}.txt", values).strip().partition("\n")
    message = EmailMultiAlternatives(" ".join(subject.split())[:200], text.strip() + "\n", to=[to])
    message.attach_alternative(render_to_string(f"emails/{template}.html", values), "text/html")
    for said in pictures:
        message.mixed_subtype = "related"  # type: ignore[attr-defined] # the pictures belong into the HTML, they are nothing to be saved
        message.attach(_inline(said))
    return message


def _inline(said: dict[str, Any]) -> MIMEImage:
    part = MIMEImage(png(Stacked.of(said).chart), "png")
    part["Content-ID"] = f"<{said['id']}@leadscore>"
    part["Content-Disposition"] = f'inline; filename="{said["id"]}.png"'
    return part


def secret_link(payload: dict[str, Any]) -> dict[str, Any]:
    """What a mail with a link that lets somebody in shows, made as it is sent: nothing of it is kept in the outbox."""
    said = payload.get("secret")
    if said is None:
        return {}
    if "invitation" in said:
        shown = invitations.mailed(said["invitation"], said["sent_at"])
    else:
        shown = passwords.mailed(said["person"])
    if shown is None:
        raise Failed("This link is no longer wanted: it was used, revoked or sent anew.", permanent=True)
    return shown


def base_url() -> str:
    """Where this installation is, without a slash at the end. From the settings: a request could name any host."""
    return str(settings.PUBLIC_URL).rstrip("/")


def message_id(effect: Effect) -> str:
    digest = hashlib.sha256(f"{effect.kind}:{effect.key}".encode()).hexdigest()[:32]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{digest}@{domain or 'localhost'}>"


def _address(to: int | str) -> str:
    if isinstance(to, str):
        return to
    person = User.objects.filter(pk=to, is_active=True).first()
    if person is None:
        raise Failed("This person may not sign in any more.", permanent=True)
    return person.email
