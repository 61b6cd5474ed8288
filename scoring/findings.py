"""What the figures of a live model call for, in words, each with the next thing to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from leads.enums import Label
from leads.statistics import ENOUGH, Interval, Rate, difference
from scoring.models import Health, Review, Version

STALE = timedelta(days=90)
# A share is worth a word when it moved by so much at least, and more than chance would.
MOVED = 0.05
GROWN = 1.5  # times as large a share


@dataclass(frozen=True)
class Finding:
    """`tone`: bad, warn, or info. `url` and `action`: what to do next; `review` asks for the button instead."""

    kind: str
    tone: str
    title: str
    text: str
    url: str = ""
    action: str = ""
    review: bool = False


@dataclass(frozen=True)
class Moved:
    """The share of new leads that meet a criterion. `interval`: 95 %, of the difference; None while n is too small."""

    criterion: int
    name: str
    now: Rate
    before: Rate
    interval: Interval | None

    @property
    def change(self) -> float:
        return self.now.k / self.now.n - self.before.k / self.before.n if self.interval else 0.0

    @property
    def notable(self) -> bool:
        certain = self.interval is not None and (self.interval.low > 0 or self.interval.high < 0)
        return certain and abs(self.change) >= MOVED


@dataclass(frozen=True)
class Outcome:
    label: str
    accepted: Rate
    won: Rate


def outcomes(health: Health) -> list[Outcome]:
    return [Outcome(row["label"], Rate(*row["accepted"]), Rate(*row["won"])) for row in health.figures["outcomes"]]


def drift(health: Health) -> list[Moved]:
    """The largest move first."""
    rows = [(row, Rate(*row["now"]), Rate(*row["before"])) for row in health.figures["drift"]]
    moved = [Moved(row["criterion"], row["name"], now, was, difference(now, was)) for row, now, was in rows]
    return sorted(moved, key=lambda one: -abs(one.change))


def findings(health: Health, reviewed: datetime) -> list[Finding]:
    """What calls for something, the worst first. `reviewed`: when somebody last looked, or published."""
    found = [*_volume(health), *_inflation(health), *_order(health), *_drifted(health), *_silent(health)]
    found += _stale(health.version, reviewed)
    return sorted(found, key=lambda one: ("bad", "warn", "info").index(one.tone))


def last_review(version: Version) -> tuple[datetime, Review | None]:
    """When the live model was last looked at; publishing it counts."""
    review = Review.objects.filter(model=version.model_id).select_related("by").first()
    if review and review.at > version.published_at:
        return review.at, review
    return version.published_at, None


def _volume(health: Health) -> Iterator[Finding]:
    entering, capacity = health.figures["entering"], health.figures["capacity"]
    if not entering["labels"]:
        return
    words, per_week = _words(entering["labels"]), entering["per_week"]
    if capacity is not None and per_week > capacity:
        text = f"The mean of the last four weeks, n = {entering['leads']}. See what higher limits would leave."
        yield Finding("volume", "bad", f"{per_week:.0f} {words} a week are above the capacity of {capacity}.", text,
                      *_preview(health))  # fmt: skip


def _inflation(health: Health) -> Iterator[Finding]:
    """The share of the best label: the last four weeks against the first four."""
    weeks = [week for week in health.figures["weeks"] if _of(week)]
    if len(weeks) < 8:
        return
    early, late = (Rate(sum(w.get("hot", 0) for w in part), sum(map(_of, part))) for part in (weeks[:4], weeks[-4:]))
    if early.k < ENOUGH / 2 or late.k < ENOUGH / 2:
        return
    was, now = early.k / early.n, late.k / late.n
    if now > GROWN * was or now - was > MOVED:
        text = "If they are not bought as often as before, the limits have become too easy."
        yield Finding("inflation", "warn", f"Hot leads went from {was:.1%} to {now:.1%} in twelve weeks.", text,
                      *_preview(health))  # fmt: skip


def _of(week: dict[str, Any]) -> int:
    return sum(number for label, number in week.items() if label != "week")


def _order(health: Health) -> Iterator[Finding]:
    ranked = [row for row in outcomes(health) if row.accepted.enough and row.label != Label.DISQUALIFIED]
    for better, worse in pairwise(ranked):
        interval = difference(better.accepted, worse.accepted)
        if interval and interval.high < 0:
            title = f"Sales accepts {_words([worse.label])} leads more often than {_words([better.label])} ones."
            text = f"{_told(worse.accepted)} against {_told(better.accepted)} in the last 90 days."
            yield Finding("order", "bad", title, text, *_page("feedback", "scoring:feedback", health))


def _drifted(health: Health) -> Iterator[Finding]:
    for one in [moved for moved in drift(health) if moved.notable][:5]:
        way = "More" if one.change > 0 else "Fewer"
        text = (
            f"{_told(one.now)} in the last 30 days, {_told(one.before)} in the 90 days before."
            " Has the source changed, or only what is known?"
        )
        yield Finding("drift", "warn", f"{way} new leads meet “{one.name}”.", text, *_criterion(one.criterion))


def _silent(health: Health) -> Iterator[Finding]:
    silent = health.figures["silent"]
    if silent["changes"] < ENOUGH:
        return
    for row in silent["criteria"]:
        text = f"It gave points before, and none in {silent['changes']} changes of active leads in the last 30 days."
        yield Finding("silent", "warn", f"“{row['name']}” has stopped firing.", text, *_criterion(row["criterion"]))


def _stale(version: Version, reviewed: datetime) -> Iterator[Finding]:
    age = timezone.now() - reviewed
    if age > STALE:
        text = "Look at the findings and at what sales says; if it still holds, say so."
        yield Finding("stale", "info", f"Not reviewed for {age.days} days.", text, review=True)


def _criterion(pk: int) -> tuple[str, str]:
    return reverse("admin:scoring_criterion_change", args=[pk]), "Open the criterion"


def _preview(health: Health) -> tuple[str, str]:
    return _page("Preview the draft", "scoring:preview", health, health.model_id)


def _page(words: str, name: str, health: Health, *args: Any) -> tuple[str, str]:
    """The page of that name; the model's own where this installation has none."""
    try:
        return reverse(name, args=args), words[:1].upper() + words[1:]
    except NoReverseMatch:
        return reverse("scoring:model", args=[health.model_id]), "Open the model"


def _told(rate: Rate) -> str:
    return f"{rate.k / rate.n:.0%} of {rate.n}"


def _words(labels: list[str]) -> str:
    return " and ".join(Label(label).label for label in labels)
