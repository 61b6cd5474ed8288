"""Telling people: a notice in the product, and by mail where they should not miss it."""

from collections.abc import Iterable

from django.utils import timezone

from leads.models import Notice, User
from leads.models.notice import NoticeQuerySet
from leads.outgoing.outbox import enqueue

SHOWN = 99  # more unread ones are not counted


def notify(users: Iterable[User], *, kind: str, text: str, url: str, key: str, mail: bool = False) -> None:
    """Tell each of them once: who was told by this key before is not told again.

    `url` is a path of ours ("/leads/7/"), or empty. Part of the caller's transaction. Who may not sign in is left out.
    """
    if url and (not url.startswith("/") or url.startswith("//")):
        raise ValueError(f"A notice leads to a page of ours: /leads/7/, not {url!r}.")
    people = {user.pk: user for user in users if user.is_active}
    notices = [
        Notice(user=people[pk], kind=kind, text=text[:300], url=url[:300], key=key[:200]) for pk in sorted(people)
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    for notice in notices if mail else []:
        payload = {"to": notice.user_id, "template": "notice", "context": {"text": text, "url": url}}
        enqueue("mail", payload, key=f"notice:{key}:{notice.user_id}"[:200])


def read(notices: NoticeQuerySet) -> int:
    """These are read now; how many were not before."""
    return notices.unread().update(read_at=timezone.now())
