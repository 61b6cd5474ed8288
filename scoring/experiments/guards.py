"""What must not get worse meanwhile: asked every hour while an experiment runs, told once when it goes wrong.

Hundreds of looks would raise an alarm by chance alone sooner or later. So what is asked for is a difference beyond the
limits of anytime.py, which hold at all of them together: of 100 experiments between equals at most 5 raise any alarm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import sqrt

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from leads.outgoing.notices import notify
from leads.retry import retried
from leads.statistics import Interval, Rate
from leads.templatetags.ui import percent, points
from scoring.capacity import SalesCapacity, sales_capacity
from scoring.experiments import anytime
from scoring.experiments.compare import Cells, compare, together
from scoring.experiments.counts import Counts, counts
from scoring.experiments.looks import LEAST_CASES, LEAST_OF_EACH, who_run_experiments
from scoring.models import Alarm, Arm, Experiment

HOURLY = timedelta(hours=1)
# Hot leads a fifth more or fewer than the champion's; late answers five points more.
VOLUME, LATE = 0.2, 0.05
HOT, ROOM, ANSWERS, DRAW = "hot", "room", "answers", "split"
TITLES = {HOT: "Hot leads", ROOM: "What sales can work", ANSWERS: "Late answers", DRAW: "Draw"}
# In how many of all experiments each may raise a false alarm, all challengers together: 5 of 100 in sum.
FALSE = {HOT: 0.015, ROOM: 0.01, ANSWERS: 0.015, DRAW: 0.01}


@dataclass(frozen=True)
class Guard:
    """A metric of a challenger beside the champion's. `alarm`: beyond its limit; `text` gives the figures.

    `interval` is of the difference, and holds at all moments together; None while there are too few cases.
    """

    arm: Arm
    slug: str
    champion: Rate
    challenger: Rate
    interval: Interval | None
    alarm: bool
    text: str

    @property
    def title(self) -> str:
        return TITLES[self.slug]


@dataclass(frozen=True)
class Room:
    """So many leads come a week, on all sides, and sales can work so many Hot ones; None: nobody set a limit."""

    leads: float
    can_work: int | None


def guards(experiment: Experiment, found: Counts, now: datetime | None = None) -> list[Guard]:
    """Of each challenger: Hot leads, whether sales could work them, answers in time, and whether the draw is even."""
    if experiment.shadow:
        return []
    arms = list(experiment.arms.order_by("position"))
    return guards_of(arms, found, _room(experiment, found, sales_capacity(), now or timezone.now()))


def _room(experiment: Experiment, found: Counts, capacity: SalesCapacity, now: datetime) -> Room:
    weeks = max(((experiment.ended_at or now) - experiment.started_at) / timedelta(weeks=1), 1.0)
    leads = sum(map(found.leads, found.by_side))
    return Room(leads / weeks, capacity.leads if capacity.known else None)


def guards_of(arms: list[Arm], found: Counts, room: Room) -> list[Guard]:
    """`arms` with the champion first."""
    champion, *challengers = arms
    return [guard for arm in challengers for guard in _of(champion, arm, found, room, len(challengers))]


def _of(champion: Arm, arm: Arm, found: Counts, room: Room, challengers: int) -> Iterator[Guard]:
    error = {slug: share / challengers for slug, share in FALSE.items()}
    hot, late = ((found.cells(champion.pk, share), found.cells(arm.pk, share)) for share in ("hot", "late"))
    yield _volume(arm, *hot, error[HOT])
    if room.can_work is not None:
        yield _work(arm, together(hot[0]), together(hot[1]), room, room.can_work, error[ROOM])
    yield _late(arm, *late, error[ANSWERS])
    yield _split(champion, arm, found.leads(champion.pk), found.leads(arm.pk), error[DRAW])


def _volume(arm: Arm, before: Cells, now: Cells, alpha: float) -> Guard:
    theirs, mine, watched = together(before), together(now), _watched(before, now, alpha)
    text = f"{_share(mine)} of its leads became Hot, {_share(theirs)} of the champion’s"
    alarm = watched.beyond and abs(watched.difference) > VOLUME * theirs.k / theirs.n
    return Guard(arm, HOT, theirs, mine, watched.interval, alarm, text + watched.words)


def _late(arm: Arm, before: Cells, now: Cells, alpha: float) -> Guard:
    theirs, mine, watched = together(before), together(now), _watched(before, now, alpha)
    text = f"{_share(mine)} of its handoffs were answered late, {_share(theirs)} of the champion’s"
    alarm = watched.beyond and watched.difference > LATE
    return Guard(arm, ANSWERS, theirs, mine, watched.interval, alarm, text + watched.words)


@dataclass(frozen=True)
class _Watched:
    difference: float = 0.0
    interval: Interval | None = None
    beyond: bool = False

    @property
    def words(self) -> str:
        if self.interval is None:
            return "."
        span = f"{points(self.interval.low)} to {points(self.interval.high)}".replace(" pts to", " to")
        return f": {points(self.difference)} ({span}, at any time)."


def _watched(before: Cells, now: Cells, alpha: float) -> _Watched:
    theirs, mine = together(before), together(now)
    compared = compare(before, now) if _enough(theirs, mine) else None
    if compared is None:
        return _Watched()
    limit = anytime.limit(anytime.seen(theirs.k + mine.k, theirs.n + mine.n), alpha)
    steps = anytime.steps(compared.z, _counted(theirs, mine))
    # the interval that says the same as the alarm (Miettinen 1976, American Journal of Epidemiology 103, 226–235)
    error = abs(compared.difference) / steps if steps else compared.error
    interval = replace(compared, error=error).interval(limit)
    return _Watched(compared.difference, interval, steps >= limit)


def _counted(theirs: Rate, mine: Rate) -> list[tuple[float, float]]:
    """With the outcome and without it, on either side, beside what one rate for both would give."""
    share = (theirs.k + mine.k) / (theirs.n + mine.n)
    return [pair for side in (theirs, mine) for pair in _of_share(side, share)]


def _of_share(side: Rate, share: float) -> list[tuple[float, float]]:
    return [(side.k, side.n * share), (side.n - side.k, side.n * (1 - share))]


def _enough(before: Rate, now: Rate) -> bool:
    """As for a look: asked of both sides together."""
    had, cases = before.k + now.k, before.n + now.n
    return min(before.n, now.n) >= LEAST_CASES and min(had, cases - had) >= LEAST_OF_EACH


def _work(arm: Arm, before: Rate, now: Rate, room: Room, can_work: int, alpha: float) -> Guard:
    """Would promoting it give sales more than they can work, where the champion does not?"""
    share = can_work / room.leads if room.leads else 1.0
    mine, theirs = (room.leads * rate.k / rate.n if rate.n else 0.0 for rate in (now, before))
    text, alarm = f"For all leads it would make about {mine:.0f} Hot a week. Sales can work {can_work}.", False
    if not _enough(before, now):
        text = f"Too few leads to say how many Hot ones a week it would make. Sales can work {can_work}."
    elif 0 < share < 1 and theirs <= can_work:
        z = (now.k / now.n - share) / sqrt(share * (1 - share) / now.n)
        steps = anytime.steps(z, _of_share(now, share))
        alarm = z > 0 and steps >= anytime.limit(share * (1 - share) * now.n, alpha)
    return Guard(arm, ROOM, before, now, None, alarm, text)


def _split(champion: Arm, arm: Arm, theirs: int, mine: int, alpha: float) -> Guard:
    """Whether so many came to each side as were to come.

    M. Lindon, A. Malek (2022), "Anytime-valid inference for multinomial count data", NeurIPS: asked again and again.
    """
    both, share = theirs + mine, arm.share / (arm.share + champion.share)
    expected, seen = both * share, both * share * (1 - share)
    steps = anytime.steps((mine - expected) / sqrt(seen), _of_share(Rate(mine, both), share)) if both else 0.0
    alarm = both >= 2 * LEAST_CASES and steps >= anytime.limit(seen, alpha)
    text = f"{mine:,} of {both:,} leads on this side; {expected:,.0f} were to be expected."
    if alarm:
        text += " So uneven a draw hardly comes by chance: do not trust the comparison before you know why."
    return Guard(arm, DRAW, Rate(theirs, both), Rate(mine, both), None, alarm, text)


def _share(rate: Rate) -> str:
    return f"{percent(rate.k / rate.n)} ({rate.k:,} of {rate.n:,})" if rate.enough else f"{rate.k:,} of {rate.n:,}"


# --- Every hour ---------------------------------------------------------------------------------------


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
    raised = watch(experiment, timezone.now())
    for alarm in raised:
        _tell(alarm)
    return len(raised)


def watch(experiment: Experiment, now: datetime) -> list[Alarm]:
    """Ask the guards as of now, and keep the alarms: once for a guard of a side. Call it with the experiment held."""
    Experiment.objects.filter(pk=experiment.pk).update(watched_at=now)
    raised = []
    for guard in guards(experiment, counts(experiment, now), now):
        if guard.alarm:
            text = f"{guard.title}: {guard.text}"[:300]
            values = {"experiment": experiment, "text": text, "at": now}
            alarm, new = Alarm.objects.get_or_create(arm=guard.arm, guard=guard.slug, defaults=values)
            raised += [alarm] * new
    return raised


def _tell(alarm: Alarm) -> None:
    notify(
        who_run_experiments(), kind="experiment", text=f"“{alarm.experiment}”: {alarm.text}",
        url=reverse("scoring:experiment", args=[alarm.experiment_id]), key=f"guard:{alarm.pk}", mail=True,
    )  # fmt: skip
