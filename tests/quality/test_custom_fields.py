"""Custom fields: renamed without harm, deleted only where nobody needs them."""

import pytest

from leads.conditions.compile import leads_matching
from leads.conditions.describe import describe
from leads.conditions.grammar import parse
from leads.conditions.vocabulary import Vocabulary
from leads.enums import ImportKind, ImportState
from leads.models import Field, Import, Lead, Segment, Source, Team
from leads.uses import uses_of
from tests.leads.api import Caller
from tests.sales import make_lead, make_user
from tests.scoring.workshop import add, make_model
from tests.scoring.workshop import field as asks

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(team: Team) -> Caller:
    return Caller(make_user("Ada", team, "admin"))


def make(caller: Caller, **extra: object) -> int:
    body = {"key": "seats", "label": "Seats", "type": "number"} | extra
    return caller.post("fields", body).json()["id"]


def test_a_renamed_field_keeps_criteria_working(team: Team, caller: Caller) -> None:
    pk = make(caller)
    lead = make_lead(team, fields={"seats": 12})
    condition = asks("custom.seats", "at_least", 10)
    assert caller.patch(f"fields/{pk}", {"label": "Licences"}).json()["key"] == "seats"
    assert list(Lead.objects.filter(leads_matching(condition))) == [lead]
    assert describe(parse(condition), Vocabulary.load()) == "Licences is at least 10"


@pytest.mark.parametrize("name", ["key", "type", "of"])
def test_what_values_and_criteria_refer_to_is_fixed(caller: Caller, name: str) -> None:
    pk = make(caller)
    assert caller.patch(f"fields/{pk}", {name: "text"}).status_code == 400


def test_a_field_in_use_is_not_deleted_and_the_uses_are_named(team: Team, caller: Caller) -> None:
    pk, model = make(caller), make_model()
    add(model.groups.get(name="Role"), "Many seats", 5, asks("custom.seats", "at_least", 10))
    source = Source.objects.named(team, "Shop", "website")
    Source.objects.filter(pk=source.pk).update(mapping={"licences": "fields.seats"})
    Segment.objects.create(name="Big", condition=asks("custom.seats", "at_least", 50))
    file = Import.objects.create(
        team=team, source=source, name="fair.csv", kind=ImportKind.LEADS, state=ImportState.UPLOADED,
        mapping={"Seats": "fields.seats"},
    )  # fmt: skip
    answer = caller.client.delete(f"/api/v1/fields/{pk}")
    assert answer.status_code == 409
    for use in (
        "segment “Big”",
        "criterion “Many seats” of Inbound",
        "traits of the source Shop of EMEA",
        "the import fair.csv",
    ):
        assert use in answer.content.decode()
    Segment.objects.all().delete()
    model.criteria.filter(name="Many seats").delete()
    Source.objects.update(mapping={})
    Import.objects.filter(pk=file.pk).update(state=ImportState.DONE)
    assert uses_of("custom.seats") == []
    assert caller.client.delete(f"/api/v1/fields/{pk}").status_code == 204
    assert not Field.objects.exists()


def test_a_field_of_companies_is_another_one(team: Team, caller: Caller) -> None:
    make(caller)
    pk = make(caller, of="company")
    source = Source.objects.named(team, "Shop", "website")
    Source.objects.filter(pk=source.pk).update(mapping={"licences": "fields.seats"})
    assert uses_of("company.custom.seats") == []
    assert caller.client.delete(f"/api/v1/fields/{pk}").status_code == 204


def test_marketing_may_change_but_not_delete(team: Team, caller: Caller) -> None:
    pk = make(caller)
    mia = Caller(make_user("Mia", team, "marketing"))
    assert mia.patch(f"fields/{pk}", {"help": "Paid ones"}).json()["help"] == "Paid ones"
    assert mia.client.delete(f"/api/v1/fields/{pk}").status_code == 403
