"""What only Odoo does: two ways to speak, archived is lost, seconds of microseconds, writes of many that one spoils."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from leads.crm.odoo.connector import Odoo
from leads.crm.words import Access, Busy, Denied, OurField, PushRow, Window
from leads.enums import CrmKind
from tests.fakes.odoo import Odoo19Crm, OdooCrm

COMPANIES, CONTACTS, LEADS, DEALS = CrmKind.COMPANIES, CrmKind.CONTACTS, CrmKind.LEADS, CrmKind.DEALS
SCORE = OurField("score", "Lead score", "number")


@pytest.fixture(params=[OdooCrm, Odoo19Crm])
def crm(request, settings) -> Iterator[OdooCrm]:
    with request.param() as crm:
        settings.OUTBOUND_ALLOWLIST = [crm.base_url.removeprefix("http://")]
        yield crm


def connector(crm: OdooCrm, **secrets: str) -> Odoo:
    return Odoo(Access(crm.base_url, crm.options, crm.secrets | secrets))


def everything() -> Window:
    return Window(None, datetime.now(UTC))


def scored(odoo: Odoo, ids: list[str], *scores: int) -> list[PushRow]:
    return [PushRow(n, id, {odoo.name_of("score"): scores[n % len(scores)]}) for n, id in enumerate(ids)]


def test_each_version_in_its_own_way(crm: OdooCrm) -> None:
    paths: set[str] = set()
    respond = crm.respond
    crm.respond = lambda request: paths.add(request.path.split("/")[1]) or respond(request)  # type: ignore[method-assign]
    crm.add(CONTACTS, email="a@a.example")
    assert [row.values["email"] for row in connector(crm).pull(CONTACTS, everything(), "", []).rows] == ["a@a.example"]
    assert paths == ({"jsonrpc", "json"} if crm.version >= 19 else {"jsonrpc"})
    assert {check.ok for check in connector(crm).test()} == {True}


def test_where_the_old_way_is_gone(crm: OdooCrm) -> None:
    crm.version = 22
    assert connector(crm).ids(CONTACTS, "").ids == []


def test_a_wrong_key(crm: OdooCrm) -> None:
    with pytest.raises(Denied):
        connector(crm, api_key="wrong").ids(CONTACTS, "")
    checks = connector(crm, api_key="wrong").test()
    assert [check.ok for check in checks] == [False]


def test_what_is_archived_is_lost(crm: OdooCrm) -> None:
    for stage in ("offer", "won", "lost"):
        crm.add(DEALS, name=stage, stage=stage, email_from="a@a.example")
    rows = connector(crm).pull(DEALS, everything(), "", ["stage_id", "lost_reason_id"]).rows
    assert [(row.state, row.values["stage_id"]) for row in rows] == [("open", "2"), ("won", "3"), ("lost", "lost")]


def test_an_opportunity_is_still_the_person_it_was(crm: OdooCrm) -> None:
    company = crm.add(COMPANIES, name="Northwind")
    contact = crm.add(CONTACTS, email="a@a.example", links={COMPANIES: [company]})
    lead = crm.add(LEADS, email="b@a.example")
    deal = crm.add(DEALS, name="Seats", stage="offer", email_from="a@a.example", links={CONTACTS: [contact]})
    people = connector(crm).pull(LEADS, everything(), "", []).rows
    assert {row.id: row.same_as for row in people} == {lead: (), deal: ((CONTACTS, contact),)}
    [row] = connector(crm).pull(DEALS, everything(), "", []).rows
    assert dict(row.links) == {LEADS: (deal,), CONTACTS: (contact,), COMPANIES: (company,)}


def test_a_window_in_seconds_misses_no_microsecond(crm: OdooCrm) -> None:
    """The last row of the window was written within the second in which it ends."""
    end = datetime(2026, 11, 21, 22, 54, 24, 100, tzinfo=UTC)
    id = crm.add(CONTACTS, at=end.replace(microsecond=0), email="a@a.example")
    late = crm.add(CONTACTS, at=end + timedelta(microseconds=-1), email="b@a.example")
    assert [row.id for row in connector(crm).pull(CONTACTS, Window(end, end), "", []).rows] == [id, late]


def test_empty_is_false_and_not_a_value(crm: OdooCrm) -> None:
    crm.add(CONTACTS, email="a@a.example")
    [row] = connector(crm).pull(CONTACTS, everything(), "", ["function", "country_id", "is_company", "active"]).rows
    assert [row.values[name] for name in ("function", "country_id", "is_company", "active")] == [
        None,
        None,
        False,
        True,
    ]


def test_rows_of_one_score_are_one_request(crm: OdooCrm) -> None:
    odoo = connector(crm)
    odoo.ensure_fields(LEADS, [SCORE])
    ids = [crm.add(LEADS, email=f"a{n}@a.example") for n in range(300)]
    assert all(result.ok for result in odoo.push(LEADS, scored(odoo, ids, 10, 20, 30)))
    assert crm.counted("push") == 3
    assert [record.values["x_leadscore_score"] for record in crm.living(LEADS)] == [10, 20, 30] * 100


def test_a_missing_record_does_not_keep_the_others_from_being_written(crm: OdooCrm) -> None:
    odoo = connector(crm)
    odoo.ensure_fields(LEADS, [SCORE])
    ids = [crm.add(LEADS, email=f"a{n}@a.example") for n in range(50)]
    crm.delete(LEADS, ids[7])
    crm.refused[ids[9]] = "The score of this one is fixed."
    results = odoo.push(LEADS, scored(odoo, ids, 10))
    assert [(n, result.gone) for n, result in enumerate(results) if not result.ok] == [(7, True), (9, False)]
    assert results[9].error == "The score of this one is fixed."
    assert len([record for record in crm.living(LEADS) if record.values.get("x_leadscore_score") == 10]) == 48


def test_what_is_written_before_an_outage_is_known(crm: OdooCrm, monkeypatch) -> None:
    monkeypatch.setattr("leads.crm.http.TRIES", 1)
    odoo = connector(crm)
    odoo.ensure_fields(LEADS, [SCORE])
    ids = [crm.add(LEADS, email=f"a{n}@a.example") for n in range(3)]
    crm.fail("away", "push", skip=1, times=9)
    assert [(result.ok, result.again) for result in odoo.push(LEADS, scored(odoo, ids, 1, 2, 3))] == [
        (True, False), (False, True), (False, True),
    ]  # fmt: skip
    with pytest.raises(Busy):
        odoo.push(LEADS, scored(odoo, ids, 1, 2, 3))


def test_a_country_goes_there_as_theirs_and_a_source_not_at_all(crm: OdooCrm) -> None:
    said = {"country_id": "DE", "user_id": "7", "source_id": "Website"}
    made = connector(crm).push(LEADS, [PushRow(1, "", said, "a@a.example", "1")])[0]
    held = crm.records[LEADS, made.id].values
    assert (held["country_id"], held["user_id"], held["name"], held["type"]) == (57, 7, "a@a.example", "lead")


def test_an_exception_is_no_server_that_is_down(crm: OdooCrm) -> None:
    """JSON-2 answers 500 for it: it is told of the row, and not tried for ever."""
    id = crm.add(LEADS, email="a@a.example")
    [result] = connector(crm).push(LEADS, [PushRow(1, id, {"nonsense": 1})])
    assert (result.ok, result.again, "nonsense" in result.error) == (False, False, True)


def test_the_campaign_of_a_lead_comes_by_its_name(crm: OdooCrm) -> None:
    crm.add(LEADS, email="a@a.example", campaign_id="Spring fair")
    [row] = connector(crm).pull(LEADS, everything(), "", list(Odoo.defaults[LEADS])).rows
    assert (Odoo.defaults[LEADS]["campaign_id"], row.values["campaign_id"]) == ("campaign", "Spring fair")
