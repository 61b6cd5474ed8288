"""A thousand experiments between equals, watched every hour for two months: at most 50 raise any alarm."""

from math import sqrt

import numpy as np
import pytest

from leads.statistics import Rate, difference
from scoring.experiments import anytime
from scoring.experiments.counts import Counts
from scoring.experiments.guards import ANSWERS, DRAW, FALSE, HOT, ROOM, Guard, Room, _counted, guards_of
from scoring.experiments.sequential import PROMISED
from scoring.models import Arm

EXPERIMENTS, HOURS = 1_000, 60 * 24
WEEK = 7 * 24


def arms(share: float = 0.5) -> list[Arm]:
    part = round(10_000 * share)
    return [Arm(pk=1, position=0, low=0, high=10_000 - part), Arm(pk=2, position=1, low=10_000 - part, high=10_000)]


def cell(leads: int, hot: int, due: int = 0, late: int = 0) -> dict[str, int]:
    return {"leads": int(leads), "hot": int(hot), "due": int(due), "late": int(late)}


def ask(
    champion: dict[str, int], challenger: dict[str, int], share: float = 0.5, room: Room | None = None
) -> dict[str, Guard]:
    found = Counts({1: {1: champion}, 2: {1: challenger}})
    return {guard.slug: guard for guard in guards_of(arms(share), found, room or Room(100.0, None))}


class Watched:
    """So many experiments: what of each side had come at each hour. Leads become Hot some days after they came."""

    def __init__(self, per_hour: float, hot: float, late: float, share: float, seed: int) -> None:
        random, size = np.random.default_rng(seed), (EXPERIMENTS, HOURS)
        self.leads, self.hot, self.due, self.late = [], [], [], []
        for part in (1 - share, share):
            came = random.poisson(per_hour * part, size)
            turned = random.binomial(came, hot)
            waited = np.zeros_like(turned)
            for days, of in ((0, 0.5), (3, 0.3), (10, 1.0)):
                now = random.binomial(turned, of)
                turned = turned - now
                waited[:, days * 24 :] += now[:, : HOURS - days * 24]
            for kept, counted in (
                (self.leads, came), (self.hot, waited), (self.due, waited), (self.late, random.binomial(waited, late))
            ):  # fmt: skip
                kept.append(counted.cumsum(axis=1))

    def z(self, had: list, of: list) -> np.ndarray:
        """|z| of the difference, at each hour of each experiment."""
        (ka, kb), (a, b) = had, of
        n, k = np.maximum(a + b, 1), ka + kb
        spread = np.sqrt(np.maximum(k * (n - k) / n**2 * (1 / np.maximum(a, 1) + 1 / np.maximum(b, 1)), 1e-12))
        return np.abs(kb / np.maximum(b, 1) - ka / np.maximum(a, 1)) / spread

    def hours_worth_asking(self, share: float, can_work: int) -> np.ndarray:
        """No guard can raise an alarm in the others: every limit lies above 3."""
        a, b = self.leads
        n, came = np.maximum(a + b, 1), np.maximum(b, 1)
        drawn = np.abs(b - n * share) / np.sqrt(n * share * (1 - share))
        room = np.clip(can_work * np.maximum(np.arange(1, HOURS + 1) / WEEK, 1) / n, 1e-6, 1 - 1e-6)
        work = (self.hot[1] / came - room) / np.sqrt(room * (1 - room) / came)
        return np.maximum.reduce([self.z(self.hot, self.leads), self.z(self.late, self.due), drawn, work]) > 2.95

    def cell(self, side: int, experiment: int, hour: int) -> dict[str, int]:
        kept = (self.leads, self.hot, self.due, self.late)
        return cell(*(counts[side][experiment, hour] for counts in kept))


@pytest.mark.parametrize(("hot", "late", "share"), [(0.12, 0.2, 0.5), (0.03, 0.4, 0.2)])
def test_a_thousand_experiments_between_equals_raise_50_alarms_at_most(hot: float, late: float, share: float) -> None:
    """Two leads an hour, and just so many Hot ones as sales can work: 1,440 looks at each of four guards."""
    watched, alarmed = Watched(2.0, hot, late, share, 20261122), set()
    can_work = round(2.0 * WEEK * hot)
    for experiment, hour in zip(*np.nonzero(watched.hours_worth_asking(share, can_work)), strict=True):
        if experiment in alarmed:
            continue
        sides = [watched.cell(side, experiment, hour) for side in (0, 1)]
        leads = sum(side["leads"] for side in sides)
        room = Room(leads / max(1.0, (hour + 1) / WEEK), can_work)
        if any(guard.alarm for guard in ask(sides[0], sides[1], share, room).values()):
            alarmed.add(experiment)
    assert len(alarmed) <= 1000 * PROMISED


def test_intervals_of_a_single_look_would_raise_many() -> None:
    """The negative control: the same experiments, each hour at 95 %, one guard alone."""
    watched = Watched(2.0, 0.12, 0.2, 0.5, 20261122)
    enough = np.minimum(*watched.leads) >= 30
    assert ((watched.z(watched.hot, watched.leads) > 1.96) & enough).any(axis=1).sum() > 250


def test_few_hot_leads_of_a_small_side_are_no_alarm_by_chance() -> None:
    """Four challengers of 5 %, 2 % Hot, asked at each Hot lead for two months: z alone would break the promise."""
    random, alpha, part = np.random.default_rng(20261122), FALSE[HOT] / 4, 0.05 / 0.85
    experiments, most = 2_000 * 4, 150
    leads = random.geometric(0.02, (experiments, most)).cumsum(axis=1)
    mine = random.binomial(np.diff(leads, axis=1, prepend=0) - 1, part)
    hot = random.random((experiments, most)) < part
    b, kb = (mine + hot).cumsum(axis=1), hot.cumsum(axis=1)
    k = np.broadcast_to(np.arange(1, most + 1), kb.shape)
    share = k / leads
    a, some = np.maximum(leads - b, 1), np.maximum(b, 1)
    spread = np.sqrt(np.maximum(share * (1 - share), 1e-9) * (1 / a + 1 / some))
    z = (kb / some - (k - kb) / a) / spread
    simple, alarmed = set(), set()
    for at in zip(*np.nonzero((np.abs(z) > 3.0) & (k >= 10) & (b >= 30)), strict=True):
        limit = anytime.limit(anytime.seen(k[at], leads[at]), alpha)
        sides = Rate(int(k[at] - kb[at]), int(a[at])), Rate(int(kb[at]), int(b[at]))
        simple |= {at[0] // 4} if abs(z[at]) >= limit else set()
        alarmed |= {at[0] // 4} if anytime.steps(z[at], _counted(*sides)) >= limit else set()
    assert len(alarmed) <= 2_000 * FALSE[HOT] < len(simple)


def test_a_small_side_that_is_truly_wrong_is_told() -> None:
    """4 of 46 where 6 of 960 are: z is 5.4, and chance does it once in 1,400 times. 10 of 50 is none."""
    few, many = (ask(cell(960, theirs), cell(n, hot), share=0.05)[HOT] for theirs, n, hot in ((6, 46, 4), (19, 50, 10)))
    assert not few.alarm and few.interval is not None and few.interval.low < 0
    assert many.alarm and many.interval is not None and many.interval.low > 0


def test_the_limit_is_the_published_one_and_never_low() -> None:
    """At t = ρ both parts are plain: √(2 · (ln 2 + 2 ln 20)). The hours left out above are under every limit."""
    assert anytime.limit(anytime.EARLY, 0.05) == pytest.approx(sqrt(2 * (np.log(2) + 2 * np.log(20))))
    assert min(anytime.limit(seen, max(FALSE.values())) for seen in range(1, 100_000, 7)) > 3.0
    assert anytime.seen(30, 120) == pytest.approx(22.5) and anytime.seen(0, 0) == 0.0
    assert sum(FALSE.values()) == pytest.approx(PROMISED)


def test_what_is_truly_wrong_is_told() -> None:
    """Half as many Hot leads, twice as many late answers, a draw of 52 for 48: found among the leads of some weeks."""
    assert ask(cell(1000, 120), cell(1000, 60))[HOT].alarm
    assert ask(cell(1000, 120, 120, 20), cell(1000, 120, 120, 55))[ANSWERS].alarm
    assert ask(cell(4_800, 500), cell(5_200, 540))[DRAW].alarm
    assert ask(cell(8_000, 800), cell(2_000, 200), share=0.2)[DRAW].alarm is False
    assert ask(cell(1000, 100), cell(1000, 170), room=Room(200.0, 24))[ROOM].alarm
    assert ROOM not in ask(cell(1000, 100), cell(1000, 100))


def test_of_a_few_leads_no_week_is_foretold() -> None:
    few, enough = (ask(cell(n, 10), cell(n, 12), room=Room(200.0, 24))[ROOM] for n in (29, 100))
    assert "Too few leads to say" in few.text and not few.alarm
    assert enough.text == "For all leads it would make about 24 Hot a week. Sales can work 24."


def test_what_could_be_chance_or_does_not_matter_is_not() -> None:
    fine = ask(cell(1000, 100, 100, 20), cell(1000, 130, 130, 33), room=Room(200.0, 24))
    assert [slug for slug, guard in fine.items() if guard.alarm] == []
    chance = difference(Rate(130, 1000), Rate(100, 1000))
    assert chance is not None and chance.low > 0, "one look would have called it a difference"
    assert not ask(cell(100_000, 20_000), cell(100_000, 22_000))[HOT].alarm, "beyond chance, but no fifth"
    assert not ask(cell(20, 1), cell(20, 19))[HOT].alarm and ask(cell(0, 0), cell(0, 0))[HOT].interval is None


def test_the_words_give_the_interval() -> None:
    told = ask(cell(1000, 120), cell(1000, 60))[HOT]
    assert told.text.startswith(
        "6.0% (60 of 1,000) of its leads became Hot, 12% (120 of 1,000) of the champion’s: −6.0"
    )
    assert told.interval is not None and told.interval.high < 0 and "at any time" in told.text
