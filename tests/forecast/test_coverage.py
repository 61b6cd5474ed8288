"""Of a truth we know, 8 months in 10 lie in the 80 % interval, because what is not known of it is part of it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from reports.forecast.simulation import Changes, World, interval, paths, world
from reports.forecast.simulation.parameters import Parameters, Process
from tests.forecast.worlds import Truth, evidence_of, truth

WORLDS, DRAWS = 50, 250


def covered(known: World, real: Truth) -> tuple[list[bool], float]:
    """Whether each of the six months, and their sum, lies in its interval."""
    revenue = paths(known, 0, Changes()).revenue
    actual = np.array([real.actual(span.month) for span in known.spans])
    low, high = interval(revenue)
    least, most = interval(revenue.sum(axis=1))
    inside = [bool(one) for one in (low <= actual) & (actual <= high)]
    return [*inside, bool(least <= actual.sum() <= most)], float(revenue.sum(axis=1).mean() / actual.sum())


def certain(known: World) -> World:
    """The same world, taken as if its means were the truth: what an interval of chance alone would be."""
    return replace(known, parameters=_means(known.parameters))


def _means(part: Parameters | Process) -> Parameters | Process:
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return replace(part, **{name: _mean(value) for name, value in values.items()})


def _mean(value: object) -> object:
    if isinstance(value, Process):
        return _means(value)
    return np.broadcast_to(value.mean(axis=0), value.shape) if isinstance(value, np.ndarray) else value


@pytest.fixture(scope="module")
def told() -> dict[str, np.ndarray]:
    reals = [truth(seed) for seed in range(WORLDS)]
    knowns = [world(evidence_of(real), DRAWS) for real in reals]
    whole = [covered(known, real) for known, real in zip(knowns, reals, strict=True)]
    sure = [covered(certain(known), real) for known, real in zip(knowns, reals, strict=True)]
    return {"inside": np.array([one for one, _ in whole]), "ratio": np.array([one for _, one in whole]),
            "certain": np.array([one for one, _ in sure])}  # fmt: skip


def test_eight_months_in_ten_are_inside(told):
    assert 0.74 <= told["inside"][:, :6].mean() <= 0.90


def test_so_is_the_sum_of_the_months(told):
    assert 0.68 <= told["inside"][:, 6].mean() <= 0.94


def test_it_tends_neither_way(told):
    # the mean of 50 worlds itself is known to within 0.03
    assert told["ratio"].mean() == pytest.approx(1.0, abs=0.08)


def test_without_what_is_not_known_it_would_promise_too_much(told):
    """Negative control: chance alone makes the interval of the sum too narrow."""
    assert told["certain"][:, 6].mean() < told["inside"][:, 6].mean() - 0.05


def test_won_deals_without_an_amount_are_no_revenue():
    """Every third is never written down; what is expected is what will be counted."""
    ratio = []
    for seed in range(12):
        real = truth(seed)
        real.amount[::3] = np.nan
        known = world(evidence_of(real), 50)
        came = sum(real.actual(span.month) for span in known.spans)
        ratio.append(paths(known, 0, Changes()).by_label.sum() / came)
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.12)


def test_the_same_evidence_gives_the_same_paths():
    evidence = evidence_of(truth(1))
    first, second = (paths(world(evidence, 20), 0, Changes()).revenue for _ in range(2))
    assert (first == second).all()


def test_evidence_survives_being_kept():
    evidence = evidence_of(truth(1))
    kept = type(evidence).from_json(evidence.as_json())
    assert (paths(world(kept, 20), 0, Changes()).revenue > 0).any()
    assert (kept.months, kept.as_of, kept.open_deals.shape) == (
        evidence.months, evidence.as_of, evidence.open_deals.shape)  # fmt: skip
