"""Imports from the file to the database: everything arrives, is counted, and comes once."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from leads.enums import ImportPolicy, ImportState, Stage
from leads.ingest import job as jobs
from leads.ingest import paging
from leads.ingest.trial import try_out
from leads.models import Company, Deal, Event, EventKind, Field, Import, ImportProblem, Lead
from tests.leads.importing import FILES, SHARED, bring, counts, needs_shared, run, take_over, told
from tests.sales import make_team, make_user
from tests.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def many(rows: int) -> str:
    return "Email,City\n" + "".join(f"p{n}@c{n % 50}.example,Gent\n" for n in range(rows))


def test_contacts():
    job = bring(FILES / "contacts.csv", source="HubSpot")
    assert counts(job) == {"created": 4, "updated": 0, "unchanged": 0, "rejected": 0, "in_part": 1}
    ana = Lead.objects.select_related("company").get(email="a.ruiz@northwind.example")
    assert (ana.name, ana.seniority, ana.phone, ana.country, ana.source) == (
        "Ana Ruiz", "vp", "+16727992170 ext. 5610", "ES", "Direct Traffic",
    )  # fmt: skip
    assert (ana.company.domain, ana.fields["postal_code"], f"{ana.created_at:%Y-%m-%d}") == (
        "northwind.example", "48001", "2025-08-18",
    )  # fmt: skip
    assert told(job) == [
        (5, "Email", "p.maas@deltapack", "No domain ending. Write an address such as ana@northwind.example."),
        (5, "Country", "EU", "Not a country. Write its name in English or its two letters, such as DE."),
    ]
    assert Lead.objects.get(last_name="Maas").identities.get().value == "CONT-4"


def test_companies():
    job = bring(FILES / "companies.csv", source="HubSpot")
    assert counts(job) == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 1, "in_part": 0}
    tarn = Company.objects.get(domain="tarn.example")
    assert (tarn.employees, tarn.revenue, tarn.country) == (1, Decimal("30024968.00"), "BE")
    assert [message for *_, message in told(job)] == [
        "Not a number. Write digits, such as 1200.",
        "Not a country. Write its name in English or its two letters, such as DE.",
        "No name and no domain: nothing to match by. Fill in one of them.",
    ]


def test_deals():
    bring(FILES / "contacts.csv", source="HubSpot")
    job = bring(FILES / "deals.csv", source="HubSpot")
    assert counts(job) == {"created": 4, "updated": 0, "unchanged": 0, "rejected": 0, "in_part": 1}
    won = Deal.objects.select_related("lead", "company").get(external_id="DEAL-1")
    assert (won.state, won.amount, won.lead.stage, won.company.domain, won.fields) == (
        "won",
        Decimal("233290.22"),
        Stage.CUSTOMER,
        "northwind.example",
        {"deal_type": "New Business", "deal_owner": "dana@ours.example"},
    )
    open_ = Deal.objects.get(external_id="DEAL-2")
    assert (open_.state, open_.closed_at, open_.fields["expected_close"]) == ("open", None, "2027-09-03")
    assert Lead.objects.get(email="e.mertens@tarn.example").stage == Stage.OPPORTUNITY
    assert Deal.objects.get(external_id="DEAL-3").lost_reason == "Price"
    assert told(job) == [
        (5, "", "", "No lead and no company: the deal is kept by itself. Give an e-mail address or a company.")
    ]


def test_a_deal_moves_on_with_the_next_file():
    bring(FILES / "deals.csv", source="HubSpot")
    later = (FILES / "deals.csv").read_text().replace("Contract Sent", "Closed Won").replace("2027-09-03", "2026-09-03")
    job = bring(later, source="HubSpot")
    assert counts(job) == {"created": 0, "updated": 1, "unchanged": 3, "rejected": 0, "in_part": 1}
    assert Deal.objects.get(external_id="DEAL-2").state == "won"


def test_activities():
    bring(FILES / "contacts.csv", source="HubSpot")
    job = bring(FILES / "activities.csv", source="HubSpot")
    assert counts(job) == {"created": 5, "updated": 0, "unchanged": 0, "rejected": 2, "in_part": 0}
    kinds = dict(Event.objects.values_list("message_id", "kind__slug"))
    assert kinds == {
        "ACT-1": "call_held", "ACT-2": "call_attempted", "ACT-3": "meeting_missed", "ACT-4": "meeting_held",
        "ACT-5": "email_sent",
    }  # fmt: skip
    assert not EventKind.objects.get(slug="call_attempted").by_lead
    first = Event.objects.get(message_id="ACT-1")
    assert (first.lead.email, f"{first.occurred_at:%Y-%m-%d}") == ("a.ruiz@northwind.example", "2025-07-14")
    assert first.properties["notes_description"] == "Asked for prices."
    assert told(job) == [
        (7, "Activity Date", "someday", "Not a date. Write it as 2026-08-03."),
        (8, "", "", "Whose event? Give an e-mail address, a lead or an id."),
    ]


@pytest.mark.parametrize("name", ["contacts.csv", "companies.csv", "deals.csv", "activities.csv"])
@pytest.mark.parametrize("policy", ImportPolicy)
def test_the_same_file_twice_changes_nothing(name, policy):
    first = run(take_over(FILES / name), policy=policy)
    again = run(take_over(FILES / name), policy=policy)
    assert counts(again) == counts(first) | {"created": 0, "updated": 0, "unchanged": first.created}


def test_a_person_twice_in_the_file_is_as_the_last_row_says():
    file = "Email,City\nana@northwind.example,Gent\n" + many(600)[11:] + "ana@northwind.example,Bilbao\n"
    first = run(take_over(file), policy=ImportPolicy.FILE_WINS)
    assert Lead.objects.get(email="ana@northwind.example").city == "Bilbao"
    assert told(first)[0] == (2, "", "", "The same person comes again in line 603, which wins.")
    again = run(take_over(file), policy=ImportPolicy.FILE_WINS)
    assert counts(again) == {"created": 0, "updated": 0, "unchanged": 602, "rejected": 0, "in_part": 1}


def test_columns_become_custom_fields():
    job = bring("Email,Plan,Seats,Trial since\na@b.example,Pro,3,2026-01-02\nc@d.example,Pro,5,2026-01-03\n")
    assert Lead.objects.get(email="a@b.example").fields == {"plan": "Pro", "seats": 3, "trial_since": "2026-01-02"}
    assert dict(Field.objects.values_list("key", "type")) == {"plan": "text", "seats": "number", "trial_since": "date"}
    assert job.mapping["Seats"] == "fields.seats"


def test_the_mapping_of_last_time_is_suggested():
    job = take_over("Email,Plan\na@b.example,Pro\n")
    run(job, mapping={"Email": "email", "Plan": "title"})
    again = take_over("Email,Plan\na@b.example,Pro\n")
    assert (again.mapping["Plan"], again.facts["Plan"]["confidence"]) == ("title", "As last time")


def test_more_cells_than_columns_and_texts_that_are_too_long():
    job = bring(f"Email,City\na@b.example,Gent,extra\nc@d.example,{'x' * 120}\n")
    assert told(job) == [
        (2, "", "extra", "More cells than columns: a delimiter inside a cell? Quote that cell."),
        (3, "City", "x" * 120, "Longer than 100 characters, cut there. Shorten it."),
    ]
    assert Lead.objects.get(email="c@d.example").city == "x" * 100


def test_a_trial_run_says_what_happens_and_stores_nothing():
    job = take_over(FILES / "contacts.csv")
    trial = try_out(job)
    assert (trial["created"], trial["in_part"], trial["companies"], trial["rows"]) == (4, 1, 3, 4)
    assert trial["preview"]["rows"][0]["result"] == "created"
    assert (Lead.objects.count(), Company.objects.count(), Field.objects.count(), ImportProblem.objects.count()) == (
        0,
        0,
        0,
        0,
    )
    run(job)
    assert counts(job) == {name: trial[name] for name in counts(job)}


def test_an_import_goes_on_where_a_killed_worker_left_it(monkeypatch):
    job = take_over(many(1800))
    jobs.start(job)
    pages = iter([True, True, False])
    take_page = paging.take_page

    def killed(reading, rows):
        taken = take_page(reading, rows)
        if not next(pages):
            raise SystemExit  # after the rows were written, before the transaction could commit
        return taken

    monkeypatch.setattr(jobs, "take_page", killed)
    with pytest.raises(SystemExit):
        jobs.work(jobs.claim(job.pk))
    monkeypatch.undo()
    job.refresh_from_db()
    assert (job.state, job.processed, job.created, Lead.objects.count()) == (ImportState.RUNNING, 1000, 1000, 1000)
    assert jobs.run_due() == 0  # its lease still runs
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert jobs.run_due() == 1
    job.refresh_from_db()
    assert (job.state, job.processed, Lead.objects.count()) == (ImportState.DONE, 1800, 1800)
    assert counts(job) == {"created": 1800, "updated": 0, "unchanged": 0, "rejected": 0, "in_part": 0}


def test_a_long_import_is_taken_in_slices():
    job = take_over(many(1200))
    jobs.start(job)
    jobs.work(jobs.claim(job.pk), until=0.0)
    job.refresh_from_db()
    assert (job.processed, job.lease_until) == (500, None)
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.created) == (ImportState.DONE, 1200)


def test_stopping_keeps_what_is_stored():
    job = take_over(many(1200))
    jobs.start(job)
    jobs.work(jobs.claim(job.pk), on_page=jobs.stop)
    job.refresh_from_db()
    assert (job.state, job.processed, Lead.objects.count()) == (ImportState.STOPPED, 500, 500)
    assert jobs.run_due() == 0


def test_a_row_that_cannot_be_stored_costs_itself_only(monkeypatch):
    take = paging.take

    def breaks(kind, source, records, **options):
        if any(record.values["email"] == "p7@c7.example" for record in records):
            raise RuntimeError("an accident")
        return take(kind, source, records, **options)

    monkeypatch.setattr(paging, "take", breaks)
    job = bring(many(40))
    assert counts(job) == {"created": 39, "updated": 0, "unchanged": 0, "rejected": 1, "in_part": 0}
    assert told(job)[0][0] == 9


def test_a_file_that_is_gone_ends_the_import_with_a_reason():
    job = take_over(many(10))
    jobs.start(job)
    job.file.delete(save=False)
    jobs.run_due()
    job = Import.objects.get(pk=job.pk)
    assert (job.state, job.error) == (ImportState.FAILED, "The file is gone. Upload it again.")


def test_owners_are_colleagues_by_address_or_name():
    rep = make_user("Rita Rep", make_team())
    bring(f"Email,Lead Owner\na@b.example,{rep.email.upper()}\nc@d.example,rita rep\ne@f.example,Nobody\n")
    assert list(Lead.objects.order_by("pk").values_list("owner", flat=True)) == [rep.pk, rep.pk, None]


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_every_row_once():
    job = take_over(many(2000))
    jobs.start(job)
    Import.objects.filter(pk=job.pk).update(state=ImportState.RUNNING, started_at=timezone.now())
    # both believe that the import is theirs, as after a lease that ran out too early
    at_once(lambda mine: jobs.work(mine), [Import.objects.get(pk=job.pk) for _ in range(2)])
    jobs.run_due()
    job.refresh_from_db()
    assert (job.state, job.processed, job.created) == (ImportState.DONE, 2000, 2000)
    assert Lead.objects.count() == 2000


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        "import_samples/hubspot_contacts.csv",
        "import_samples/hubspot_companies.csv",
        "import_samples/hubspot_deals.csv",
        "import_samples/hubspot_activities.csv",
        "import_samples/datablist_leads-100.csv",
        "x_education/Leads.csv",
    ],
)
def test_real_exports_arrive_whole_and_once(name):
    first = bring(SHARED / name)
    assert first.created + first.updated + first.unchanged + first.rejected == first.processed == first.rows
    assert (first.created, first.rejected) == (first.rows, 0)
    again = bring(SHARED / name)
    assert (again.created, again.updated, again.unchanged) == (0, 0, first.rows)


def test_a_trial_by_pages_counts_as_the_import_does():
    rows = [f"p{n % 900}@c{n % 7}.example,Company {n % 7},{'Gent' if n % 3 else 'Lier'}\n" for n in range(1_300)]
    content = "Email,Company,City\n" + "".join(rows)
    trial = try_out(take_over(content))
    job = bring(content)
    assert {name: trial[name] for name in counts(job)} == counts(job)
    assert (trial["rows"], trial["companies"]) == (1_300, Company.objects.count())
