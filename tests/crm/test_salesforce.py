"""What only Salesforce does: sessions, limits, the recycle bin, Bulk, collections, fields that nobody sees."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from leads.crm.salesforce.connector import Salesforce
from leads.crm.salesforce.rows import read_csv
from leads.crm.words import Access, Busy, Denied, OurField, Page, PushRow, Window
from leads.enums import CrmKind
from tests.fakes.salesforce import SalesforceCrm

CONTACTS, LEADS, DEALS = CrmKind.CONTACTS, CrmKind.LEADS, CrmKind.DEALS
SCORE, OWN = OurField("score", "Lead score", "number"), OurField("id", "leadscore id")


@pytest.fixture
def crm(settings) -> Iterator[SalesforceCrm]:
    with SalesforceCrm() as crm:
        settings.OUTBOUND_ALLOWLIST = [crm.base_url.removeprefix("http://")]
        yield crm


def connector(crm: SalesforceCrm, **changes: str) -> Salesforce:
    return Salesforce(Access(crm.base_url, crm.options, crm.secrets | changes))


def since(hours: float) -> Window:
    return Window(datetime.now(UTC) - timedelta(hours=hours), datetime.now(UTC) + timedelta(minutes=1))


def load(salesforce: Salesforce, kind: str = CONTACTS) -> list[str]:
    ids, after = list[str](), ""
    while True:
        page = salesforce.pull(kind, Window(None, datetime.now(UTC)), after, [])
        ids, after = ids + [row.id for row in page.rows], page.next
        if not after:
            return ids


def test_a_session_is_kept_and_renewed(crm: SalesforceCrm) -> None:
    kept: dict[str, str] = {}
    access = Access(crm.base_url, {}, crm.secrets, kept.__setitem__)
    Salesforce(access).ids(CONTACTS, "")
    first = kept["session"]
    Salesforce(Access(crm.base_url, {}, crm.secrets | kept, kept.__setitem__)).ids(CONTACTS, "")
    assert (kept["session"], crm.counted("token")) == (first, 1)
    crm.expire()
    Salesforce(Access(crm.base_url, {}, crm.secrets | kept, kept.__setitem__)).ids(CONTACTS, "")
    assert (kept["session"] != first, crm.counted("token")) == (True, 2)


def test_a_wrong_key_is_denied_in_their_words(crm: SalesforceCrm) -> None:
    with pytest.raises(Denied, match="invalid client credentials"):
        connector(crm, consumer_secret="wrong").ids(CONTACTS, "")
    assert connector(crm, consumer_secret="wrong").test()[0].ok is False
    assert {check.ok for check in connector(crm).test()} == {True}


def test_signing_in_with_an_assertion(crm: SalesforceCrm) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    crm.options["username"] = "sync@acme.example"
    assert connector(crm, private_key=pem).ids(CONTACTS, "").ids == []
    with pytest.raises(Denied, match="private key cannot be used"):
        connector(crm, private_key="not a key").ids(CONTACTS, "")


def test_the_limit_of_a_day_is_a_long_pause_not_a_wrong_key(crm: SalesforceCrm) -> None:
    crm.fail("busy", "ids")
    with pytest.raises(Busy, match="REQUEST_LIMIT_EXCEEDED") as busy:
        connector(crm).ids(CONTACTS, "")
    assert (busy.value.pause, crm.counted("ids")) == (900, 1)


def test_what_was_deleted_and_what_was_merged(crm: SalesforceCrm) -> None:
    kept, other, gone = (crm.add(CONTACTS, email=f"{name}@a.example") for name in ("kept", "other", "gone"))
    crm.delete(CONTACTS, gone)
    crm.merge(CONTACTS, kept, other)
    page = connector(crm).pull(CONTACTS, since(1), "", [])
    assert {row.id: (row.archived, row.merged) for row in page.rows} == {kept: (False, (other,)), gone: (True, ())}
    crm.records[CONTACTS, kept].modified_at -= timedelta(hours=3)  # the master is not in the window itself
    page = connector(crm).pull(CONTACTS, since(1), "", [])
    assert {row.id: row.merged for row in page.rows if not row.archived} == {kept: (other,)}


def test_the_first_load_goes_by_bulk(crm: SalesforceCrm) -> None:
    ids = [crm.add(CONTACTS, email=f"a{n}@a.example", title='With "quotes",\nlines') for n in range(4100)]
    crm.looks = 1
    salesforce = connector(crm)
    first = salesforce.pull(CONTACTS, Window(None, datetime.now(UTC)), "", ["Title"])
    assert (first.total, first.rows[0].values["Title"]) == (4100, 'With "quotes",\nlines')
    assert load(salesforce) == ids
    assert (crm.counted("pull"), crm.counted("bulk")) == (4, 4)


def test_long_values_change_no_limit_of_the_process() -> None:
    before = csv.field_size_limit()
    text = f'"Id","Description"\n"1","{"x" * (before + 1)}"\n'
    [record] = read_csv(text, 1, {})
    assert (len(record["Description"]), csv.field_size_limit()) == (before + 1, before)


def test_a_page_of_bulk_that_was_cut_short_is_read_again(crm: SalesforceCrm) -> None:
    for n in range(30):
        crm.add(CONTACTS, email=f"a{n}@a.example")
    crm.fail("cut", "pull")
    with pytest.raises(Busy):
        load(connector(crm))
    assert len(load(connector(crm))) == 30


def test_results_that_are_no_longer_kept_are_read_by_id(crm: SalesforceCrm) -> None:
    ids = [crm.add(CONTACTS, email=f"a{n}@a.example") for n in range(2500)]
    window = Window(None, datetime.now(UTC))
    first = connector(crm).pull(CONTACTS, window, "", [])
    crm.jobs.clear()
    rest = connector(crm).pull(CONTACTS, window, first.next, [])
    assert [row.id for row in (*first.rows, *rest.rows)] == ids


def test_a_job_that_takes_long_gives_the_page_back(crm: SalesforceCrm, monkeypatch) -> None:
    monkeypatch.setattr("leads.crm.salesforce.connector.BETWEEN", 0)
    ids = [crm.add(CONTACTS, email="a@a.example")]
    crm.looks = 25
    page = connector(crm).pull(CONTACTS, Window(None, datetime.now(UTC)), "", [])
    assert (page.rows, page.next[:4]) == ([], "job ")
    again = connector(crm).pull(CONTACTS, Window(None, datetime.now(UTC)), page.next, [])
    assert [row.id for row in again.rows] == ids


def test_a_query_whose_page_ends_early_is_read_to_its_end(crm: SalesforceCrm) -> None:
    ids = [crm.add(DEALS, name="Seats", stage="offer") for _ in range(1500)]
    assert load(connector(crm), DEALS) == ids


def test_a_converted_lead_is_the_contact_it_became(crm: SalesforceCrm) -> None:
    contact = crm.add(CONTACTS, email="a@a.example")
    crm.add(LEADS, email="a@a.example", IsConverted=True, ConvertedContactId=contact)
    page = connector(crm).pull(LEADS, since(1), "", [])
    assert [row.same_as for row in page.rows] == [((CONTACTS, contact),)]


def test_what_was_done_with_people(crm: SalesforceCrm) -> None:
    contact, lead = crm.add(CONTACTS, email="a@a.example"), crm.add(LEADS, email="b@a.example")
    crm.add(CrmKind.ACTIVITIES, Subject="Call", TaskSubtype="Call", links={CONTACTS: [contact]})
    crm.add(CrmKind.ACTIVITIES, Subject="Hello", TaskSubtype="Email", ActivityDate="2026-11-02", links={LEADS: [lead]})
    page = connector(crm).pull(CrmKind.ACTIVITIES, since(1), "", [])
    assert [(row.values["kind"], dict(row.links)) for row in page.rows] == [
        ("call_held", {CONTACTS: (contact,)}), ("email_sent", {LEADS: (lead,)}),
    ]  # fmt: skip
    assert page.rows[1].values["occurred_at"] == datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert connector(crm).pull(CrmKind.ACTIVITIES, since(1), page.next, []) == Page([], "")


def test_200_rows_are_one_request(crm: SalesforceCrm) -> None:
    salesforce = connector(crm)
    salesforce.ensure_fields(LEADS, [SCORE])
    ids = [crm.add(LEADS, email=f"a{n}@a.example") for n in range(200)]
    rows = [PushRow(n, id, {salesforce.name_of("score"): n}) for n, id in enumerate(ids)]
    before = salesforce.http.calls
    assert all(result.ok for result in salesforce.push(LEADS, rows))
    assert salesforce.http.calls - before == 1


def test_our_number_is_known_again_though_the_address_changed(crm: SalesforceCrm) -> None:
    salesforce = connector(crm)
    salesforce.ensure_fields(LEADS, [SCORE, OWN])
    made = salesforce.push(LEADS, [PushRow(1, "", {}, "a@a.example", "77")])[0]
    crm.edit(LEADS, made.id, email="new@a.example")
    found = connector(crm).push(LEADS, [PushRow(1, "", {}, "a@a.example", "77")])[0]
    assert (made.made, found.made, found.id) == (True, False, made.id)
    assert crm.get(LEADS, made.id)["Leadscore_Id__c"] == "77"


def test_two_leads_with_one_address_make_one_record(crm: SalesforceCrm) -> None:
    rows = [PushRow(1, "", {}, "a@a.example", "1"), PushRow(2, "", {}, "A@a.example", "2")]
    results = connector(crm).push(LEADS, rows)
    assert [(result.ok, result.again) for result in results] == [(True, False), (False, True)]
    assert len(crm.living(LEADS)) == 1


def test_a_field_is_made_and_shown(crm: SalesforceCrm) -> None:
    assert connector(crm).ensure_fields(LEADS, [SCORE]) == ["Leadscore_Score__c"]
    crm.shown.clear()  # somebody took the permission away: it is there, but we do not see it
    assert connector(crm).ensure_fields(LEADS, [SCORE]) == ["Leadscore_Score__c"]
    assert connector(crm).ensure_fields(LEADS, [SCORE]) == []
    assert len(crm.permission_sets) == 1
