"""An import is taken back: what it made and changed, but nothing that somebody touched since."""

import pytest
from django.urls import reverse

from leads.enums import DealState, ImportPolicy, ImportState, Role, Stage
from leads.ingest import job as jobs
from leads.ingest import record_events, undo
from leads.ingest.records import EventRecord
from leads.models import Change, Company, Deal, Event, Import, ImportKept, Lead, LeadIdentity, Source
from leads.selling.handoffs import open_handoffs
from tests.leads.importing import bring, run, take_over
from tests.sales import make_team, make_user, score

pytestmark = pytest.mark.django_db
WINS = {"policy": ImportPolicy.FILE_WINS}


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def wins(content, **options):
    return run(take_over(content, **options), **WINS)


def take_back(job, by=None) -> Import:
    assert undo.ask(job, by=by)
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.undone_at is not None) == (ImportState.UNDONE, True)
    return job


def kept(job) -> list[tuple[str, str, str, str]]:
    return list(job.kept.values_list("what", "name", "field", "why"))


def everything():
    rows = {model: list(model.objects.order_by("pk").values()) for model in (Lead, Company, Deal, Event, LeadIdentity)}
    for row in rows[Deal]:
        row.pop("known_at")
    return rows


CALL = "Activity ID,Activity type,Activity date,Email\na1,Call,2026-03-01,ana@northwind.example\n"
LEADS = "Contact ID,Email,First name,City,Company name,Seats\n"


def test_everything_is_as_before():
    bring(LEADS + "c1,ana@northwind.example,Ana,Bilbao,Northwind,5\nc2,bo@tarn.example,Bo,,Tarn,7\n")
    before = everything()
    job = wins(
        LEADS + "c1,ana@northwind.example,Anna,Vigo,Northwind Robotics,6\nc2,,,Gent,,\n"
        "c3,new@x1.example,New,Rom,Neu,1\n,bo@tarn.example,Bob,,,\n"
    )
    assert (job.created, everything() != before) == (1, True)
    take_back(job, make_user("Marta", make_team(), Role.MARKETING))
    assert (everything(), kept(job)) == (before, [])
    told = Change.objects.filter(origin="Fair, undone").latest("pk")
    assert told.by.name == "Marta"
    assert job.undo_words == "1 lead, 2 companies went; 6 fields were put back."


def test_what_was_touched_since_stays_and_is_listed():
    bring(LEADS + "c1,ana@northwind.example,Ana,Bilbao,Northwind,5\n")
    rows = [f"n{n},n{n}@new{n}.example,N{n},Gent,,\n" for n in range(5)]
    job = wins(LEADS + "c1,ana@northwind.example,Anna,Vigo,Northwind,5\n" + "".join(rows))
    Lead.objects.filter(email="ana@northwind.example").update(city="Madrid")
    edited, active, handed, sold, alone = Lead.objects.filter(email__startswith="n").order_by("email")
    Lead.objects.filter(pk=edited.pk).update(title="CEO")
    record_events(Source.objects.named(make_team(), "Web", "website"), [EventRecord("page_viewed", lead=active.pk)])
    open_handoffs([score(handed).pk], by=make_user("Rita", make_team()))
    Deal.objects.create(team=make_team(), lead=sold, source=job.source, external_id="d1", name="Pilot")
    take_back(job)
    assert kept(job) == [
        ("lead", "Anna", "city", "It was changed since."),
        ("lead", "N0", "", "It was changed since."),
        ("lead", "N1", "", "It has activity since."),
        ("lead", "N2", "", "It was handed off."),
        ("lead", "N3", "", "It has a deal."),
        *(("company", f"new{n}.example", "", "People belong to it.") for n in range(4)),
    ]
    ana = Lead.objects.get(email="ana@northwind.example")
    assert (ana.first_name, ana.city, Lead.objects.filter(pk=alone.pk).exists()) == ("Ana", "Madrid", False)
    assert Lead.objects.count() == 5


def test_a_lead_that_only_the_rules_handed_off_goes():
    job = bring(LEADS + "c1,ana@northwind.example,Ana,Bilbao,Northwind,5\n")
    lead = Lead.objects.get()
    open_handoffs([score(lead).pk])
    lead.refresh_from_db()
    assert lead.stage == Stage.HANDED_OFF
    take_back(job)
    assert (Lead.objects.count(), Company.objects.count()) == (0, 0)


def test_deals_and_what_they_did_to_leads():
    head = "Deal ID,Deal name,Deal stage,Amount,Contact email,Close date\n"
    bring(LEADS + "c1,ana@northwind.example,Ana,Bilbao,Northwind,5\n")
    bring(head + "d1,Pilot,Proposal,1000,ana@northwind.example,\n", kind="deals")
    before = everything()
    job = bring(
        head + "d1,Pilot,Closed won,1200.50,ana@northwind.example,2026-03-01\nd2,Big,Proposal,9,leo@tarn.example,\n",
        kind="deals",
    )
    assert Deal.objects.get(external_id="d1").state == DealState.WON
    assert Lead.objects.get(email="ana@northwind.example").stage == Stage.CUSTOMER
    take_back(job)
    assert (everything(), kept(job)) == (before, [])


def test_activities_go_and_scores_are_due():
    bring(LEADS + "c1,ana@northwind.example,Ana,Bilbao,Northwind,5\n")
    lead = Lead.objects.get()
    job = bring(CALL, kind="events")
    lead.standing.refresh_from_db()
    revision = lead.standing.facts_rev
    take_back(job)
    lead.standing.refresh_from_db()
    assert (Event.objects.count(), lead.standing.facts_rev) == (0, revision + 1)
    again = bring(CALL, kind="events")
    assert again.created == 1


def test_an_address_that_another_lead_has_by_now_stays_there():
    bring(LEADS + "c1,old@northwind.example,Ana,,,\n")
    job = wins(LEADS + "c1,new@northwind.example,Ana,,,\n")
    Lead.objects.create(team=make_team(), email="old@northwind.example")
    take_back(job)
    assert kept(job) == [("lead", "Ana", "email", "Another lead has the email of before by now.")]
    assert Lead.objects.filter(email="new@northwind.example").exists()


def test_a_killed_undo_goes_on_where_it_was():
    rows = "".join(f"c{n},p{n}@x{n % 9}.example,P,Gent,,\n" for n in range(1_200))
    job = bring(LEADS + rows)
    assert undo.ask(job, by=None)
    claimed = jobs.claim(job.pk)
    undo.work(claimed, until=0)  # the time is up after the first page
    assert (0 < Lead.objects.count() < 1_200, job.undo_done) == (False, 1)
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, Lead.objects.count(), Company.objects.count()) == (ImportState.UNDONE, 0, 0)
    assert job.undo_counts["lead"] == 1_200


def test_it_cannot_be_undone_twice_or_while_it_runs():
    job = take_over(LEADS + "c1,ana@northwind.example,Ana,,,\n")
    assert not undo.ask(job, by=None)
    job = bring(LEADS + "c1,ana@northwind.example,Ana,,,\n")
    take_back(job)
    assert not undo.ask(job, by=None)
    assert ImportKept.objects.count() == 0


def test_the_page(client):
    client.force_login(make_user("Marta", make_team(), Role.MARKETING))
    job = bring(LEADS + "c1,ana@northwind.example,Ana,Bilbao,Northwind,5\nc2,leo@tarn.example,Leo,,,\n")
    Lead.objects.filter(first_name="Leo").update(city="Rom")
    page = reverse("import", args=[job.pk])
    assert "Undo this import…" in client.get(page).content.decode()
    client.post(reverse("import-undoing", args=[job.pk]))
    assert "Being undone" in client.get(page).content.decode()
    jobs.run_due()
    said = client.get(page).content.decode()
    assert all(
        word in said for word in ("Undone", "By Marta", "1 lead, 1 company went", "Leo", "It was changed since.")
    )
    assert "Undo this import…" not in said
    listed = b"".join(client.get(reverse("import-kept", args=[job.pk])).streaming_content).decode()
    assert "Leo" in listed
    client.post(reverse("import-undoing", args=[job.pk]))
    assert "cannot be undone any more" in client.get(page).content.decode()
