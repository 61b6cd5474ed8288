"""Looking five times costs what it should: chance stops at most 5 of 100, a true difference is found in 80 of 100."""

from collections.abc import Sequence

import numpy as np
import pytest
from django.core.exceptions import ValidationError

from leads.statistics import Rate
from scoring.experiments.compare import compare, together
from scoring.experiments.counts import Counts
from scoring.experiments.looks import is_decided, judge
from scoring.experiments.plan import LOOKS, cases_needed, shares_of
from scoring.experiments.sequential import ALPHA, POWER, PROMISED, PROMISED_POWER, bounds, crossing, drift_for, spent
from scoring.models import Arm
from tests.experiments.exact import statistic, stops

EXPERIMENTS = 1_000
EVENLY = (0.2, 0.4, 0.6, 0.8, 1.0)


def test_the_limits_are_the_published_ones() -> None:
    """D. M. Reboussin et al. (2000), "Computations for group sequential boundaries using the Lan-DeMets spending
    function method", Controlled Clinical Trials 21, 190–207: five looks, two-sided 5 %.
    """
    published = (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)
    assert bounds(EVENLY, 0.05) == pytest.approx(published, abs=2e-4)
    assert bounds((1.0,), 0.05) == pytest.approx((1.95996,), abs=1e-4)


@pytest.mark.parametrize("fractions", [EVENLY, (0.03, 0.5, 0.51, 1.0), (0.9, 1.0), (1.0,), (0.1,) * 1 + (0.1001, 1.0)])
def test_all_looks_together_spend_the_error_and_no_more(fractions: tuple[float, ...]) -> None:
    assert crossing(fractions, bounds(fractions, 0.05), 0.0) == pytest.approx(0.05, abs=2e-4)


def test_it_is_spent_late() -> None:
    assert spent(0.0) == 0.0 and spent(0.2) < 1e-6 and spent(0.5) < 0.003
    assert (spent(1.0), spent(1.3)) == (pytest.approx(ALPHA), pytest.approx(ALPHA))


def test_a_look_skipped_leaves_its_share_to_the_next() -> None:
    assert bounds((0.4, 1.0))[0] < bounds((0.2, 0.4, 1.0))[1]


def test_the_drift_gives_the_power() -> None:
    """Jennison and Turnbull (2000), table 2.4 and 7.4: five such looks need 2 to 3 % more cases than one."""
    ratio = (drift_for(5, 0.05, 0.8) / drift_for(1, 0.05, 0.8)) ** 2
    assert drift_for(1, 0.05, 0.8) == pytest.approx(1.95996 + 0.84162, abs=1e-3) and 1.02 < ratio < 1.03


def test_a_comparison_by_hand() -> None:
    """One team: the score test of two shares with n − 1 for n, and the plain error of the difference."""
    found = compare({1: Rate(20, 100)}, {1: Rate(35, 100)})
    assert found is not None
    assert (found.difference, found.error) == (pytest.approx(0.15), pytest.approx((0.16 / 100 + 0.2275 / 100) ** 0.5))
    assert found.z == pytest.approx(0.15 / (0.275 * 0.725 * (2 / 100) * 200 / 199) ** 0.5)
    interval = found.interval(2.0)
    assert (interval.low, interval.high) == (
        pytest.approx(0.15 - 2 * found.error),
        pytest.approx(0.15 + 2 * found.error),
    )


def test_teams_that_differ_move_nothing() -> None:
    """Simpson: the challenger has more of its leads in the team where sales accepts little."""
    champion, challenger = {1: Rate(80, 100), 2: Rate(2, 20)}, {1: Rate(16, 20), 2: Rate(10, 100)}
    assert together(challenger).k / 120 < together(champion).k / 120
    found = compare(champion, challenger)
    assert found is not None and found.difference == pytest.approx(0.0) and found.z == pytest.approx(0.0)
    assert compare({1: Rate(1, 5)}, {2: Rate(1, 5)}) is None
    sure = compare({1: Rate(0, 50)}, {1: Rate(0, 50)})
    assert sure is not None and sure.z == 0.0 and sure.error > 0


# --- To the last lead ---------------------------------------------------------------------------------

SETTINGS = [  # rate of the champion, difference asked for, the challenger's share
    (0.2, 0.1, 0.5), (0.05, 0.04, 0.5), (0.7, 0.12, 0.5), (0.2, -0.08, 0.5),
    (0.2, 0.1, 0.2), (0.2, -0.1, 0.2), (0.05, 0.05, 0.1), (0.3, -0.15, 0.1), (0.2, 0.2, 0.05),
]  # fmt: skip


@pytest.mark.parametrize(("base", "effect", "share"), SETTINGS)
def test_the_promise_is_kept_with_room(base: float, effect: float, share: float) -> None:
    """Worked out, not drawn: of those without a difference 3.0 in 100 stop, of those with it at least 84 find it."""
    planned = cases_needed(base, effect, (1 - share, share))
    assert 0.028 < sum(stops(base, base, planned, share=share)) < ALPHA + 0.0005 < PROMISED
    found = stops(base, base + effect, planned, share=share)
    assert PROMISED_POWER < POWER - 0.001 < max(found) < POWER + 0.012
    assert found.index(max(found)) == (0 if effect > 0 else 1) and min(found) < 1e-4


def test_the_recursion_gives_what_is_published_and_can_fail() -> None:
    """Armitage, McPherson and Rowe (1969), table 2: five looks at 5 % each stop 14.2 of 100. So do ours without limits
    of their own; and spending all of 5 % on counts leaves no room.
    """
    assert sum(stops(0.3, 0.3, 1000, limits=lambda look: 1.95996)) == pytest.approx(0.142, abs=1e-3)
    assert sum(stops(0.2, 0.2, 700, alpha=PROMISED)) == pytest.approx(PROMISED, abs=5e-4)
    too_few = round(cases_needed(0.2, 0.1, (0.5, 0.5)) * 0.85)
    assert stops(0.2, 0.3, too_few)[0] < PROMISED_POWER


def test_the_statistic_is_the_one_that_is_asked() -> None:
    found = compare({1: Rate(20, 120)}, {1: Rate(35, 100)})
    assert found is not None and statistic(120, 100)[20, 35] == pytest.approx(found.z)


def test_a_batch_of_a_thousand_keeps_the_promise_as_well() -> None:
    """Three standard errors of a batch lie between what is expected and what is promised."""
    assert 1000 * ALPHA + 3 * (1000 * ALPHA * (1 - ALPHA)) ** 0.5 < 1000 * PROMISED
    assert 1000 * POWER - 3 * (1000 * POWER * (1 - POWER)) ** 0.5 > 1000 * PROMISED_POWER


@pytest.mark.parametrize("share", [0.04, 0.51])
def test_a_challenger_has_its_part_and_no_more_than_the_champion(share: float) -> None:
    assert shares_of(1, 0.2) == (0.8, 0.2) and shares_of(3) == (0.25,) * 4
    with pytest.raises(ValidationError, match="5% to 50% of new leads"):
        shares_of(1, share)


# --- A thousand experiments ---------------------------------------------------------------------------


def arms(sides: int) -> list[Arm]:
    return [Arm(pk=number, position=number, name=f"Side {number}") for number in range(sides)]


def stopped(
    rates: Sequence[Sequence[float]], planned: int, seed: int, teams: Sequence[float], shares: Sequence[float] = ()
) -> tuple[int, int]:
    """How many of a thousand experiments call a challenger better or worse: (better, worse).

    rates[side][team] is the true rate; each look brings a fifth of the planned cases, drawn to sides and teams as the
    hash would, and is judged as scoring/experiments/looks.py judges.
    """
    random, sides = np.random.default_rng(seed), len(rates)
    cells = np.outer(shares or np.full(sides, 1 / sides), teams).ravel()
    each = -(-planned // LOOKS)
    came = random.multinomial(each, cells, size=(EXPERIMENTS, LOOKS)).reshape(EXPERIMENTS, LOOKS, sides, len(teams))
    had = random.binomial(came, np.array(rates)[None, None])
    n, k = came.cumsum(axis=1), had.cumsum(axis=1)
    verdicts = [_experiment(n[i], k[i], planned) for i in range(EXPERIMENTS)]
    return verdicts.count("better"), verdicts.count("worse")


def _experiment(n: np.ndarray, k: np.ndarray, planned: int) -> str:
    sides, before = arms(n.shape[1]), []
    for look in range(LOOKS):
        found = Counts({
            side: {team: {"accepted": int(k[look, side, team]), "ripe": int(n[look, side, team])}
                   for team in range(n.shape[2])} for side in range(len(sides))
        })  # fmt: skip
        saw = judge(found, sides, "accepted", planned, before)
        if saw.limit is None:
            continue
        if is_decided(saw):
            says = {one.says for one in saw.against}
            return "better" if "better" in says else "worse" if says == {"worse"} else ""
        before.append(saw.fraction)
    return ""


ONE, THREE = (1.0,), (0.5, 0.3, 0.2)


@pytest.mark.parametrize(
    ("base", "planned", "teams", "shares"),
    [(0.7, 400, THREE, (0.5, 0.5)), (0.1, 900, THREE, (1 / 3, 1 / 3, 1 / 3)), (0.2, 1_200, THREE, (0.8, 0.2))],
)
def test_a_thousand_experiments_without_a_difference_stop_in_50_at_most(
    base: float, planned: int, teams: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    """Teams accept at quite different rates; the sides do not differ."""
    by_team = [min(0.95, base * factor) for factor in (1.0, 0.5, 1.5)[: len(teams)]]
    assert sum(stopped([by_team] * len(shares), planned, 20261122, teams, shares)) <= 50


def test_a_difference_of_the_stated_size_is_found_in_800_of_a_thousand() -> None:
    """With two challengers, of which one is better."""
    better, worse = stopped([[0.2], [0.3], [0.2]], cases_needed(0.2, 0.1, (1 / 3,) * 3), 20261122, ONE)
    assert better >= 800 and worse <= 5


def test_looking_daily_without_a_price_stops_far_too_often() -> None:
    """The negative control: at every look the limit of a single one."""
    random = np.random.default_rng(1)
    n = np.arange(1, 51) * 20
    k = random.binomial(20, 0.2, size=(EXPERIMENTS, 2, 50)).cumsum(axis=2)
    share, pooled = k / n, k.sum(axis=1) / (2 * n)
    z = (share[:, 1] - share[:, 0]) / np.sqrt(np.maximum(pooled * (1 - pooled), 1e-9) * 2 / n)
    assert (np.abs(z) > 1.96).any(axis=1).sum() > 200
