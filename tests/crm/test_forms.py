"""A CRM that keeps our words in a form of its own: they are ours still, and are not written again and again."""

from typing import Any

import pytest

from leads.crm.values import alike
from leads.models import Lead, SyncConflict
from tests.crm.steps import CONTACTS, ONE, people, pushed_score, still, sync
from tests.crm.worlds import World
from tests.sales import score


@pytest.mark.parametrize(
    ("word", "held", "same"),
    [
        ("Hot", "hot", True),
        ("hot", " HOT ", True),
        ("77.46", "77.5", True),
        ("77", "78", False),
        ("77", "77.0", True),
        ("hot", "warm", False),
        ("Asked for pricing +18; VP or C-level +15", "Asked for pricing +18; VP", True),
        ("Asked for pricing +18", "Asked", False),
        ("hot", "", False),
        ("NaN", "7", False),
    ],
)
def test_forms_of_a_word(word: str, held: str, same: bool) -> None:
    assert alike(word, held) == same


def _trimmed(name: str, value: Any) -> Any:
    return value.upper()[:25] if isinstance(value, str) and name.lower().startswith(("leadscore_", "x_lead")) else value


def _picked(name: str, value: Any) -> Any:
    return {"hot": "One of the best", "warm": "In the middle"}.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("world", ["memory", "hubspot"], indirect=True)
@pytest.mark.parametrize(("rewrites", "conflicts"), [(_trimmed, 0), (_picked, 1)])
def test_they_are_not_written_again(world: World, rewrites: Any, conflicts: int) -> None:
    """What is no like of our word is put right once; what then comes back at once is the CRM's form of it."""
    world.crm.rewrites = rewrites
    [id] = people(world, 1)
    sync(world)
    score(Lead.objects.get())
    for _ in range(3):
        sync(world)
    assert SyncConflict.objects.count() == conflicts
    still(world)
    score(Lead.objects.get(), label="warm", points=(9, 9, 9))
    sync(world)
    sync(world)
    assert (str(pushed_score(world, id)), SyncConflict.objects.count()) == ("27", conflicts)
    still(world)


@ONE
def test_what_somebody_writes_over_it_is_put_right_also_then(world: World) -> None:
    world.crm.rewrites = _picked
    [id] = people(world, 1)
    sync(world)
    score(Lead.objects.get())
    for _ in range(3):
        sync(world)
    world.crm.edit(CONTACTS, id, leadscore_label="mine")
    sync(world)
    assert world.crm.get(CONTACTS, id)["leadscore_label"] == "One of the best"
    still(world)
