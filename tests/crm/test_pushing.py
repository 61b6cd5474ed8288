"""What goes to a CRM: only what changed, once, and it never comes back as news."""

from collections import Counter

import pytest

from leads.crm.control import again, push_leads
from leads.crm.setup.fields import replace_pairs
from leads.history import attributed
from leads.identity.merging import merge
from leads.models import (
    Lead,
    Link,
    SyncConflict,
    SyncEntry,
    SyncProblem,
)
from leads.selling.handoffs import accept, open_handoffs
from tests.crm.steps import CONTACTS, ONE, OWNERS, people, pushed_score, still, sync
from tests.crm.worlds import World
from tests.sales import make_lead, make_user, score


def test_only_what_changed_is_pushed_and_a_second_run_pushes_nothing(world: World) -> None:
    ids = people(world, 5)
    sync(world)
    sync(world)
    world.crm.calls.clear()
    lead = Lead.objects.get(email="a2@example.com")
    score(lead)
    sync(world)
    assert world.crm.counted("push") == 1
    assert float(pushed_score(world, ids[2])) == 30
    still(world)


def test_a_hundred_edits_on_each_side_and_then_silence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.connector), "page", 100)
    ids = people(world, 200)
    sync(world)
    sync(world)
    leads = {lead.email: lead for lead in Lead.objects.all()}
    entries = SyncEntry.objects.count()
    for n in range(100):
        world.crm.edit(CONTACTS, ids[n], title="Theirs")
    with attributed(origin="test"):
        Lead.objects.filter(pk__in=[leads[f"a{n}@example.com"].pk for n in range(100, 200)]).update(title="Ours")
    sync(world)
    made = Counter(SyncEntry.objects.order_by("pk")[entries:].values_list("what", flat=True))
    assert made == {"pulled": 100, "pushed": 100}
    assert Counter(Lead.objects.values_list("title", flat=True)) == {"Theirs": 100, "Ours": 100}
    assert [world.crm.get(CONTACTS, id)["title"] for id in ids] == ["Theirs"] * 100 + ["Ours"] * 100
    still(world)


@ONE
def test_without_what_we_remember_of_them_our_own_push_would_come_back(world: World) -> None:
    """Negative control: a link that forgets what was written there takes it for news."""
    people(world, 1)
    sync(world)
    sync(world)
    with attributed(origin="test"):
        Lead.objects.update(title="Ours")
    before = dict(Link.objects.get(kind=CONTACTS).theirs)
    sync(world)
    Link.objects.filter(kind=CONTACTS).update(theirs=before, ours={})
    entries = SyncConflict.objects.count() + sync(world).counts[CONTACTS].get("unchanged", 0)
    assert entries == 1 and Link.objects.get(kind=CONTACTS).theirs != before


def test_one_refused_row_costs_the_others_nothing_and_is_told_in_their_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(world.connector), "page", 100)
    ids = people(world, 100)
    sync(world)
    sync(world)
    for lead in Lead.objects.all():
        score(lead)
    world.crm.refused[ids[42]] = "Property values were not valid"
    run = sync(world)
    assert (run.counts["push"]["updated"], run.counts["push"]["failed"]) == (99, 1)
    problem = SyncProblem.objects.get()
    assert (problem.lead.email, "not valid" in problem.message) == ("a42@example.com", True)
    pushes = world.crm.counted("push")
    sync(world)
    assert world.crm.counted("push") == pushes  # nobody asks again for what cannot work
    world.crm.refused.clear()
    push_leads([problem.lead_id])
    sync(world)
    assert SyncProblem.objects.count() == 0
    assert all(float(pushed_score(world, id)) == 30 for id in ids)


def test_a_lead_that_is_handed_off_is_made_there_once(world: World) -> None:
    lead = score(make_lead(world.connection.team, email="new@example.com", title="VP"))
    other = make_lead(world.connection.team, email="other@example.com")
    open_handoffs([lead.pk])
    sync(world)
    [record] = world.crm.living(CONTACTS)
    names = world.connector
    held = world.crm.get(CONTACTS, record.id)
    assert (held["email"], held["title"]) == ("new@example.com", "VP")
    assert float(record.values[names.name_of("score")]) == 30
    assert record.values[names.name_of("handoff")] == "open"
    push_leads([other.pk])
    sync(world)
    assert len(world.crm.living(CONTACTS)) == 2
    still(world)


def test_who_is_there_already_is_linked_and_not_overwritten(world: World) -> None:
    """Somebody entered the same person there while we were about to make it."""
    sync(world)
    lead = score(make_lead(world.connection.team, email="new@example.com", title="Ours", first_name="", last_name=""))
    open_handoffs([lead.pk])

    def enter(operation: str) -> None:
        if operation.startswith("match"):
            world.crm.on_call = None
            world.crm.add(CONTACTS, email="new@example.com", first_name="Ana", last_name="Ruiz", title="Theirs")

    world.crm.on_call = enter
    sync(world)
    assert len(world.crm.living(CONTACTS)) == 1
    lead.refresh_from_db()
    assert lead.last_name == "Ruiz"
    assert SyncConflict.objects.get().field == "title"
    still(world)


def test_all_that_sales_needs_to_know_goes_there(world: World) -> None:
    """Under fields of ours, which are made there; the owner is their own field."""
    kim = make_user("Kim", world.connection.team)
    owner = world.crm.add(OWNERS, email=kim.email, name="Kim")
    [id] = people(world, 1)
    sync(world)
    accept(open_handoffs([score(Lead.objects.get()).pk])[0], by=kim)
    sync(world)
    name_of, record = world.connector.name_of, world.crm.get(CONTACTS, id)
    held = {key: str(record.get(name_of(key))) for key in ("score", "grade", "label", "reasons", "handoff")}
    reasons = "Asked for pricing +18; VP or C-level +15"
    assert held == {"score": "30", "grade": "A2", "label": "hot", "reasons": reasons, "handoff": "accepted"}
    assert str(record["owner"]) == owner
    still(world)


@ONE
def test_a_field_that_is_mapped_later_is_made_there(world: World) -> None:
    people(world, 1)
    sync(world)
    pairs = [{"theirs": "email", "ours": "email", "flow": "both", "wins": "theirs"}]
    world.crm.made_fields.clear()
    ours = {"theirs": "leadscore_rep", "ours": "rep", "flow": "push", "wins": "ours"}
    replace_pairs(world.connection, CONTACTS, [*pairs, ours])
    kim = make_user("Kim", world.connection.team)
    Lead.objects.update(owner=kim)
    sync(world)
    assert list(world.crm.made_fields[CONTACTS]) == ["leadscore_rep"]
    assert world.crm.living(CONTACTS)[0].values["leadscore_rep"] == "Kim"
    still(world)


@ONE
def test_of_two_records_of_a_lead_the_refused_one_is_told_of(world: World) -> None:
    """Two leads became one here: what the CRM says of one record is not solved by the other's going through."""
    ids = people(world, 2)
    sync(world)
    kept, other = Lead.objects.order_by("pk")
    merge(kept, other, by=None)
    score(kept)
    world.crm.refused[ids[1]] = "Contact already exists."
    sync(world)
    assert [problem.external_id for problem in SyncProblem.objects.all()] == [ids[1]]
    world.crm.refused.clear()
    again(SyncProblem.objects.all())
    sync(world)
    assert not SyncProblem.objects.exists()
    still(world)
