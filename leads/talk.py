"""Talk: what marketing and sales say to each other about a lead, a handoff, or a topic of the company.

    say → edit | delete, one's own, within half an hour, leaving a trace

Whoever sees the thing may be mentioned, by @name or @address. Those who are mentioned and those concerned (who spoke
before, who has the lead, who answered the handoff) get a notice, each one for a comment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from leads.mentions import mentions
from leads.models import Comment, Handoff, Lead, User
from leads.models.comment import CommentQuerySet
from leads.outgoing.notices import notify
from leads.requests import whole
from leads.retry import retried

# What is talked about beside leads and handoffs: kind → (permission to see it, its name by id or None, its address).
Topic = tuple[str, Callable[[int], str | None], Callable[[int], str]]
TOPICS: dict[str, Topic] = {}
QUOTED = 140


@dataclass(frozen=True)
class About:
    """What a thread is about. `team` None: a topic of the company. `url` is the page of its thread."""

    lead: Lead | None = None
    handoff: Handoff | None = None
    topic: str = ""
    title: str = ""
    url: str = ""

    @property
    def row(self) -> Lead | Handoff | None:
        """For which rights are asked."""
        return self.lead or self.handoff

    @property
    def team_id(self) -> int | None:
        return self.row.team_id if self.row else None

    @property
    def keys(self) -> dict[str, Any]:
        return {"lead": self.lead, "handoff": self.handoff, "topic": self.topic}


def about_lead(lead: Lead) -> About:
    return About(lead=lead, title=str(lead), url=reverse("lead-comments", args=[lead.pk]))


def about_handoff(handoff: Handoff) -> About:
    title = f"the handoff of {handoff.lead}"
    return About(handoff=handoff, title=title, url=reverse("handoff-comments", args=[handoff.pk]))


def about_topic(topic: str, user: User) -> About | None:
    """ "criterion:12" as that user may see it; None when there is no such thing for them."""
    kind, _, text = topic.partition(":")
    number = whole(text)
    if kind not in TOPICS or not number:
        return None
    permission, name_of, url_of = TOPICS[kind]
    title = name_of(number) if user.has_perm(permission) else None
    return About(topic=f"{kind}:{number}", title=title, url=url_of(number)) if title else None


def about_of(comment: Comment) -> About:
    """What a comment is about."""
    if comment.lead:
        return about_lead(comment.lead)
    if comment.handoff:
        return about_handoff(comment.handoff)
    kind, _, number = comment.topic.partition(":")
    return About(topic=comment.topic, title=TOPICS[kind][1](int(number)) or "", url=TOPICS[kind][2](int(number)))


def thread(about: About, user: User) -> CommentQuerySet:
    """Everything said about it that the user may see; about a lead also what was said about its handoffs."""
    if about.lead:
        of: Q = Q(lead=about.lead) | Q(handoff__lead=about.lead)
    else:
        of = Q(handoff=about.handoff) if about.handoff else Q(topic=about.topic)
    return Comment.objects.visible_to(user).filter(of)


def people(about: About) -> QuerySet[User]:
    """Who sees it: the people of its team, for a topic everybody with a role, and superusers."""
    member = Q(memberships__isnull=False) if about.team_id is None else Q(memberships__team=about.team_id)
    return User.objects.filter(member | Q(is_superuser=True), is_active=True).distinct().order_by("name", "pk")


def mentionable(about: About, by: User) -> QuerySet[User]:
    """Who of those is known to that person, who does not call themselves."""
    return people(about).filter(pk__in=User.objects.visible_to(by).order_by().values("pk")).exclude(pk=by.pk)


@retried
@transaction.atomic
def say(about: About, text: str, *, by: User) -> Comment:
    """Say it, and tell those concerned. ValidationError when it says nothing or a name is of several people."""
    told = mentions(_read(text), mentionable(about, by))
    comment = Comment.objects.create(**about.keys, by=by, text=_read(text))
    comment.mentioned.set(told)
    _tell(comment, about, told)
    return comment


@retried
@transaction.atomic
def edit(comment: Comment, text: str, *, by: User) -> Comment:
    """Put it otherwise; what it said before stays readable. Who is newly mentioned is told."""
    held = _held(comment, by)
    text = _read(text)
    if text == held.text:
        return held
    now, about = timezone.now(), about_of(held)
    told = mentions(text, mentionable(about, by))
    held.earlier = [*held.earlier, [held.text, now.isoformat()]]
    held.text, held.edited_at = text, now
    held.save(update_fields=["text", "edited_at", "earlier"])
    held.mentioned.set(told)
    _tell(held, about, told)
    return held


@retried
@transaction.atomic
def delete(comment: Comment, *, by: User) -> Comment:
    """Take it back: the words are gone, that there were some stays."""
    held = _held(comment, by)
    held.text, held.earlier, held.deleted_at = "", [], timezone.now()
    held.save(update_fields=["text", "earlier", "deleted_at"])
    held.mentioned.clear()
    return held


def _read(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise ValidationError({"text": "Write something."})
    if len(text) > 5000:
        raise ValidationError({"text": "At most 5,000 characters."})
    return text


def _held(comment: Comment, by: User) -> Comment:
    held = Comment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
    if held.by_id != by.pk:
        raise ValidationError("Only who said it can change it.")
    if not held.regrettable:
        raise ValidationError("It can be changed for half an hour. Say what has changed in a new comment.")
    return held


def _tell(comment: Comment, about: About, mentioned: list[User]) -> None:
    """The mentioned by mail too. Both kinds share one key, so nobody hears of a comment twice."""
    key, quote = f"comment:{comment.pk}", " ".join(comment.text.split())[:QUOTED]
    url = f"{about.url}#comment-{comment.pk}"
    text = f"{comment.by} mentions you on {about.title}: {quote}"
    notify(mentioned, kind="mention", text=text, url=url, key=key, mail=True)
    others = people(about).filter(pk__in=_concerned(about) - {comment.by_id})
    notify(others, kind="comment", text=f"{comment.by} on {about.title}: {quote}", url=url, key=key)


def _concerned(about: About) -> set[int]:
    """Who spoke before, whose lead it is, who was asked and who answered."""
    spoke: set[int | None] = set(Comment.objects.filter(**about.keys, deleted_at=None).values_list("by_id", flat=True))
    if about.lead:
        spoke |= {about.lead.owner_id}
    if about.handoff:
        spoke |= {about.handoff.assignee_id, about.handoff.decided_by_id, about.handoff.opened_by_id}
    return {pk for pk in spoke if pk}


def moment_of(written: str) -> datetime:
    """The moment in `Comment.earlier`."""
    return datetime.fromisoformat(written)
