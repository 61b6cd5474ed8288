"""What must not get worse meanwhile: asked every hour while an experiment runs, told once when it goes wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import erfc, sqrt

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from leads.outgoing.notices import notify
from leads.retry import retried
from leads.statistics import Interval, Rate, difference
from scoring.capacity import sales_capacity
from scoring.experiments.counts import Counts, counts
from scoring.experiments.looks import who_run_experiments
from scoring.models import Alarm, Arm, Experiment

HOURLY = timedelta(hours=1)
# Hot leads a fifth more or fewer than the champion's, beyond chance; late answers five points more, beyond chance.
VOLUME, LATE = 0.2, 0.05
# The drawing itself: A. Fabijan et al. (2019), "Diagnosing sample ratio mismatch", KDD, recommend so small a p.
SPLIT = 0.001
HOT, ANSWERS, DRAW = "hot", "answers", "split"


@dataclass(frozen=True)
class Guard:
    """A metric of a challenger beside the champion's. `alarm`: beyond its limit; `text` gives the figures."""

    arm: Arm
    slug: str
    title: str
    champion: Rate
    challenger: Rate
    interval: Interval | None
    alarm: bool
    text: str


def guards(experiment: Experiment, found: Counts) -> list[Guard]:
    """Of each challenger: Hot leads, answers in time, and whether the sides were drawn as they should be."""
    champion, *challengers = experiment.arms.order_by("position")
    if experiment.shadow:
        return []
    return [guard for arm in challengers for guard in _of(experiment, champion, arm, found)]


def _of(experiment: Experiment, champion: Arm, arm: Arm, found: Counts) -> Iterator[Guard]:
    hot = found.rate(champion.pk, "hot"), found.rate(arm.pk, "hot")
    yield _volume(experiment, arm, *hot, leads=sum(map(found.leads, found.by_side)))
    yield _late(arm, found.rate(champion.pk, "late"), found.rate(arm.pk, "late"))
    yield _split(champion, arm, found.leads(champion.pk), found.leads(arm.pk))


def _volume(experiment: Experiment, arm: Arm, before: Rate, now: Rate, *, leads: int) -> Guard:
    """`leads` of all sides: so many would be on one."""
    interval = difference(now, before)
    beyond = interval is not None and (interval.low > 0 or interval.high < 0)
    alarm = bool(
        beyond and before.n and now.n and abs(now.k / now.n - before.k / before.n) > VOLUME * before.k / before.n
    )
    text = f"{_share(now)} of its leads became Hot, {_share(before)} of the champion's."
    if room := _over_capacity(experiment, before, now, leads):
        return Guard(arm, HOT, "Hot leads", before, now, interval, True, room)
    return Guard(arm, HOT, "Hot leads", before, now, interval, alarm, text)


def _over_capacity(experiment: Experiment, before: Rate, now: Rate, leads: int) -> str:
    """Where promoting it would give sales more than the reps take, and the champion does not."""
    capacity = sales_capacity()
    weeks = ((experiment.ended_at or timezone.now()) - experiment.started_at) / timedelta(weeks=1)
    if not capacity.known or not (before.enough and now.enough) or weeks < 1:
        return ""
    per_week = leads / weeks
    mine, theirs = per_week * now.k / now.n, per_week * before.k / before.n
    if mine <= capacity.leads or theirs > capacity.leads:
        return ""
    return f"For all leads it would make about {mine:.0f} Hot a week. Sales can work {capacity.leads}."


def _late(arm: Arm, before: Rate, now: Rate) -> Guard:
    interval = difference(now, before)
    alarm = interval is not None and interval.low > 0 and now.k / now.n - before.k / before.n > LATE
    text = f"{_share(now)} of its handoffs were answered late, {_share(before)} of the champion's."
    return Guard(arm, ANSWERS, "Late answers", before, now, interval, alarm, text)


def _split(champion: Arm, arm: Arm, theirs: int, mine: int) -> Guard:
    """The χ² test of the shares the sides were to have."""
    both = theirs + mine
    expected = both * arm.share / (arm.share + champion.share) if both else 0.0
    chi2 = (mine - expected) ** 2 * both / (expected * (both - expected)) if expected else 0.0
    alarm = both >= 100 and erfc(sqrt(chi2 / 2)) < SPLIT
    text = f"{mine:,} of {both:,} leads on this side; {expected:,.0f} were to be expected."
    if alarm:
        text += " So uneven a draw hardly comes by chance: do not trust the comparison before you know why."
    return Guard(arm, DRAW, "Draw", Rate(theirs, both), Rate(mine, both), None, alarm, text)


def _share(rate: Rate) -> str:
    return f"{rate.k / rate.n:.0%} ({rate.k:,} of {rate.n:,})" if rate.enough else f"{rate.k:,} of {rate.n:,}"


def watch_due() -> int:
    """Ask the guards of every running experiment that were asked an hour ago or more. Returns the alarms raised."""
    due = Experiment.objects.running().filter(watched_at__lte=timezone.now() - HOURLY)
    return sum(_watch(pk) for pk in due.values_list("pk", flat=True))


@retried
@transaction.atomic
def _watch(pk: int) -> int:
    rows = Experiment.objects.running().select_for_update(skip_locked=True, no_key=True, of=("self",))
    experiment = rows.select_related("model").filter(pk=pk, watched_at__lte=timezone.now() - HOURLY).first()
    if experiment is None:
        return 0
    Experiment.objects.filter(pk=pk).update(watched_at=timezone.now())
    raised = [guard for guard in guards(experiment, counts(experiment)) if guard.alarm and _raise(experiment, guard)]
    return len(raised)


def _raise(experiment: Experiment, guard: Guard) -> bool:
    """Once for a guard of a side."""
    values = {"experiment": experiment, "text": f"{guard.title}: {guard.text}"[:300]}
    alarm, new = Alarm.objects.get_or_create(arm=guard.arm, guard=guard.slug, defaults=values)
    if new:
        notify(
            who_run_experiments(), kind="experiment", text=f"“{experiment}”: {alarm.text}",
            url=reverse("scoring:experiment", args=[experiment.pk]), key=f"guard:{alarm.pk}", mail=True,
        )  # fmt: skip
    return new
