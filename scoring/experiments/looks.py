"""The scheduled looks: due rows, each taken once, and what was seen. The first that meets the stop rule is the last."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from leads.access import PERMISSIONS
from leads.models import User
from leads.outgoing.notices import notify
from leads.retry import retried
from leads.statistics import Rate
from scoring.experiments.compare import Comparison, compare
from scoring.experiments.counts import Counts, counts
from scoring.experiments.sequential import ALPHA, bounds
from scoring.models import Arm, Experiment, Look

# Under so many cases on a side, or with so few that had the outcome or had it not, a look says and costs nothing.
LEAST_CASES, LEAST_OF_EACH = 30, 10
MORE = 0.01  # of the planned cases must have come since the last look, or all that were left
BETTER, WORSE, OPEN = "better", "worse", "open"
RUN = "scoring.run_experiment"


@dataclass(frozen=True)
class Against:
    """A challenger compared with the champion. The interval holds at all looks together."""

    arm: int
    k: int
    n: int
    difference: float
    low: float
    high: float
    z: float
    says: str = OPEN


@dataclass(frozen=True)
class Seen:
    """What a look saw. `fraction` of the planned cases; beyond `limit` a |z| stops. `skipped` says why it was none."""

    k: int = 0
    n: int = 0
    cases: int = 0
    fraction: float = 0.0
    limit: float | None = None
    against: Sequence[Against] = ()
    skipped: str = ""

    @property
    def best(self) -> Against | None:
        """The challenger furthest ahead."""
        return max(self.against, key=lambda one: one.difference, default=None)


def seen(look: Look) -> Seen:
    """What was seen, as it was kept."""
    return Seen(**look.result | {"against": [Against(**one) for one in look.result.get("against", ())]})


def take_due() -> int:
    """Take every look that is due. Returns how many."""
    due = Look.objects.filter(taken_at=None, due_at__lte=timezone.now(), experiment__ended_at=None)
    return sum(_take(pk) for pk in due.values_list("pk", flat=True))


@retried
@transaction.atomic
def _take(pk: int) -> bool:
    """False: somebody else took it, or it is not due any more."""
    rows = Look.objects.select_for_update(skip_locked=True, of=("self",)).select_related("experiment__model")
    now = timezone.now()
    look = rows.filter(pk=pk, taken_at=None, due_at__lte=now, experiment__ended_at=None).first()
    if look is None:
        return False
    if take(look, now):
        _tell(look.experiment)
    return True


def take(look: Look, now: datetime) -> bool:
    """Look as of now, and plan the next where the stop rule is not met. Returns whether it is. Call it with it held."""
    saw = look_at(look.experiment, now)
    decided = is_decided(saw)
    Look.objects.filter(pk=look.pk).update(taken_at=now, result=asdict(saw), decided=decided)
    if not decided:
        _next(look, now)
    return decided


def is_decided(saw: Seen) -> bool:
    """The stop rule: a challenger is better, or every one is worse, or all planned cases are in."""
    says = [one.says for one in saw.against]
    return bool(says) and (BETTER in says or set(says) == {WORSE} or saw.fraction >= 1.0)


def look_at(experiment: Experiment, now: datetime) -> Seen:
    """Compare as of now, at the price of a look."""
    before = [past.fraction for past in map(seen, experiment.looks.exclude(taken_at=None)) if past.limit is not None]
    arms = list(experiment.arms.order_by("position"))
    return judge(counts(experiment, now), arms, str(experiment.outcome), experiment.planned, before)


def judge(found: Counts, arms: Sequence[Arm], share: str, planned: int, before: Sequence[float]) -> Seen:
    """What a look sees: `arms` with the champion first, `before` the fractions at which looks have been taken."""
    rates = [found.rate(arm.pk, share) for arm in arms]
    cases = sum(rate.n for rate in rates)
    fraction = min(1.0, cases / planned)
    saw = Seen(rates[0].k, rates[0].n, cases, fraction)
    if why := _too_little(rates, fraction, before):
        return replace(saw, skipped=why)
    limit = bounds((*before, fraction), ALPHA / (len(arms) - 1))[-1]
    return replace(saw, limit=limit, against=_against(found, arms, share, limit))


def _too_little(rates: Sequence[Rate], fraction: float, before: Sequence[float]) -> str:
    """Asked of all sides together, so that it cannot favour one."""
    had, cases = sum(rate.k for rate in rates), sum(rate.n for rate in rates)
    if min(rate.n for rate in rates) < LEAST_CASES or min(had, cases - had) < LEAST_OF_EACH:
        return "Too few cases so far to say anything."
    if before and fraction < min(1.0, before[-1] + MORE):
        return "Hardly any new cases since the last look."
    return ""


def _against(found: Counts, arms: Sequence[Arm], share: str, limit: float) -> list[Against]:
    champion, *challengers = arms
    rows = []
    for arm in challengers:
        compared = compare(found.cells(champion.pk, share), found.cells(arm.pk, share)) or Comparison(0.0, 1.0, 0.0)
        interval, rate = compared.interval(limit), found.rate(arm.pk, share)
        says = BETTER if compared.z >= limit else WORSE if compared.z <= -limit else OPEN
        rows.append(Against(arm.pk, rate.k, rate.n, compared.difference, interval.low, interval.high, compared.z, says))
    return rows


def _next(look: Look, now: datetime) -> None:
    """At the planned pace; after a standstill of the worker not all that were missed, but the next one."""
    step = timedelta(days=look.experiment.days_between)
    due = look.due_at + step
    while due <= now:
        due += step
    Look.objects.create(experiment=look.experiment, number=look.number + 1, due_at=due)


def _tell(experiment: Experiment) -> None:
    text = f"“{experiment}” on {experiment.model} is ready to decide: the stop rule is met."
    url = reverse("scoring:experiment", args=[experiment.pk])
    notify(who_run_experiments(), kind="experiment", text=text, url=url, key=f"experiment:{experiment.pk}", mail=True)


def who_run_experiments() -> Any:
    """Everybody who may promote or stop."""
    roles = [role for role, listed in PERMISSIONS.items() if RUN in listed]
    return User.objects.filter(memberships__role__in=roles, is_active=True).distinct()
