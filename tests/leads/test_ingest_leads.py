"""upsert_leads and upsert_companies: every channel's way in for who people are."""

import pytest

from leads.enums import ImportPolicy, SourceKind
from leads.ingest import CompanyRecord, LeadRecord, Result, upsert_companies, upsert_leads
from leads.models import Change, Company, Lead, LeadIdentity, Source, Standing
from tests.sales import make_team, make_user
from tests.threads import at_once

FILL, FILE_WINS, LEAVE = ImportPolicy.FILL, ImportPolicy.FILE_WINS, ImportPolicy.LEAVE
NORTHWIND = {"name": "Northwind Robotics", "domain": "northwind.example", "employees": 420}


@pytest.fixture
def source(db):
    return Source.objects.named(make_team(), "Fair", SourceKind.IMPORT)


def ana(company=None, ids=(), **values):
    return LeadRecord({"email": "ana@northwind.example"} | values, company or {}, tuple(ids))


def results(source, *records, policy=FILL):
    return [outcome.result for outcome in upsert_leads(source, records, policy=policy)]


def test_a_new_lead_with_its_company(source):
    assert results(source, ana(NORTHWIND, first_name="Ana", title="VP Operations", **{"fields.need": "arms"})) == [
        Result.CREATED
    ]
    lead = Lead.objects.select_related("company").get()
    assert (lead.first_name, lead.seniority, lead.department) == ("Ana", "vp", "operations")
    assert (lead.fields, lead.source) == ({"need": "arms"}, "Fair")
    assert (lead.company.name, lead.company.domain, lead.company.employees) == (
        "Northwind Robotics", "northwind.example", 420,
    )  # fmt: skip
    assert Standing.objects.filter(lead=lead).exists()


@pytest.mark.parametrize(
    ("policy", "result", "title", "city"),
    [
        (FILL, Result.UPDATED, "CTO", "Bilbao"),
        (FILE_WINS, Result.UPDATED, "VP Operations", "Bilbao"),
        (LEAVE, Result.UNCHANGED, "CTO", ""),
    ],
)
def test_what_happens_to_a_lead_that_is_here_already(source, policy, result, title, city):
    upsert_leads(source, [ana(title="CTO")], policy=FILL)
    assert results(source, ana(title="VP Operations", city="Bilbao"), policy=policy) == [result]
    assert (Lead.objects.get().title, Lead.objects.get().city) == (title, city)


@pytest.mark.parametrize("policy", ImportPolicy)
def test_the_same_twice_changes_nothing(source, policy):
    records = [ana(NORTHWIND, ["7"], title="CTO"), LeadRecord({"email": "jo@gmail.com"}, {"name": "Tarn"})]
    assert results(source, *records, policy=policy) == [Result.CREATED, Result.CREATED]
    revisions = list(Standing.objects.values_list("facts_rev", flat=True))
    assert results(source, *records, policy=policy) == [Result.UNCHANGED, Result.UNCHANGED]
    assert list(Standing.objects.values_list("facts_rev", flat=True)) == revisions
    assert (Lead.objects.count(), Company.objects.count(), Change.objects.count()) == (2, 2, 0)


def test_empty_values_say_nothing(source):
    upsert_leads(source, [ana(title="CTO", phone="+34 1")], policy=FILL)
    assert results(source, ana(title="", phone=None), policy=FILE_WINS) == [Result.UNCHANGED]
    assert Lead.objects.get().title == "CTO"


def test_no_and_nought_are_values(source):
    upsert_leads(source, [ana(**{"fields.optin": False, "fields.visits": 0})], policy=FILL)
    assert results(source, ana(**{"fields.optin": True, "fields.visits": 4}), policy=FILL) == [Result.UNCHANGED]
    assert Lead.objects.get().fields == {"optin": False, "visits": 0}


def test_the_id_of_the_source_comes_before_the_address(source):
    upsert_leads(source, [ana(ids=["7"])], policy=FILL)
    assert results(source, ana(ids=["7"], email="ana@new.example"), policy=FILE_WINS) == [Result.UPDATED]
    assert Lead.objects.get().email == "ana@new.example"


def test_an_address_of_somebody_else_is_not_taken(source):
    upsert_leads(source, [ana(ids=["7"]), ana(ids=["8"], email="eva@tarn.example")], policy=FILL)
    (outcome,) = upsert_leads(source, [ana(ids=["7"], email="eva@tarn.example")], policy=FILE_WINS)
    assert outcome.result == Result.UNCHANGED
    assert outcome.notes == [
        ("email", "Belongs to eva@tarn.example already, so this lead keeps its own. Merge them if they are one.")
    ]


def test_an_address_gives_a_known_id_to_a_lead(source):
    upsert_leads(source, [ana()], policy=FILL)
    assert results(source, ana(ids=["7", "n-7"])) == [Result.UNCHANGED]
    assert sorted(LeadIdentity.objects.values_list("value", flat=True)) == ["7", "n-7"]


def test_nobody_is_rejected_with_what_to_do(source):
    outcomes = upsert_leads(source, [LeadRecord({"first_name": "Ana"}), ana()], policy=FILL)
    assert [outcome.result for outcome in outcomes] == [Result.REJECTED, Result.CREATED]
    assert outcomes[0].reason == "No e-mail address and no id: nothing to match by. Fill in one of them."


def test_two_rows_of_one_person_are_one_lead(source):
    assert results(source, ana(title="CTO"), ana(city="Bilbao")) == [Result.CREATED, Result.UPDATED]
    assert (Lead.objects.get().title, Lead.objects.get().city) == ("CTO", "Bilbao")


def test_teams_do_not_see_each_other(source):
    upsert_leads(source, [ana(NORTHWIND)], policy=FILL)
    other = Source.objects.named(make_team("APAC"), "Fair", SourceKind.IMPORT)
    assert results(other, ana(NORTHWIND)) == [Result.CREATED]
    assert (Lead.objects.count(), Company.objects.count()) == (2, 2)


def test_who_changed_what_and_from_where_is_kept(source):
    dana = make_user("Dana", source.team, "marketing")
    upsert_leads(source, [ana(title="CTO")], policy=FILL)
    upsert_leads(source, [ana(title="CEO")], policy=FILE_WINS, by=dana)
    change = Change.objects.get(field="title")
    assert (change.old, change.new, change.by, change.origin) == ("CTO", "CEO", dana, "Fair")


@pytest.mark.parametrize(
    ("there", "said", "same"),
    [
        ({"name": "Northwind"}, {"name": "NORTHWIND "}, True),
        ({"domain": "northwind.example"}, {"website": "https://www.northwind.example/en"}, True),
        ({"name": "Northwind"}, {"name": "Northwind", "domain": "northwind.example"}, True),
        ({"name": "Northwind", "domain": "a.example"}, {"name": "Northwind", "domain": "b.example"}, False),
        ({"domain": "northwind.example"}, {"name": "Northwind", "domain": "northwind.example"}, True),
        ({"name": "Northwind"}, {"name": "Tarn"}, False),
    ],
)
def test_a_company_is_known_by_domain_then_by_name(source, there, said, same):
    outcomes = upsert_companies(source, [CompanyRecord(there), CompanyRecord(said)], policy=FILL)
    assert (outcomes[0].pk == outcomes[1].pk) is same
    outcomes = upsert_companies(source, [CompanyRecord(there), CompanyRecord(said)], policy=FILL)
    assert [outcome.result for outcome in outcomes] == [Result.UNCHANGED, Result.UNCHANGED]


def test_a_company_that_went_by_its_domain_gets_its_name(source):
    upsert_leads(source, [ana()], policy=FILL)
    assert Company.objects.get().name == "northwind.example"
    upsert_leads(source, [ana({"name": "Northwind Robotics"})], policy=FILL)
    assert Company.objects.get().name == "Northwind Robotics"


def test_a_company_without_name_and_domain_is_rejected(source):
    (outcome,) = upsert_companies(source, [CompanyRecord({"city": "Bilbao"})], policy=FILL)
    assert outcome.reason == "No name and no domain: nothing to match by. Fill in one of them."


def test_the_employer_of_a_lead_stays_unless_the_file_wins(source):
    upsert_leads(source, [ana(NORTHWIND)], policy=FILL)
    tarn = {"name": "Tarn", "domain": "tarn.example"}
    assert results(source, ana(tarn), policy=FILL) == [Result.UNCHANGED]
    assert results(source, ana(tarn), policy=FILE_WINS) == [Result.UPDATED]
    assert Lead.objects.get().company.name == "Tarn"


def test_what_is_said_of_no_company_is_noted(source):
    (outcome,) = upsert_leads(source, [LeadRecord({"email": "jo@gmail.com"}, {"industry": "Steel"})], policy=FILL)
    assert outcome.notes == [("company", "No company to put this on. Give its name or domain.")]


def test_many_cost_as_many_statements_as_few(source, django_assert_max_num_queries):
    def records(title):
        return [
            LeadRecord({"email": f"p{n}@c{n}.example", "title": title}, {"name": f"C{n}", "industry": title}, (str(n),))
            for n in range(300)
        ]

    for policy, title in ((FILL, "CTO"), (FILL, "CTO"), (FILE_WINS, "CEO")):
        with django_assert_max_num_queries(18):
            upsert_leads(source, records(title), policy=policy)
    assert set(Lead.objects.values_list("title", "company__industry")) == {("CEO", "CEO")}


@pytest.mark.django_db(transaction=True)
def test_two_files_with_the_same_unknown_people_make_them_once():
    source = Source.objects.named(make_team(), "Fair", SourceKind.IMPORT)
    page = [LeadRecord({"email": f"p{n}@gmail.com"}, {"name": "Northwind"}, (f"id{n}",)) for n in range(40)]
    outcomes = at_once(lambda records: upsert_leads(source, records, policy=FILL), [page, page[::-1], page[5:]])
    assert sum(outcome.result == Result.CREATED for each in outcomes for outcome in each) == 40
    assert (Lead.objects.count(), Company.objects.count()) == (40, 1)
