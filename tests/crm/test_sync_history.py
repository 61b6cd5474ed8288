"""What syncs did with a lead, on its page and in the API."""

from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.enums import Role
from leads.models import Connection, Lead, SyncEntry
from tests.leads.api import Caller
from tests.sales import make_lead, make_team, make_user


@pytest.fixture
def lead(db: None) -> Lead:
    return make_lead(make_team())


@pytest.fixture
def connection(lead: Lead) -> Connection:
    return Connection.make(lead.team, crm="hubspot", name="HubSpot", slug="hubspot", options={"portal": "77"})


def done(connection: Connection, lead: Lead, what: str = "pulled", **more: Any) -> SyncEntry:
    more = {"kind": "contacts", "external_id": "501", "said": {"title": ["CTO", "CEO"]}} | more
    return SyncEntry.objects.create(connection=connection, lead=lead, what=what, **more)


def as_rep(client: Client) -> Client:
    client.force_login(make_user("Rob", make_team(), Role.REP))
    return client


def test_newest_first_with_what_changed_and_where_it_is(client: Client, lead: Lead, connection: Connection) -> None:
    done(connection, lead, "made_there", said={})
    done(connection, lead, words="By the nightly sweep")
    done(connection, make_lead(lead.team), "gone")
    page = as_rep(client).get(f"/leads/{lead.pk}/sync-history/")
    first, second = page.context["page"].rows
    assert (first.what, second.what) == ("pulled", "made_there")
    assert first.url == "https://app.hubspot.com/contacts/77/record/0-1/501"
    assert f'href="{first.url}"' in page.text
    assert "By the nightly sweep" in page.text
    assert [(each.field, each.before, each.after) for each in first.changes] == [("Job title", "CTO", "CEO")]

    done(connection, lead, "gone")  # there is nothing to open any more
    [gone, said, _] = Caller(make_user("Rita", lead.team)).get(f"leads/{lead.pk}/sync-history").json()["results"]
    assert gone["url"] == ""
    assert (said["what"], said["url"], said["said"]) == ("pulled", first.url, {"title": ["CTO", "CEO"]})


def test_the_card_is_on_the_page_once_a_crm_is_connected(client: Client, lead: Lead) -> None:
    there = f'hx-get="/leads/{lead.pk}/sync-history/"'
    assert there not in as_rep(client).get(f"/leads/{lead.pk}/").text
    Connection.make(lead.team, crm="hubspot", name="HubSpot", slug="hubspot")
    assert there in client.get(f"/leads/{lead.pk}/").text
    assert "Nothing was synced yet" in client.get(f"/leads/{lead.pk}/sync-history/").text


def test_pages_of_it_and_what_a_crm_that_is_no_more_did(client: Client, lead: Lead, connection: Connection) -> None:
    Connection.objects.update(crm="pencil")
    entries = [done(connection, lead, said={"deal": "500 seats"}).pk for _ in range(11)]
    as_rep(client)
    first = client.get(f"/leads/{lead.pk}/sync-history/", headers={"HX-Request": "true"}).context["page"]
    assert [row.pk for row in first.rows] == entries[:0:-1]
    assert {row.url for row in first.rows} == {""}
    rest = client.get(f"/leads/{lead.pk}/sync-history/", {"cursor": first.next})
    assert [row.pk for row in rest.context["page"].rows] == entries[:1]
    anew = client.get(f"/leads/{lead.pk}/sync-history/", {"cursor": "nonsense"})
    assert anew.context["page"] == client.get(f"/leads/{lead.pk}/sync-history/").context["page"]


def test_strangers_see_nothing(client: Client, lead: Lead, connection: Connection) -> None:
    done(connection, lead)
    stranger = make_user("Theo", make_team("APAC"), Role.ADMIN)
    client.force_login(stranger)
    assert client.get(f"/leads/{lead.pk}/sync-history/").status_code == 404
    assert Caller(stranger).get(f"leads/{lead.pk}/sync-history").status_code == 404


def test_it_costs_the_same_for_one_row_and_for_three(client: Client, lead: Lead, connection: Connection) -> None:
    caller = Caller(make_user("Rita", lead.team))
    as_rep(client)

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(database) as page:
            client.get(f"/leads/{lead.pk}/sync-history/")
        with CaptureQueriesContext(database) as api:
            caller.get(f"leads/{lead.pk}/sync-history")
        return len(page), len(api)

    done(connection, lead)
    cost()
    one = cost()
    done(connection, lead, "pushed")
    done(Connection.make(lead.team, crm="odoo", name="Odoo", slug="odoo"), lead, "made_there")
    assert cost() == one
