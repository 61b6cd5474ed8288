"""A model with less, and the addition behind it against the engine."""

from dataclasses import replace

import numpy as np
import pytest
from django.utils import timezone

from leads.models import Lead
from scoring.accuracy import auc
from scoring.arithmetic import LABELS, Sum
from scoring.engine.definition import Definition, freeze, load
from scoring.leaner import Leaner
from scoring.simplify import DEAD, DUPLICATE, OPPOSITE, Proven, Simplifier
from tests.sales import make_team
from tests.scoring.past_leads import past_rows
from tests.scoring.random_models import Maker, an_as_of, make_fields
from tests.scoring.test_engine_is_right import make_version
from tests.scoring.workshop import add, field, make_lead, make_model

pytestmark = pytest.mark.django_db


def counted(definition: Definition, leads: list[Lead]) -> list:
    now = timezone.now()
    return past_rows([definition], [(lead.pk, now) for lead in leads])


def sum_of(definition: Definition, leads: list[Lead]) -> Sum:
    rows = counted(definition, leads)
    barred = np.array([row.label == "disqualified" for row in rows])
    return Sum(definition, np.array([row.points for row in rows]), barred)


def test_the_addition_is_the_engine_s() -> None:
    """On random models with any criterion left out."""
    make_fields()
    compared = 0
    for seed in range(8):
        maker = Maker(31_000 + seed)
        moment = min(an_as_of(maker.r), timezone.now())
        leads = maker.leads(25, moment)
        maker.events(leads, 200, moment)
        definition = load(make_version(maker.model() | {"audience": None}).definition)
        rules = tuple(replace(rule, disqualifies=False) for rule in definition.criteria)
        definition = replace(definition, criteria=rules)
        place = seed % len(rules)
        kept = np.arange(len(rules)) != place
        ours = sum_of(definition, leads).standings(kept)
        less = replace(definition, criteria=rules[:place] + rules[place + 1 :])
        engines = counted(less, leads)
        assert ours.fit.tolist() == [row.fit for row in engines]
        assert ours.engagement.tolist() == [row.engagement for row in engines]
        assert [LABELS[label] for label in ours.labels] == [row.label for row in engines]
        compared += len(engines)
    assert compared > 150


def test_taking_criteria_out_one_by_one_is_the_addition_without_them() -> None:
    """Random points in capped groups; after each removal labels and AUC are those of counting everybody again."""
    make_fields()
    r = np.random.default_rng(5)
    for seed in range(6):
        definition = load(make_version(Maker(32_000 + seed).model() | {"audience": None}).definition)
        rules = len(definition.criteria)
        points = r.integers(-20, 30, (300, rules)) * (r.random((300, rules)) < 0.4)
        barred, won = r.random(300) < 0.05, r.random(300) < 0.3
        leads, whole = Leaner(definition, points, barred, won), Sum(definition, points, barred)
        kept = np.ones(rules, bool)
        for place in r.permutation(rules):
            foretold = leads.loss(place)
            leads.remove(place)
            kept[place] = False
            then = whole.standings(kept)
            assert (leads.totals.tolist(), leads.labels.tolist()) == (then.totals.tolist(), then.labels.tolist())
            changed = int((then.labels != whole.standings().labels).sum())
            found = auc(then.totals, won)
            assert found is not None
            assert foretold == (leads.changed, leads.auc) == (changed, pytest.approx(found.value))


@pytest.fixture
def simplifier() -> Simplifier:
    """VPs and buyers of the same company size; of the criteria some say nothing new."""
    model = make_model()
    role, company = model.groups.get(name="Role"), model.groups.get(name="Company")
    add(role, "Astronaut", 20, field("title", "contains", "astronaut"))
    add(role, "VP again", 3, field("title", "starts_with", "VP"))
    add(company, "Makes things, but", -10, field("company.industry", "is", "Manufacturing"))
    team = make_team()
    leads = [make_lead(team, title="VP Sales" if number % 2 else "Buyer") for number in range(20)]
    definition = load(freeze(model))
    rows = counted(definition, leads)
    points = np.array([row.points for row in rows])
    barred = np.zeros(len(rows), bool)
    won = np.array([number % 2 == 1 for number in range(20)])
    return Simplifier(definition, points, barred, Proven(points, barred, won))


def test_what_could_go_is_named(simplifier: Simplifier) -> None:
    names = [rule.name for rule in simplifier.definition.criteria]
    found = {names[one.place]: one for one in simplifier.findings()}
    assert {name: one.kind for name, one in found.items()} == {
        "VP": "", "Student": "", "Astronaut": DEAD, "VP again": DUPLICATE, "200 or more employees": "",
        "Manufacturing": DUPLICATE, "Makes things, but": OPPOSITE, "Pricing page": DEAD, "Webinar": DEAD,
    }  # fmt: skip
    assert names[found["VP again"].other or 0] == "VP"
    assert (found["VP again"].matched, found["VP again"].share) == (10, 1.0)


def test_the_loss_is_measured(simplifier: Simplifier) -> None:
    names = [rule.name for rule in simplifier.definition.criteria]
    loss = simplifier.losses([names.index("VP"), names.index("VP again")])[-1]
    assert loss.auc == pytest.approx(0.5)
    assert loss.labels == 10
    assert simplifier.losses([names.index("Astronaut")]) == [type(loss)(0, pytest.approx(0.0))]


def test_keeping_few_takes_the_least_painful(simplifier: Simplifier) -> None:
    removed = simplifier.order(3)
    kept = [rule.name for i, rule in enumerate(simplifier.definition.criteria) if i not in removed]
    assert len(kept) == 3
    assert {"VP", "Student"} <= set(kept)  # the one decides, the other disqualifies
    assert simplifier.losses(removed)[-1].auc == pytest.approx(0.0)


def test_groups_at_their_cap(simplifier: Simplifier) -> None:
    ceilings = {simplifier.definition.groups[one.place].name: one for one in simplifier.ceilings()}
    assert (ceilings["Company"].n, ceilings["Company"].capped) == (20, 0)
    rules = tuple(rule for rule in simplifier.definition.criteria if rule.points > 0)
    tighter = replace(simplifier.definition, criteria=rules)
    above = Simplifier(tighter, np.full((4, len(rules)), 16), np.zeros(4, bool)).ceilings()
    assert all(one.always for one in above)
