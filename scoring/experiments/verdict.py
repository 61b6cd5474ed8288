"""What an experiment says, in words, with n and interval. Only a look that met the stop rule says who is better."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from leads.statistics import difference
from leads.templatetags.ui import day, percent, points
from scoring.experiments.counts import Counts
from scoring.experiments.looks import BETTER, WORSE, Against, Seen, seen
from scoring.models import Arm, Ending, Experiment, Look, Outcome

READY, RUNNING, SHADOW, OVER = "ready", "running", "shadow", "over"
NOT_ALIKE = "Each side chose which leads to hand off, so these are not the same leads: see how many there were, too."
WHAT = {
    Outcome.ACCEPTED: ("Sales accepted {share} of its leads", " within {within} days"),
    Outcome.WON: ("{share} of its leads became customers", " within {within} days"),
    Outcome.DECIDED: ("Sales accepted {share} of the leads it handed off", ""),
}


@dataclass(frozen=True)
class Verdict:
    """`state`: ready, running, shadow or over, with its `badge` and `tone`; `rule` and `more` are the note below.

    `best` is the challenger to promote, where one is better.
    """

    state: str
    badge: str
    tone: str
    headline: str
    text: str
    rule: str
    more: str
    best: Arm | None = None


def verdict(experiment: Experiment, looks: Sequence[Look], arms: Sequence[Arm], found: Counts) -> Verdict:
    """From the looks that were taken; what came in since counts for nothing but what is only watched."""
    taken = [look for look in looks if look.taken_at]
    ahead = next((look for look in looks if not look.taken_at), None)
    decided = next((look for look in taken if look.decided), None)
    if experiment.shadow:
        return _shadow(experiment, found, arms)
    if decided:
        return _decided(experiment, decided, arms, found)
    state, badge, tone = _state(experiment, RUNNING, "Running", "info")
    last = next((look for look in reversed(taken) if not seen(look).skipped), None)
    rule, more = _waiting(experiment, taken, ahead)
    if last is None:
        headline, text = "Too early to say.", _so_far(experiment, found, arms)
    else:
        headline, text = "Nothing is decided yet.", _compared(experiment, seen(last), arms)
    if not experiment.running:
        headline = "Ended before anything was decided."
    return Verdict(state, badge, tone, headline, text, rule, more)


def _state(experiment: Experiment, state: str, badge: str, tone: str) -> tuple[str, str, str]:
    if experiment.running:
        return state, badge, tone
    return OVER, Ending(experiment.ending).label, "ok" if experiment.ending == Ending.PROMOTED else ""


def _decided(experiment: Experiment, look: Look, arms: Sequence[Arm], found: Counts) -> Verdict:
    saw = seen(look)
    says, best = [one.says for one in saw.against], saw.best
    by_pk = {arm.pk: arm for arm in arms}
    state, badge, tone = _state(experiment, READY, "Ready to decide", "ok")
    text = _compared(experiment, saw, arms)
    rule = f"Stop rule met on {day(look.taken_at)}, at look {look.number}:"
    more = "The looks were planned before the start, and each had its price, so chance alone stops at most 5 of 100."
    if experiment.outcome == Outcome.DECIDED:
        more += f" {NOT_ALIKE}"
    if best and best.says == BETTER:
        name = "The challenger" if len(arms) == 2 else by_pk[best.arm].name
        headline = f"{name} is better at what we set out to test."
        rule += f" {_cases(saw, experiment)}, and the difference is beyond its limit."
        if experiment.outcome != Outcome.WON:
            text = f"{text} {_won(found, arms[0], by_pk[best.arm])}"
        return Verdict(state, badge, tone, headline, text, rule, more, by_pk[best.arm])
    if set(says) == {WORSE}:
        rule += f" {_cases(saw, experiment)}, and the difference is beyond its limit."
        return Verdict(state, badge, tone, "The champion is better: keep it.", text, rule, more)
    rule += f" all {experiment.planned:,} planned cases are in, and the difference stayed within its limits."
    more = (
        f"A change of {points(experiment.effect)} from {percent(experiment.base)} would have shown in 8 of 10 such"
        " experiments."
    )
    return Verdict(state, badge, tone, "No difference was found.", text, rule, more)


def _compared(experiment: Experiment, saw: Seen, arms: Sequence[Arm]) -> str:
    """Sales accepted 83% of its leads (170 of 205) against 71% (145 of 203): 11.5 points more, from 3.4 to 19.6."""
    if (best := saw.best) is None:
        return saw.skipped
    words, within = WHAT[Outcome(experiment.outcome)]
    name = "" if len(arms) == 2 else f"{next(arm.name for arm in arms if arm.pk == best.arm)}: "
    mine = f"{percent(best.k / best.n)} ({best.k:,} of {best.n:,})"
    theirs = f"{percent(saw.k / saw.n)} ({saw.k:,} of {saw.n:,})"
    sentence = words.format(share=mine) + within.format(within=experiment.within)
    return f"{name}{sentence} against {theirs} of the champion’s: {_gap(best)}."


def _gap(best: Against) -> str:
    more = "more" if best.difference >= 0 else "fewer"
    span = f"{points(best.low)} to {points(best.high)}".replace(" pts to", " to")
    inside = best.low <= 0 <= best.high
    chance = "which could be chance" if inside else "beyond chance"
    return f"{abs(best.difference) * 100:.1f} points {more}, {chance} ({span})"


def _cases(saw: Seen, experiment: Experiment) -> str:
    return f"{saw.cases:,} of {experiment.planned:,} planned cases were in"


def _won(found: Counts, champion: Arm, arm: Arm) -> str:
    """Watched whenever somebody opens the page, without the price of a look: so it is told, not called proved."""
    mine, theirs = found.rate(arm.pk, "won_so_far"), found.rate(champion.pk, "won_so_far")
    gap = difference(mine, theirs)
    if gap is None or gap.low <= 0 <= gap.high:
        return "Whether it also wins more customers is still open."
    figures = f"customers so far ({mine.k:,} of {mine.n:,} against {theirs.k:,} of {theirs.n:,})"
    return f"It also has more {figures}; that was not tested." if gap.low > 0 else f"But it has fewer {figures}."


def _so_far(experiment: Experiment, found: Counts, arms: Sequence[Arm]) -> str:
    leads = sum(found.leads(arm.pk) for arm in arms)
    return f"{leads:,} lead{'s' * (leads != 1)} came in so far, on {len(arms)} sides."


def _waiting(experiment: Experiment, taken: Sequence[Look], ahead: Look | None) -> tuple[str, str]:
    number = len(taken) + 1
    rule = (
        f"{ordinal(number)} look on {day(ahead.due_at)}." if ahead and experiment.running else "No look was decisive."
    )
    skipped = seen(taken[-1]).skipped if taken else ""
    more = "Before a look nothing is compared: every glance would have to be paid for with more cases."
    return rule, f"{skipped} {more}".strip()


def ordinal(number: int) -> str:
    return {1: "First", 2: "Second", 3: "Third"}.get(number, f"{number}th")


def _shadow(experiment: Experiment, found: Counts, arms: Sequence[Arm]) -> Verdict:
    state, badge, tone = _state(experiment, SHADOW, "Shadow", "info")
    leads = sum(found.leads(arm.pk) for arm in arms)
    days = ((experiment.ended_at or timezone.now()) - experiment.started_at).days
    headline, counts = "The challenger scores in the shadow.", "is the one that counts"
    if not experiment.running:
        headline, counts = "The challenger scored in the shadow.", "was the one that counted"
    text = f"{leads:,} leads of {days} days have both scores. The champion’s {counts}."
    more = "who would be better can only be seen by handing off by each, on a side of its own."
    return Verdict(state, badge, tone, headline, text, "A shadow decides nothing:", more)
