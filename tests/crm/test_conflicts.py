"""Whose value stays where both sides changed a field."""

from datetime import timedelta

from django.utils import timezone

from leads.crm.history import labelled
from leads.crm.setup.fields import replace_pairs
from leads.history import attributed
from leads.models import (
    Change,
    Company,
    Lead,
    SyncConflict,
)
from tests.crm.steps import CONTACTS, ONE, people, pushed_score, still, sync
from tests.crm.worlds import World
from tests.sales import score

# {what changed: the value that stays, by the rule ours, theirs, latest}
STAYS = {
    "nowhere": ("Before", "Before", "Before"),
    "here": ("Ours", "Ours", "Ours"),
    "there": ("Theirs", "Theirs", "Theirs"),
    "on both sides, later there": ("Ours", "Theirs", "Theirs"),
    "on both sides, later here": ("Ours", "Theirs", "Ours"),
    "to the same": ("Same", "Same", "Same"),
}


def test_every_rule_and_every_change(world: World) -> None:
    """Both sides hold what the rule says; a conflict is noted where both changed it, with the value that lost."""
    ids = {changed: people(world, 1, email=f"{n}@example.com", title="Before")[0] for n, changed in enumerate(STAYS)}
    leads = {changed: f"{n}@example.com" for n, changed in enumerate(STAYS)}
    for wins, rule in enumerate(("ours", "theirs", "latest")):
        Lead.objects.all().update(title="Before")
        for id in ids.values():
            world.crm.edit(CONTACTS, id, title="Before")
        sync(world)
        sync(world)
        SyncConflict.objects.all().delete()
        world.connection.field_maps.filter(ours="title").update(wins=rule)
        for changed in STAYS:
            change(world, changed, ids[changed], leads[changed])
        sync(world)
        sync(world)
        must = {changed: stays[wins] for changed, stays in STAYS.items()}
        assert {changed: Lead.objects.get(email=leads[changed]).title for changed in STAYS} == must
        assert {changed: world.crm.get(CONTACTS, id)["title"] for changed, id in ids.items()} == must
        lost = {conflict.lead.email: conflict for conflict in SyncConflict.objects.select_related("lead")}
        assert {changed for changed in STAYS if leads[changed] in lost} == {name for name in STAYS if "both" in name}
        for changed, email in leads.items():
            if email in lost:
                both = {"Ours", "Theirs"}
                assert {must[changed], value_lost(lost[email])} == both, (rule, changed)
                assert lost[email].winner == must[changed].lower() and lost[email].rule
    still(world)


@ONE
def test_a_field_that_is_mapped_later_meets_for_the_first_time(world: World) -> None:
    """What nobody said, the name of a company known by an address, gives way; what somebody said is a conflict."""
    ids = [*people(world, 1, email="a@northwind.example"), *people(world, 1, email="b@fabrikam.example")]
    sync(world)
    named = Lead.objects.get(email="b@fabrikam.example").company
    assert named and named.name == "fabrikam.example"
    Company.objects.filter(pk=named.pk).update(name="Fabrikam by us")
    pair = {"theirs": "company", "ours": "company.name", "flow": "pull", "wins": "theirs"}
    kept = list(world.connection.field_maps.filter(kind=CONTACTS).values("theirs", "ours", "flow", "wins"))
    replace_pairs(world.connection, CONTACTS, [*kept, pair])
    for id, name in zip(ids, ("Northwind Ltd", "Fabrikam Inc"), strict=True):
        world.crm.edit(CONTACTS, id, company=name)
    sync(world)
    assert Lead.objects.get(email="a@northwind.example").company.name == "Northwind Ltd"
    [conflict] = labelled(SyncConflict.objects.all())
    assert (conflict.ours, conflict.theirs, conflict.label) == ("Fabrikam by us", "Fabrikam Inc", "Company")
    assert conflict.rule == "First met: both had a value. It only comes from the CRM."


def change(world: World, changed: str, id: str, email: str) -> None:
    same = changed == "to the same"
    if changed not in ("nowhere", "here"):
        world.crm.edit(CONTACTS, id, title="Same" if same else "Theirs")
    if changed not in ("nowhere", "there"):
        with attributed(origin="test"):
            Lead.objects.filter(email=email).update(title="Same" if same else "Ours")
    if "later" in changed:  # what was changed here was changed before, or after
        at = timezone.now() + timedelta(seconds=30 if changed.endswith("later here") else -30)
        Change.objects.filter(lead__email=email, field="title", new="Ours").update(learned_at=at)


def test_a_score_that_was_changed_there_is_put_right(world: World) -> None:
    [id] = people(world, 1)
    sync(world)
    score(Lead.objects.get())
    sync(world)
    name = world.connector.name_of("score")
    world.crm.edit(CONTACTS, id, **{name: "99"})
    sync(world)
    assert float(pushed_score(world, id)) == 30
    conflict = SyncConflict.objects.get()
    assert (conflict.field, value_lost(conflict)) == ("score", "99")
    still(world)


def value_lost(conflict: SyncConflict) -> object:
    return conflict.theirs if conflict.winner == "ours" else conflict.ours
