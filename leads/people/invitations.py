"""Invitations by mail: an address is asked to join a team, and whoever holds the link does.

    invite → (send_again | revoke) → accept

Nothing here says whether an address has an account: who invites is answered alike, and only the holder of the link, who
reads the mail of that address, learns that they sign in instead of choosing a password.
"""

import secrets
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.signing import Signer
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads.enums import Role
from leads.models import Invitation, Membership, Team, User
from leads.models.joining import VALID_FOR
from leads.models.team import digest
from leads.outgoing.outbox import enqueue
from leads.retry import retried

SALT = "leads.invitations"


class NotOpen(Exception):
    """The invitation was used, revoked, sent anew with another link, or is too old."""


@retried
def invite(team: Team, *, email: str, role: str, by: User) -> Invitation:
    """Ask the address to join the team. One that waits already is sent anew, with this role.

    Raises ValidationError where somebody of the team has this address.
    """
    email = email.strip().lower()
    if Membership.objects.filter(team=team, user__email=email).exists():
        raise ValidationError({"email": f"{email} is in {team} already."})
    with transaction.atomic():
        waiting = Invitation.objects.waiting().filter(team=team, email=email).select_for_update().first()
        if waiting is None:
            waiting = Invitation(team=team, email=email, role=role, invited_by=by)
        waiting.role, waiting.invited_by = Role(role), by
        return _send(waiting)


@retried
def send_again(invitation: Invitation) -> Invitation:
    """A new link, for seven days; the one before is dead. Raises NotOpen when it was accepted or revoked."""
    with transaction.atomic():
        return _send(_held(invitation))


@retried
def revoke(invitation: Invitation, *, by: User) -> Invitation:
    """The link is dead. Raises NotOpen when it was accepted or revoked before."""
    with transaction.atomic():
        held = _held(invitation)
        held.revoked_at, held.revoked_by = timezone.now(), by
        held.save(update_fields=["revoked_at", "revoked_by"])
    return held


def found(token: str) -> Invitation | None:
    """The invitation of a link, if it can be accepted now."""
    if not token.isascii():
        return None
    return Invitation.objects.open().filter(digest=digest(token)).select_related("team", "invited_by").first()


def accept(invitation: Invitation, *, user: User) -> Membership:
    """This person joins the team; who is in it already keeps their role. Of two at once one gets NotOpen."""
    with transaction.atomic():
        _use(invitation, user)
        role = {"role": invitation.role}
        return Membership.objects.get_or_create(user=user, team_id=invitation.team_id, defaults=role)[0]


def accept_anew(invitation: Invitation, *, name: str, password: str) -> User:
    """A new person with this name and password joins the team.

    Raises NotOpen where the link is used up, or where the address has got an account meanwhile.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, name=name)
            accept(invitation, user=user)
    except IntegrityError:
        raise NotOpen from None
    return user


def token_of(invitation: Invitation) -> str:
    """The token of the link. Only whoever has the secret key of the installation can make it."""
    return f"{invitation.nonce}{Signer(salt=SALT).signature(invitation.nonce)}"


def mailed(pk: int, sent_at: str) -> dict[str, Any] | None:
    """What the mail shows of an invitation. None where it is not open any more or was sent anew since."""
    row = Invitation.objects.open().filter(pk=pk).select_related("team", "invited_by").first()
    if row is None or row.sent_at != datetime.fromisoformat(sent_at):
        return None
    return {"path": f"/join/{token_of(row)}/", "team": str(row.team), "role": row.get_role_display(),
            "by": str(row.invited_by or "An admin"), "until": row.expires_at}  # fmt: skip


def _send(invitation: Invitation) -> Invitation:
    now = timezone.now()
    invitation.nonce = secrets.token_urlsafe(32)
    invitation.digest = digest(token_of(invitation))
    invitation.sent_at, invitation.expires_at = now, now + VALID_FOR
    invitation.save()
    secret = {"invitation": invitation.pk, "sent_at": now.isoformat()}
    payload = {"to": invitation.email, "template": "invitation", "secret": secret}
    enqueue("mail", payload, key=f"invitation:{invitation.pk}:{now.isoformat()}", team=invitation.team)
    return invitation


def _held(invitation: Invitation) -> Invitation:
    held = Invitation.objects.waiting().select_for_update().filter(pk=invitation.pk).first()
    if held is None:
        raise NotOpen
    return held


def _use(invitation: Invitation, user: User) -> None:
    """Single use: of all who come with the link one wins, and a link that was replaced meanwhile wins nothing."""
    mine = Invitation.objects.open().filter(pk=invitation.pk, digest=invitation.digest)
    if not mine.update(accepted_at=timezone.now(), accepted_by=user):
        raise NotOpen
