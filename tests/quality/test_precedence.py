"""Which source wins a custom field, whoever comes first and by whatever way."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.editing import edit_company, edit_lead
from leads.enums import ImportPolicy, SourceKind
from leads.ingest import CompanyRecord, LeadRecord, upsert_companies, upsert_leads
from leads.ingest.precedence import reorder, winner, withdraw
from leads.models import Claim, Company, Field, Lead, Source, Team, User
from tests.leads.api import Caller
from tests.sales import make_user
from tests.tracking.sending import receive

pytestmark = pytest.mark.django_db
EMAIL = "ana@northwind.example"
ORDER = ["source:hubspot", "kind:manual", "kind:website"]


def moment(day: int) -> datetime:
    return datetime(2026, 9, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "wins"),
    [
        ({"website:shop": (1, moment(9)), "manual:by-hand": (2, moment(1))}, 2),
        ({"crm:hubspot": (3, moment(1)), "manual:by-hand": (2, moment(9))}, 3),
        ({"crm:odoo": (4, moment(1)), "import:fair": (5, moment(2))}, 5),  # neither is listed: the latest
        ({"website:shop": (6, moment(2)), "website:blog": (7, moment(1))}, 6),
        ({"website:shop": (6, moment(1)), "crm:hubspot": (None, moment(2))}, None),  # emptied by who wins
        ({"": (8, moment(1)), "import:fair": (9, moment(2))}, 9),
    ],
)
def test_the_strongest_wins_among_equals_the_latest(said: dict[str, Any], wins: int | None) -> None:
    assert winner(said, ORDER) == wins


@pytest.fixture
def field() -> Field:
    return Field.objects.create(key="seats", label="Seats", type="number", precedence=ORDER)


@pytest.fixture
def ava(team: Team) -> User:
    return make_user("Ava", team, "admin")


def lead(team: Team) -> Lead:
    return Lead.objects.get(team=team, email=EMAIL)


def tell(team: Team, name: str, kind: str, seats: int, policy: str = ImportPolicy.FILL) -> None:
    source = Source.objects.named(team, name, kind)
    upsert_leads(source, [LeadRecord({"email": EMAIL, "fields.seats": seats})], policy=policy)


def ways(team: Team, ava: User) -> dict[int, Any]:
    """{what is said: how}: CRM, a file, tracking, the API by POST and by PATCH, and by hand."""
    shop, caller = Source.objects.named(team, "Shop", SourceKind.WEBSITE), Caller(ava)
    track = {"type": "identify", "messageId": "m", "userId": "u", "traits": {"email": EMAIL, "seats": 30}}
    return {
        10: lambda: tell(team, "HubSpot", SourceKind.CRM, 10),
        20: lambda: edit_lead(lead(team), {"fields": {"seats": 20}}, by=ava, origin="By hand"),
        30: lambda: receive(shop, track, at=datetime.now(UTC)),
        40: lambda: tell(team, "Fair", SourceKind.IMPORT, 40, ImportPolicy.FILE_WINS),
        50: lambda: caller.patch(f"leads/{lead(team).pk}", {"fields": {"seats": 50}}),
        60: lambda: caller.post("leads", {"email": EMAIL, "fields": {"seats": 60}}),
    }


@pytest.mark.parametrize("without", [set(), {10}, {10, 20}])
def test_whatever_the_order_of_arrival_the_same_wins(team: Team, field: Field, ava: User, without: set[int]) -> None:
    """Every way in, in all orders: HubSpot, else by hand, else the website."""
    for order in list(permutations(sorted({10, 20, 30, 40, 60} - without)))[:: 1 if without else 5]:
        Lead.objects.all().delete()
        Lead.objects.create(team=team, email=EMAIL)
        told = ways(team, ava)
        for value in order:
            told[value]()
        assert lead(team).fields == {"seats": min(order)}, order
        assert set(Claim.objects.values_list("value", flat=True)) == set(order)


def test_equals_take_the_latest(team: Team, field: Field, ava: User) -> None:
    Lead.objects.create(team=team, email=EMAIL)
    told = ways(team, ava)
    seen = []
    for value in (40, 60, 50, 40):
        told[value]()
        seen.append(lead(team).fields["seats"])
    assert seen == [40, 60, 50, 40]


def test_without_an_order_nothing_changes(team: Team, field: Field, ava: User) -> None:
    Field.objects.update(precedence=[])
    tell(team, "HubSpot", SourceKind.CRM, 10)
    tell(team, "Fair", SourceKind.IMPORT, 40)
    tell(team, "Fair", SourceKind.IMPORT, 41, ImportPolicy.FILE_WINS)
    assert lead(team).fields == {"seats": 41}
    assert not Claim.objects.exists()


def test_a_value_from_before_the_order_gives_way_and_is_kept(team: Team, field: Field) -> None:
    Lead.objects.create(team=team, email=EMAIL, fields={"seats": 7})
    tell(team, "Fair", SourceKind.IMPORT, 40)
    assert lead(team).fields == {"seats": 40}
    assert set(Claim.objects.values_list("origin", "value")) == {("", 7), ("import:fair", 40)}


def test_a_file_that_leaves_what_is_there_says_nothing(team: Team, field: Field) -> None:
    Lead.objects.create(team=team, email=EMAIL, fields={"seats": 7})
    tell(team, "HubSpot", SourceKind.CRM, 10, ImportPolicy.LEAVE)
    assert (lead(team).fields, Claim.objects.count()) == ({"seats": 7}, 0)


def test_emptied_by_hand_stays_empty_for_the_weaker(team: Team, field: Field, ava: User) -> None:
    tell(team, "Shop", SourceKind.WEBSITE, 30)
    edit_lead(lead(team), {"fields": {"seats": None}}, by=ava, origin="By hand")
    tell(team, "Shop", SourceKind.WEBSITE, 31)
    assert lead(team).fields == {}
    tell(team, "HubSpot", SourceKind.CRM, 10)
    assert lead(team).fields == {"seats": 10}


def test_companies_too(team: Team, ava: User) -> None:
    Field.objects.create(key="plants", label="Plants", type="number", of=Field.COMPANY, precedence=["kind:crm"])
    crm, fair = (Source.objects.named(team, name, kind) for name, kind in (("HubSpot", "crm"), ("Fair", "import")))
    for source, plants in ((crm, 3), (fair, 9)):
        record = CompanyRecord({"name": "Tarn", "domain": "tarn.example", "fields.plants": plants})
        upsert_companies(source, [record], policy=ImportPolicy.FILE_WINS)
    company = Company.objects.get(domain="tarn.example")
    assert company.fields == {"plants": 3}
    person = LeadRecord({"email": "bo@tarn.example"}, {"domain": "tarn.example", "fields.plants": 8})
    upsert_leads(fair, [person], policy=ImportPolicy.FILE_WINS)
    edit_company(company, {"fields": {"plants": 5}}, by=ava, origin="By hand")
    company.refresh_from_db()
    assert company.fields == {"plants": 3}


def test_a_new_order_holds_at_once(team: Team, field: Field, ava: User) -> None:
    tell(team, "HubSpot", SourceKind.CRM, 10)
    tell(team, "Shop", SourceKind.WEBSITE, 30)
    answer = Caller(ava).patch(f"fields/{field.pk}", {"precedence": ["Shop", "CRM"]})
    assert answer.json()["precedence"] == ["source:shop", "kind:crm"]
    assert lead(team).fields == {"seats": 30}
    change = lead(team).changes.get(field="fields.seats")
    assert (change.old, change.new, change.by) == (10, 30, ava)
    assert reorder(field, by=ava, origin="API") == 1  # the old object still has the old order
    wrong = Caller(ava).patch(f"fields/{field.pk}", {"precedence": ["Nobody"]})
    assert (wrong.status_code, "Nobody" in wrong.content.decode()) == (400, True)


def test_a_file_taken_back_says_nothing_any_more(team: Team, field: Field) -> None:
    before, fair = timezone.now(), Source.objects.named(team, "Fair", SourceKind.IMPORT)
    tell(team, "Shop", SourceKind.WEBSITE, 30)
    tell(team, "Fair", SourceKind.IMPORT, 40)
    withdraw(fair, before, timezone.now())
    assert list(Claim.objects.values_list("value", flat=True)) == [30]


def test_by_hand_it_is_said_that_another_source_wins(team: Team, field: Field, ava: User, client: Client) -> None:
    tell(team, "HubSpot", SourceKind.CRM, 10)
    client.force_login(ava)
    page = client.post(f"/leads/{lead(team).pk}/edit/", {"email": EMAIL, "custom-seats": "20"}, follow=True)
    assert "Seats stays as it is: another source wins" in page.content.decode()
    assert lead(team).fields == {"seats": 10}


def test_the_admin_writes_the_order_in_words(team: Team, field: Field, ava: User, client: Client) -> None:
    Source.objects.named(team, "HubSpot", SourceKind.CRM)
    client.force_login(User.objects.create_superuser("root@example.com", "x"))
    address = f"/admin/leads/field/{field.pk}/change/"
    assert "HubSpot\nBy hand\nWebsite" in client.get(address).content.decode()
    client.post(address, {"label": "Seats sold", "precedence": "by hand\nhubspot"})
    field.refresh_from_db()
    assert (field.label, field.precedence) == ("Seats sold", ["kind:manual", "source:hubspot"])
