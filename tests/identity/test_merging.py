"""Merging two leads and taking it back, as the people and programs around them see it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads import ingest
from leads.enums import HandoffState, ImportPolicy, Role, SourceKind, Stage
from leads.identity import CannotMerge, belongings, current_id, merge, unmerge
from leads.ingest.records import EventRecord, LeadRecord
from leads.models import Change, Deal, Event, Handoff, Lead, LeadIdentity, Merge, Source, Standing
from leads.selling import handoffs
from scoring.models import Entry
from tests.sales import hand_off, make_lead, make_team, make_user, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(team: Any) -> Source:
    return Source.objects.named(team, "Website", SourceKind.API)


def event(source: Source, **who: Any) -> Event:
    outcome = ingest.record_events(source, [EventRecord("page_viewed", **who)])[0]
    return Event.objects.get(pk=outcome.pk)


def pair(team: Any) -> tuple[Lead, Lead]:
    """The survivor and the other."""
    kept = make_lead(team, email="ana@x.example", phone="+4989123456", title="", fields={"seats": 3})
    gone = make_lead(team, email="ana.ruiz@x.example", title="Head of Sales", fields={"seats": 9, "plan": "pro"})
    return kept, gone


def everything() -> dict[str, Any]:
    """All that a merge touches, for comparing before and after."""

    def rows(query: Any, *without: str) -> list[Any]:
        return [{k: v for k, v in row.items() if k not in without} for row in query.order_by("pk").values()]

    return {
        "leads": rows(Lead.with_merged.all(), "search"),
        "standings": rows(Standing.objects.all(), "facts_rev", "due_cause"),
        "events": rows(Event.objects.all()),
        "identities": rows(LeadIdentity.objects.all()),
        "handoffs": rows(Handoff.objects.all()),
        "deals": rows(Deal.objects.all()),
        "entries": rows(Entry.objects.all()),
    }  # fmt: skip


def full_world(team: Any, source: Source) -> tuple[Lead, Lead]:
    """Two leads with events, identities, a deal and an open handoff each."""
    kept, gone = pair(team)
    for number, lead in enumerate((kept, gone)):
        event(source, lead=lead.pk, message_id=f"m{number}")
        event(source, user_id=f"u{number}", email=lead.email, message_id=f"n{number}")
        Deal.objects.create(team=team, lead=lead, source=source, external_id=f"d{number}", name="Deal")
        handoffs.open_handoffs([score(lead).pk])
    return kept, gone


def test_the_survivor_has_everything_and_the_other_is_nowhere(team: Any, source: Source) -> None:
    kept, gone = full_world(team, source)
    merge(kept, gone, by=None)
    kept.refresh_from_db()
    assert (kept.email, kept.phone, kept.title) == ("ana@x.example", "+4989123456", "Head of Sales")
    assert kept.fields == {"seats": 3, "plan": "pro"}
    assert list(Lead.objects.all()) == [kept]
    assert list(Standing.objects.values_list("lead", flat=True)) == [kept.pk]
    counts = [model.objects.filter(lead=kept).count() for model in (Event, LeadIdentity, Deal, Handoff)]
    assert counts == [4, 2, 2, 2]
    assert Handoff.objects.open().count() == 1
    assert current_id(gone.pk) == kept.pk


@pytest.mark.parametrize(
    ("mine", "theirs", "then"),
    [
        (("google", "Spring"), ("letter", "May"), ("google", "Spring")),
        (("google", ""), ("letter", "May"), ("google", "")),
        (("google", ""), ("google", "May"), ("google", "May")),
        (("", ""), ("letter", "May"), ("letter", "May")),
    ],
)
def test_a_campaign_stays_with_its_source(team: Any, mine: Any, theirs: Any, then: Any) -> None:
    kept, gone = (make_lead(team, source=source, campaign=campaign) for source, campaign in (mine, theirs))
    merge(kept, gone, by=None)
    kept.refresh_from_db()
    assert (kept.source, kept.campaign) == then


def test_undoing_brings_everything_back(team: Any, source: Source) -> None:
    kept, gone = full_world(team, source)
    before = everything()
    done = merge(kept, gone, by=None)
    assert everything() != before
    unmerge(done, by=None)
    assert everything() == before


def test_what_came_later_goes_to_the_lead_by_whose_identity_it_came(team: Any, source: Source) -> None:
    kept, gone = full_world(team, source)
    done = merge(kept, gone, by=None)
    by_gone = [
        event(source, email=gone.email), event(source, user_id="u1"), event(source, lead=gone.pk),
        event(source, user_id="u1", anonymous_id="browser"),
        event(source, anonymous_id="browser"),
    ]  # fmt: skip
    by_kept = [event(source, email=kept.email), event(source, user_id="u0"), event(source, lead=kept.pk)]
    assert {e.lead_id for e in by_gone + by_kept} == {kept.pk}
    unmerge(done, by=None)
    assert {Event.objects.get(pk=e.pk).lead_id for e in by_gone} == {gone.pk}
    assert {Event.objects.get(pk=e.pk).lead_id for e in by_kept} == {kept.pk}
    assert not Event.objects.filter(came_by__isnull=False).exists()


def test_chains_resolve_and_come_apart_in_any_order(team: Any, source: Source) -> None:
    for first_undone in (0, 1):
        a, b, c = (make_lead(team, email=f"{name}{first_undone}@x.example") for name in "abc")
        events = {lead.pk: event(source, lead=lead.pk) for lead in (a, b, c)}
        deal = Deal.objects.create(team=team, lead=a, source=source, external_id=f"x{first_undone}", name="Deal")
        merges = [merge(b, a, by=None), merge(c, b, by=None)]
        late = event(source, email=a.email)
        assert {current_id(lead.pk) for lead in (a, b, c)} == {c.pk}
        assert (late.lead_id, Deal.objects.get(pk=deal.pk).lead_id) == (c.pk, c.pk)
        unmerge(merges[first_undone], by=None)
        assert [current_id(lead.pk) for lead in (a, b, c)] == (
            [a.pk, c.pk, c.pk] if first_undone == 0 else [b.pk, b.pk, c.pk]
        )
        unmerge(merges[1 - first_undone], by=None)
        assert {pk: Event.objects.get(pk=e.pk).lead_id for pk, e in events.items()} == {pk: pk for pk in events}
        assert (Event.objects.get(pk=late.pk).lead_id, Deal.objects.get(pk=deal.pk).lead_id) == (a.pk, a.pk)


def test_what_cannot_be_merged(team: Any) -> None:
    kept, gone = pair(team)
    other_team = make_lead(make_team("APAC"))
    for one, two in ((kept, kept), (kept, other_team)):
        with pytest.raises(CannotMerge):
            merge(one, two, by=None)
    done = merge(kept, gone, by=None)
    for one, two in ((kept, gone), (gone, kept)):  # a second time, and a circle
        with pytest.raises(CannotMerge):
            merge(one, two, by=None)
    unmerge(done, by=None)
    with pytest.raises(CannotMerge):
        unmerge(done, by=None)


def test_of_two_open_handoffs_the_older_goes_on(team: Any) -> None:
    older, newer = hand_off(team), hand_off(team)
    rep = make_user("Rae", team)
    done = merge(newer.lead, older.lead, by=rep)
    older.refresh_from_db(), newer.refresh_from_db()
    assert (older.state, older.lead_id) == (HandoffState.OPEN, newer.lead_id)
    assert (newer.state, newer.decided_by) == (HandoffState.MERGED, rep)
    with pytest.raises(handoffs.AlreadyDecided, match="Already merged by Rae"):
        handoffs.accept(newer, by=rep)
    unmerge(done, by=rep)
    assert set(Handoff.objects.open()) == {older, newer}


def test_a_handoff_read_before_the_merge_is_accepted_on_the_survivor(team: Any) -> None:
    held, rep = hand_off(team), make_user("Rae", team)
    kept = make_lead(team)
    merge(kept, held.lead, by=None)
    handoffs.accept(held, by=rep)  # as the rep's page had it: with the lead that is gone
    kept.refresh_from_db()
    assert (kept.stage, kept.owner) == (Stage.ACCEPTED, rep)


def test_a_file_with_the_old_address_or_id_brings_the_survivor_up_to_date(team: Any, source: Source) -> None:
    kept, gone = pair(team)
    LeadIdentity.objects.create(source=source, lead=gone, kind=LeadIdentity.EXTERNAL, value="crm-1")
    merge(kept, gone, by=None)
    records = [
        LeadRecord({"email": gone.email, "city": "Bilbao"}),
        LeadRecord({"email": "new@x.example", "country": "ES"}, external_ids=("crm-1",)),
        LeadRecord({"website": "x.example"}, lead=gone.pk),
    ]
    outcomes = ingest.upsert_leads(source, records, policy=ImportPolicy.FILE_WINS)
    assert [outcome.lead for outcome in outcomes] == [kept.pk] * 3
    kept.refresh_from_db()
    assert (kept.city, kept.country, kept.website) == ("Bilbao", "ES", "x.example")
    assert Lead.objects.count() == 1


def test_values_changed_since_stay_when_it_is_undone(team: Any) -> None:
    kept, gone = pair(team)
    done = merge(kept, gone, by=None, take=["email"])
    assert Lead.objects.get().email == gone.email
    Lead.objects.filter(pk=kept.pk).update(title="Director")
    unmerge(done, by=None)
    assert set(Lead.objects.values_list("pk", "email", "title")) == {
        (kept.pk, "ana@x.example", "Director"), (gone.pk, "ana.ruiz@x.example", "Head of Sales")
    }  # fmt: skip


def test_the_merge_is_kept_as_a_change_of_both(team: Any) -> None:
    kept, gone = pair(team)
    rep = make_user("Rae", team)
    merge(kept, gone, by=rep)
    said = set(Change.objects.filter(origin="Merge").values_list("lead", "field", "by"))
    assert {(gone.pk, "merged_into_id", rep.pk), (kept.pk, "title", rep.pk)} <= said


def test_old_addresses_lead_on(team: Any, client: Client) -> None:
    kept, gone = pair(team)
    marketing = make_user("Mia", team, Role.MARKETING)
    stranger = make_user("Sam", make_team("APAC"), Role.MARKETING)
    merge(kept, gone, by=None)
    client.force_login(marketing)
    answer = client.get(f"/leads/{gone.pk}/?tab=1")
    assert (answer.status_code, answer["Location"]) == (302, f"/leads/{kept.pk}/?tab=1")
    answer = client.post(f"/leads/{gone.pk}/edit/")
    assert (answer.status_code, answer["Location"]) == (307, f"/leads/{kept.pk}/edit/")
    client.force_login(stranger)
    assert client.get(f"/leads/{gone.pk}/").status_code == 404


def test_no_event_lands_on_a_merged_lead_whoever_writes_it(team: Any, source: Source) -> None:
    from django.db import OperationalError, transaction

    kept, gone = pair(team)
    one = event(source, lead=kept.pk)
    merge(kept, gone, by=None)
    with pytest.raises(OperationalError, match="merged into another"), transaction.atomic():
        Event.objects.create(lead=gone, kind=one.kind, source=source, occurred_at=timezone.now(), message_id="late")
    assert Merge.objects.get().at > timezone.now() - timedelta(minutes=1)


def test_what_moves_with_a_lead_is_known() -> None:
    """A new model that refers to leads has to be put here, or to say `stays_when_merged`."""
    moving = {f"{model._meta.label}.{name}" for model, name in belongings.others()}
    assert moving == {
        "leads.Comment.lead",
        "leads.Deal.lead",
        "leads.Handoff.lead",
        "leads.Link.lead",
        "leads.NurtureMember.lead",
        "leads.PushAsk.lead",
        "leads.SyncConflict.lead",
        "leads.SyncEntry.lead",
        "leads.SyncProblem.lead",
        "scoring.Move.lead",
        "scoring.PreviewScore.lead",
    }
