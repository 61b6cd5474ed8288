"""A whole sync against every fake: nothing lost, nothing doubled, whatever goes wrong in between."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from leads.crm.control import push_leads, resync
from leads.crm.reconcile import reconcile, repair
from leads.crm.sync.runner import sweep_now, sync_now
from leads.enums import CrmKind, DealState, Stage
from leads.history import attributed
from leads.models import (
    Company,
    Connection,
    Cursor,
    Deal,
    Event,
    Lead,
    LeadIdentity,
    Link,
    SyncConflict,
    SyncEntry,
    SyncProblem,
    SyncRun,
)
from leads.selling.handoffs import open_handoffs
from tests.crm.worlds import World
from tests.sales import make_lead, make_user, score

OWNERS, COMPANIES, CONTACTS, DEALS = CrmKind.OWNERS, CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.DEALS


# What no connector has a part in is asked of one.
ONE = pytest.mark.parametrize("world", ["memory"], indirect=True)


def sync(world: World) -> SyncRun:
    """One run, whoever rested or died before; it must end well."""
    run = tried(world)
    assert run.ok, run.error
    return run


def tried(world: World) -> SyncRun:
    Connection.objects.filter(pk=world.connection.pk).update(lease_until=None)
    run = sync_now(world.connection)
    assert run is not None
    return run


def still(world: World) -> None:
    """Nothing more happens, on either side."""
    before = {key: dict(record.values) for key, record in world.crm.records.items()}
    entries, changes = SyncEntry.objects.count(), world.crm.counted("push")
    for _ in range(2):
        sync(world)
    assert (SyncEntry.objects.count(), world.crm.counted("push")) == (entries, changes)
    assert {key: dict(record.values) for key, record in world.crm.records.items()} == before


def people(world: World, count: int, **values: Any) -> list[str]:
    said = {"last_name": "Ruiz"} | values  # some know full names only
    return [
        world.crm.add(CONTACTS, **({"email": f"a{n}@example.com", "first_name": f"Ana{n}"} | said))
        for n in range(count)
    ]


def pushed_score(world: World, id: str) -> Any:
    return world.crm.records[CONTACTS, id].values.get(world.connector.name_of("score"))


# From the CRM


def test_people_companies_and_deals_come_here(world: World) -> None:
    rep = make_user("Rita", world.connection.team)
    owner = world.crm.add(OWNERS, email=rep.email, name="Rita")
    company = world.crm.add(COMPANIES, name="Northwind", domain="northwind.example")
    ana = {"email": "ana@northwind.example", "first_name": "Ana", "last_name": "Ruiz", "title": "VP Sales"}
    contact = world.crm.add(CONTACTS, **ana, owner=owner, links={COMPANIES: [company]})
    world.crm.add(DEALS, name="500 seats", stage="won", pipeline="sales", amount="1200.50",
                  links={CONTACTS: [contact], COMPANIES: [company]})  # fmt: skip
    sync(world)
    lead = Lead.objects.get()
    assert (lead.email, lead.first_name, lead.last_name, lead.title) == (
        "ana@northwind.example",
        "Ana",
        "Ruiz",
        "VP Sales",
    )
    assert (lead.owner, lead.company.name, lead.source) == (rep, "Northwind", world.connection.source.name)
    deal = Deal.objects.get()
    assert (deal.lead, deal.company, deal.state, str(deal.amount)) == (lead, lead.company, DealState.WON, "1200.50")
    assert (lead.stage, Company.objects.count()) == (Stage.CUSTOMER, 1)
    still(world)


@ONE
def test_a_changed_company_keeps_its_row_also_under_a_new_domain(world: World) -> None:
    company = world.crm.add(COMPANIES, name="Northwind", domain="northwind.example")
    sync(world)
    world.crm.edit(COMPANIES, company, name="Southwind", domain="southwind.example")
    sync(world)
    assert list(Company.objects.values_list("name", "domain")) == [("Southwind", "southwind.example")]


@ONE
def test_who_is_here_already_is_linked_by_address(world: World) -> None:
    lead = make_lead(world.connection.team, email="a0@example.com", first_name="", last_name="")
    [id] = people(world, 1)
    sync(world)
    assert Link.objects.get(kind=CONTACTS).lead == lead
    lead.refresh_from_db()
    assert lead.first_name == "Ana0"
    assert LeadIdentity.objects.get(lead=lead).value == f"contacts:{id}"


@ONE
def test_a_deal_is_known_from_when_we_learned_it(world: World) -> None:
    """What was closed before we came, the company knew when it was closed; the rest becomes known by the sync."""
    long_ago = datetime.now(UTC) - timedelta(days=400)
    [contact] = people(world, 1)
    links = {CONTACTS: [contact]}
    world.crm.add(DEALS, at=long_ago, name="Old", stage="won", pipeline="sales", closed_at=long_ago, links=links)
    new = world.crm.add(DEALS, name="New", stage="offer", pipeline="sales", links=links)
    sync(world)
    before = timezone.now()
    world.crm.edit(DEALS, new, stage="lost")
    sync(world)
    old, lost = Deal.objects.order_by("name").reverse()
    assert abs(old.known_at - long_ago) <= timedelta(days=1)  # some say the day only
    assert (lost.state, lost.known_at >= before, lost.closed_at is not None) == (DealState.LOST, True, True)


def test_activities_become_events_once(world: World) -> None:
    if CrmKind.ACTIVITIES not in world.connector.kinds:
        pytest.skip("This CRM has no activities.")
    contacts = people(world, 2)
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    world.crm.act("call_held", at, subject="Hello", links={CONTACTS: contacts})
    sync(world)
    resync(world.connection)
    sync(world)
    events = Event.objects.values_list("kind__slug", "properties__subject", "occurred_at")
    assert list(events) == [("call_held", "Hello", at)] * 2


# Nothing lost


def test_rows_that_become_visible_late_are_not_lost(world: World) -> None:
    people(world, 3)
    sync(world)
    late = datetime.now(UTC) - world.connector.overlap + timedelta(minutes=1)
    world.crm.add(CONTACTS, at=late, email="late@example.com")
    sync(world)
    assert Lead.objects.filter(email="late@example.com").count() == 1


@ONE
def test_without_the_overlap_they_would_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    people(world, 3)
    sync(world)
    monkeypatch.setattr(type(world.connector), "overlap", timedelta(0))
    world.crm.add(CONTACTS, at=datetime.now(UTC) - timedelta(minutes=5), email="late@example.com")
    sync(world)
    assert not Lead.objects.filter(email="late@example.com").exists()


@pytest.mark.parametrize(("fault", "page"), [("busy", 0), ("away", 1), ("cut", 2), ("expired", 0), ("lost", 1)])
def test_broken_off_at_any_page_nothing_is_lost_or_doubled(world: World, fault: str, page: int,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    count = world.crm.page * 2 + 10
    people(world, count)
    world.crm.fail(fault, skip=page + 2, times=1)  # owners and companies come first
    first = tried(world)
    second = tried(world)
    assert second.ok, second.error
    assert Lead.objects.count() == count
    assert Link.objects.filter(kind=CONTACTS).count() == count
    assert SyncEntry.objects.filter(what="made_here").count() == count
    assert [fault.times for fault in world.crm.faults] == [0]  # it was met
    assert first.ok is False or fault == "expired"  # a key that is renewed at once breaks nothing off


@ONE
def test_killed_after_a_page_it_goes_on_behind_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    count = world.crm.page * 2 + 10
    ids = people(world, count)
    calls = Counter[str]()

    def kill(operation: str) -> None:
        calls[operation] += 1
        if calls["pull:contacts"] == 2 and operation == "pull:contacts":
            world.crm.on_call = None
            monkeypatch.setattr("leads.crm.sync.pulling._store_page", stop)

    from leads.crm.sync import pulling

    store = pulling._store_page

    def stop(*args: Any) -> Any:
        monkeypatch.setattr("leads.crm.sync.pulling._store_page", store)
        store(*args)
        raise Killed

    world.crm.on_call = kill
    with pytest.raises(Killed):
        tried(world)
    assert Lead.objects.count() == world.crm.page * 2
    world.crm.calls.clear()
    sync(world)
    assert [call for call in world.crm.calls if call == "pull:contacts"] == ["pull:contacts"]
    assert (Lead.objects.count(), Link.objects.filter(kind=CONTACTS).count()) == (count, len(ids))


def test_rows_that_change_while_they_are_paged_come_in_the_next_run(world: World) -> None:
    ids = people(world, world.crm.page + 5)

    def change(operation: str) -> None:
        if operation == "pull:contacts":
            world.crm.on_call = None
            world.crm.edit(CONTACTS, ids[-1], first_name="Changed")

    world.crm.on_call = change
    sync(world)
    sync(world)
    assert Lead.objects.count() == len(ids)
    assert Lead.objects.filter(first_name="Changed").count() == 1


@ONE
def test_a_row_that_cannot_be_taken_costs_the_others_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people(world, 20)
    from leads.crm.sync import people as taking

    upsert = taking.upsert_leads

    def poisoned(source: Any, records: Any, **more: Any) -> Any:
        if any(record.values.get("email") == "a7@example.com" for record in records):
            raise ValueError("a value that nobody can store")
        return upsert(source, records, **more)

    monkeypatch.setattr(taking, "upsert_leads", poisoned)
    assert sync(world).ok
    assert Lead.objects.count() == 19
    problem = SyncProblem.objects.get()
    assert (problem.way, problem.kind, "nobody can store" in problem.message) == ("in", CONTACTS, True)
    monkeypatch.setattr(taking, "upsert_leads", upsert)
    SyncProblem.objects.update(retry_at=timezone.now())
    sync(world)
    assert (Lead.objects.count(), SyncProblem.objects.count()) == (20, 0)


# To the CRM


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


def test_a_hundred_edits_on_each_side_and_then_silence(world: World) -> None:
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


def test_one_refused_row_costs_the_others_nothing_and_is_told_in_their_words(world: World) -> None:
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


def test_an_answer_that_is_lost_after_they_had_done_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    people(world, 10)
    sync(world)
    sync(world)
    for lead in Lead.objects.all():
        score(lead)
    new = score(make_lead(world.connection.team, email="new@example.com"))
    open_handoffs([new.pk])
    world.crm.fail("lost", "push", times=2)
    for _ in range(3):
        tried(world)
    sync(world)
    assert len(world.crm.living(CONTACTS)) == 11
    assert Link.objects.filter(kind=CONTACTS).count() == 11
    assert SyncConflict.objects.count() == 0
    still(world)


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


# Conflicts


@ONE
@pytest.mark.parametrize(
    ("wins", "later", "stays"),
    [
        ("ours", "theirs", "Ours"),
        ("theirs", "ours", "Theirs"),
        ("latest", "theirs", "Theirs"),
        ("latest", "ours", "Ours"),
    ],
)  # fmt: skip
def test_both_sides_changed_a_field(world: World, wins: str, later: str, stays: str) -> None:
    [id] = people(world, 1, title="Before")
    sync(world)
    sync(world)
    world.connection.field_maps.filter(ours="title").update(wins=wins)
    ahead = timedelta(seconds=5 if later == "theirs" else -5)
    world.crm.edit(CONTACTS, id, at=datetime.now(UTC) + ahead, title="Theirs")
    with attributed(origin="test"):
        Lead.objects.update(title="Ours")
    Cursor.objects.update(at=timezone.now() - timedelta(minutes=1))
    world.crm.behind = timedelta(seconds=10)
    monkey = datetime.now(UTC) + timedelta(seconds=10)
    Cursor.objects.filter(kind=CONTACTS).update(until=monkey)
    sync(world)
    conflict = SyncConflict.objects.get()
    loser = "Theirs" if stays == "Ours" else "Ours"
    assert (conflict.winner, conflict.loser_value, bool(conflict.rule)) == (stays.lower(), loser, True)
    assert Lead.objects.get().title == stays
    assert world.crm.get(CONTACTS, id)["title"] == stays
    still(world)


@ONE
def test_both_sides_changed_a_field_to_the_same(world: World) -> None:
    [id] = people(world, 1, title="Before")
    sync(world)
    sync(world)
    pushes = world.crm.counted("push")
    world.crm.edit(CONTACTS, id, title="Same")
    with attributed(origin="test"):
        Lead.objects.update(title="Same")
    sync(world)
    assert (SyncConflict.objects.count(), world.crm.counted("push")) == (0, pushes)
    still(world)


def test_a_score_that_was_changed_there_is_put_right(world: World) -> None:
    [id] = people(world, 1)
    sync(world)
    score(Lead.objects.get())
    sync(world)
    name = world.connector.name_of("score")
    world.crm.edit(CONTACTS, id, **{name: "99"})
    sync(world)
    assert float(pushed_score(world, id)) == 30
    assert (SyncConflict.objects.get().field, SyncConflict.objects.get().loser_value) == ("score", "99")
    still(world)


# Deleted and merged


def test_what_was_deleted_there_is_found_by_the_sweep(world: World) -> None:
    ids = people(world, 3)
    deal = world.crm.add(DEALS, name="Gone", stage="offer", pipeline="sales", links={CONTACTS: [ids[0]]})
    sync(world)
    world.crm.delete(CONTACTS, ids[1])
    world.crm.delete(DEALS, deal)
    run = sweep_now(world.connection)
    assert run and run.ok
    assert list(Link.objects.exclude(gone_at=None).order_by("kind").values_list("external_id", flat=True)) == [
        ids[1],
        deal,
    ]
    assert (Lead.objects.count(), Deal.objects.count()) == (3, 0)
    assert {entry.kind for entry in SyncEntry.objects.filter(what="gone")} == {"contacts", "deals"}
    still(world)
    assert len(world.crm.living(CONTACTS)) == 2  # what was deleted there is not made again


def test_the_sweep_brings_what_no_cursor_met(world: World) -> None:
    people(world, 3)
    sync(world)
    world.crm.add(CONTACTS, at=datetime.now(UTC) - timedelta(days=30), email="silent@example.com")
    sync(world)
    assert not Lead.objects.filter(email="silent@example.com").exists()
    sweep_now(world.connection)
    assert Lead.objects.filter(email="silent@example.com").exists()


def test_records_merged_there_are_one_lead_here(world: World) -> None:
    if not world.crm.tells_merges:
        pytest.skip("This CRM does not tell what was merged: the sweep finds one record less.")
    kept, other = people(world, 2)
    sync(world)
    sync(world)
    world.crm.merge(CONTACTS, kept, other)
    sync(world)
    lead = Lead.objects.get()
    assert (lead.email, Lead.with_merged.count()) == ("a0@example.com", 2)
    link = Link.objects.get(external_id=other)
    assert (link.became, link.gone_at is None) == (kept, False)
    still(world)


@ONE
@pytest.mark.parametrize("known", [True, False])
def test_deals_merged_there_count_once(world: World, known: bool) -> None:
    """Also where what they became has an id that is new to us."""
    contact = people(world, 1)[0]
    said = {"name": "Deal", "stage": "won", "pipeline": "sales", "amount": "100", "links": {CONTACTS: [contact]}}
    first, other = world.crm.add(DEALS, **said), world.crm.add(DEALS, **said)
    sync(world)
    kept = first if known else world.crm.add(DEALS, **said)
    for gone in {first, other} - {kept}:
        world.crm.merge(DEALS, kept, gone)
    sync(world)
    assert [deal.external_id for deal in Deal.objects.all()] == [kept]
    still(world)


@ONE
@pytest.mark.parametrize("how", ["restored", "merged"])
def test_a_lead_that_was_erased_here_stays_so_under_whatever_id(world: World, how: str) -> None:
    [id] = people(world, 1)
    sync(world)
    Lead.objects.all().delete()
    if how == "restored":
        world.crm.delete(CONTACTS, id)
        assert sweep_now(world.connection)
        world.crm.records[CONTACTS, id].archived = False
        world.crm.edit(CONTACTS, id, first_name="Again")
    else:
        new = world.crm.add(CONTACTS, email="a0@example.com", first_name="Again")
        world.crm.merge(CONTACTS, new, id)
    for _ in range(2):
        sync(world)
        world.crm.edit(CONTACTS, id if how == "restored" else new, title="VP")
    sync(world)
    assert Lead.objects.count() == 0


@ONE
def test_a_lead_that_was_erased_here_does_not_come_back(world: World) -> None:
    [id] = people(world, 1)
    sync(world)
    Lead.objects.all().delete()
    world.crm.edit(CONTACTS, id, first_name="Again")
    resync(world.connection)
    sync(world)
    assert Lead.objects.count() == 0


# Outages


@ONE
def test_one_that_fails_rests_longer_each_time_and_then_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    make_user("Adam", world.connection.team, "admin")
    people(world, 3)
    world.crm.fail("away", times=4)
    rests = []
    for _ in range(4):
        assert tried(world).ok is False
        world.connection.refresh_from_db()
        rests.append((world.connection.due_at - timezone.now()).total_seconds())
    assert rests == sorted(rests)
    assert (world.connection.failures, bool(world.connection.error), world.connection.needs_person) == (4, True, False)
    assert [notice.kind for notice in world.connection.team.memberships.get().user.notices.all()] == ["connection"]
    sync(world)
    world.connection.refresh_from_db()
    assert (Lead.objects.count(), world.connection.failures, world.connection.error) == (3, 0, "")


@ONE
def test_a_key_that_is_no_good_needs_a_person(world: World) -> None:
    make_user("Adam", world.connection.team, "admin")
    world.crm.fail("denied", times=10)
    assert tried(world).ok is False
    world.connection.refresh_from_db()
    assert world.connection.needs_person


# Reconcile


@ONE
def test_what_is_missing_and_why(world: World, capsys: pytest.CaptureFixture) -> None:
    team = world.connection.team
    sync(world)
    good, refused, nameless, gone = (
        score(make_lead(team, email=email)) for email in ("good@example.com", "bad@example.com", "", "gone@example.com")
    )
    world.crm.refused["bad@example.com"] = "Property values were not valid"
    open_handoffs([good.pk, refused.pk, nameless.pk, gone.pk])
    sync(world)
    world.crm.delete(CONTACTS, Link.objects.get(lead=gone).external_id)
    sweep_now(world.connection)
    report = reconcile(world.connection)
    assert (report.handed_off, report.in_crm, report.missing, report.holds) == (4, 1, 3, False)
    assert {reason.why: reason.leads for reason in report.reasons} == {
        "refused": [refused.pk], "no_email": [nameless.pk], "deleted": [gone.pk],
    }  # fmt: skip
    assert "not valid" in next(reason for reason in report.reasons if reason.why == "refused").said[0]
    world.crm.refused.clear()
    assert sum(repair(world.connection, why) for why in ("refused", "deleted")) == 2
    sync(world)
    report = reconcile(world.connection)
    assert (report.in_crm, report.missing) == (3, 1)


@ONE
def test_commands_print_one_json_object(world: World, capsys: pytest.CaptureFixture) -> None:
    people(world, 3)
    call_command("sync", world.connection.slug, "--json")
    result = json.loads(capsys.readouterr().out)
    assert (result["ok"], result["counts"]["contacts"]["created"], result["problems"]) == (True, 3, 0)
    call_command("sync_reconcile", world.connection.slug, "--json")
    assert json.loads(capsys.readouterr().out)["holds"] is True


@ONE
def test_edited_here_and_deleted_there(world: World) -> None:
    """The push finds that it is gone; the lead keeps its value, and nothing is made anew."""
    [id] = people(world, 1)
    sync(world)
    sync(world)
    world.crm.delete(CONTACTS, id)
    with attributed(origin="test"):
        Lead.objects.update(last_name="Ours")
    sync(world)
    assert (Link.objects.get(kind=CONTACTS).gone_at is None, Lead.objects.get().last_name) == (False, "Ours")
    still(world)
    assert world.crm.living(CONTACTS) == []


@ONE
def test_emptied_there_says_nothing(world: World) -> None:
    [id] = people(world, 1, last_name="Ruiz")
    sync(world)
    world.crm.edit(CONTACTS, id, last_name="")
    sync(world)
    assert Lead.objects.get().last_name == "Ruiz"
    still(world)
    assert world.crm.get(CONTACTS, id)["last_name"] == ""


@ONE
@pytest.mark.parametrize("wins", ["ours", "theirs", "latest"])
@pytest.mark.parametrize("changed", ["here", "there", "nowhere"])
def test_one_side_changed_a_field_and_no_rule_is_asked(world: World, changed: str, wins: str) -> None:
    [id] = people(world, 1, last_name="Before")
    sync(world)
    sync(world)
    world.connection.field_maps.update(wins=wins)
    if changed == "there":
        world.crm.edit(CONTACTS, id, last_name="New")
    if changed == "here":
        with attributed(origin="test"):
            Lead.objects.update(last_name="New")
    sync(world)
    both = "Before" if changed == "nowhere" else "New"
    assert (Lead.objects.get().last_name, world.crm.get(CONTACTS, id)["last_name"]) == (both, both)
    assert SyncConflict.objects.count() == 0
    still(world)
