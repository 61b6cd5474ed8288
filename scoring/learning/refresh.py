"""Learning again by itself: every month, or when a live model's leads have changed. It makes a draft and says so.

It never publishes. The notice says whether the card is as good as the live version, as far as the newest leads tell.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from leads.enums import Role
from leads.models import User
from leads.outgoing.notices import notify
from leads.retry import retried
from scoring.findings import drift
from scoring.learning.draft import make_draft
from scoring.models import Health, Learning, LearningState, Refresh, ScoringModel, Version
from scoring.sample import Question

EVERY = timedelta(days=30)
SETTLED = timedelta(days=7)  # so soon after the last time drift is no news


@retried
@transaction.atomic
def set_refresh(*, active: bool, question: Question, budget: int | None, by: Any) -> Refresh:
    """Learn again by itself from now on, or no more. Switched on, the first time is in a month, or on drift."""
    row, _ = Refresh.objects.select_for_update().get_or_create(pk=1)
    now = timezone.now()
    if active and not row.active:
        row.due_at = now + EVERY
    row.active, row.question, row.budget = active, asdict(question), budget
    row.changed_at, row.changed_by = now, by
    row.save()
    return row


def due() -> str:
    """Why a card is due to be learned again now: monthly or drift; empty where it is not."""
    row, now = Refresh.get(), timezone.now()
    if not row.active or row.due_at is None:
        return ""
    if row.due_at <= now:
        return Learning.MONTHLY
    last = row.last_at or row.changed_at
    return Learning.DRIFT if last and last < now - SETTLED and _drifted() else ""


def _drifted() -> bool:
    counted = Health.objects.filter(version__in=Version.objects.live()).select_related("version")
    return any(one.notable for health in counted for one in drift(health))


@transaction.atomic
def take_turn() -> tuple[Refresh, str] | None:
    """Who gets it asks the question; the next time is in a month. None: it is not due, or somebody else asks it."""
    row = Refresh.objects.select_for_update(skip_locked=True).filter(pk=1, active=True).first()
    why = due() if row else ""
    if row is None or not why or Learning.objects.filter(finished_at__isnull=True).exists():
        return None
    now = timezone.now()
    row.due_at, row.last_at = now + EVERY, now
    row.save(update_fields=["due_at", "last_at"])
    return row, why


def announce(learning: Learning) -> None:
    """Make the draft, and tell marketing once. Part of the caller's transaction.

    A draft of an earlier time that nobody touched or published makes room for it.
    """
    _clear_untouched(learning)
    draft = make_draft(learning, by=None)
    people = User.objects.filter(memberships__role__in=[Role.MARKETING, Role.ADMIN], is_active=True).distinct()
    notify(people, kind="learned", text=told(learning, draft), url=reverse("scoring:learned", args=[learning.pk]),
           key=f"learned:{learning.pk}")  # fmt: skip


def _clear_untouched(learning: Learning) -> None:
    earlier = Learning.objects.exclude(origin=Learning.ASKED).exclude(pk=learning.pk).filter(
        state=LearningState.DONE, draft__isnull=False
    )  # fmt: skip
    untouched = ScoringModel.objects.filter(pk__in=earlier.values("draft"), versions__isnull=True)
    untouched.annotate(saves=Count("revisions")).filter(saves__lte=1).delete()


def told(learning: Learning, draft: ScoringModel) -> str:
    """The notice: what was learned, and whether it is as good as what is live."""
    result, why = learning.result, "Leads have changed" if learning.origin == Learning.DRIFT else "Once a month"
    begun = f"{why}: a scorecard was learned from {result['leads']:,} past leads and is the draft “{draft.name}”."
    against = result.get("against")
    return f"{begun} {in_words(against)}" if against else begun


def in_words(against: dict[str, Any]) -> str:
    """Is it as good as the live version on the newest 20 %?"""
    live = f"version {against['number']}"
    if against["verdict"] == "unknown":
        return f"Whether it is as good as {live} cannot be told yet, {_too_few(against)}"
    gain = against["gain"]
    figures = f"AUC {against['card']['value']:.2f} against {against['live']['value']:.2f}"
    said = {
        "better": f"Better than {live}", "worse": f"Worse than {live}",
        "alike": f"As good as {live}, as far as they tell",
    }[against["verdict"]]  # fmt: skip
    interval = f"{gain['low']:+.2f} to {gain['high']:+.2f}".replace("-", "−")
    return f"{said}, on the newest {against['leads']:,} leads{_without_seen(against)}: {figures} ({interval})."


def _too_few(against: dict[str, Any]) -> str:
    return f"from {against['won']:,} of {against['leads']:,} leads with the outcome{_without_seen(against)}."


def _without_seen(against: dict[str, Any]) -> str:
    """A version that was learned is held only against leads it was not learned from."""
    seen = against.get("seen", 0)
    return f", without {seen:,} it was learned from" if seen else ""
