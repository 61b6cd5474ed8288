"""The keys of a connection: sealed in the database, told by their last four characters, and nowhere else at all."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import Client

from leads.crm.registry import connector_of
from leads.crm.sync.runner import sync_now
from leads.enums import CrmKind, Role
from leads.models import Connection, Lead, SyncProblem
from tests.fakes.hubspot import TOKEN, HubSpotCrm
from tests.leads.api import Caller
from tests.sales import hand_off, make_team, make_user

SECRETS = {"token": TOKEN, "client_secret": "a-client-secret-of-the-app"}


@pytest.fixture
def crm(db: None, settings: Any, tmp_path: Path) -> Iterator[HubSpotCrm]:
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEYS_FILE = [], tmp_path / "encryption_keys"
    with HubSpotCrm() as fake:
        settings.OUTBOUND_ALLOWLIST = [fake.base_url.removeprefix("http://")]
        yield fake


def connect(client: Client, crm: HubSpotCrm) -> Connection:
    said = {"name": "HubSpot", "team": make_team().pk, "creates": "handed_off", "base_url": crm.base_url}
    answer = client.post("/connections/new/hubspot/", said | {f"setting_{name}": key for name, key in SECRETS.items()})
    assert answer.status_code == 302
    return Connection.objects.get()


def test_no_page_answer_log_or_table_holds_a_key(crm: HubSpotCrm, client: Client,
                                                 caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    admin = make_user("Ada", make_team(), Role.MARKETING, is_superuser=True)
    client.force_login(admin)
    crm.add(CrmKind.CONTACTS, email="ana@example.com", first_name="Ana")
    hand_off(make_team(), email="ben@example.com")
    connection = connect(client, crm)
    crm.refused["ben@example.com"] = f"Refused: Bearer {TOKEN}"  # some repeat what they were sent
    at = f"/connections/{connection.pk}"
    told = [client.post(f"{at}/tests"), client.post(f"{at}/trial/"), client.post(f"{at}/resumption")]
    for fault in (None, "denied", "away"):
        if fault:
            crm.fail(fault, "pull", times=9)
        connection.refresh_from_db()
        sync_now(connection)
    assert SyncProblem.objects.exists()
    parts = ("", "settings/", "fields/", "stages/", "trial/", "reconciliation/", "status")
    lead = Lead.objects.get(email="ben@example.com")
    told += [client.get(f"{at}/{part}") for part in parts]
    told += [client.get(path) for path in ("/connections/", f"/leads/{lead.pk}/", f"/leads/{lead.pk}/sync-history/")]
    told += [client.get(path) for path in ("/admin/", "/notices/")]
    api = Caller(admin)
    parts = ("", "/fields", "/stages", "/status", "/runs", "/problems", "/conflicts", "/reconciliation")
    told += [api.get(f"connections/{connection.pk}{part}") for part in parts]
    assert [answer.status_code for answer in told if answer.status_code not in (200, 302)] == []

    everything = "".join(answer.content.decode() for answer in told) + caplog.text
    assert f"••••{TOKEN[-4:]}" in everything
    assert [name for name, key in SECRETS.items() if key in everything] == []
    assert [found for key in SECRETS.values() for found in tables_with(key)] == []
    assert tables_with("ana@example.com")  # so it would have been found


def test_keys_are_sealed_anew_and_go_on_working(crm: HubSpotCrm, client: Client) -> None:
    client.force_login(make_user("Mia", make_team(), Role.MARKETING))
    connection = connect(client, crm)
    before = set(connection.secrets.values_list("value", flat=True))
    call_command("rotate_keys", "--forget")
    assert not before & set(Connection.objects.get().secrets.values_list("value", flat=True))
    assert connector_of(Connection.objects.get()).access.secrets == SECRETS
    assert all(check.ok for check in client.post(f"/connections/{connection.pk}/tests").context["checks"])
    shown = Caller(make_user("Ben", make_team(), Role.MARKETING)).get(f"connections/{connection.pk}").json()
    assert json.dumps(shown["secrets"], sort_keys=True) == json.dumps(
        {name: f"••••{key[-4:]}" for name, key in sorted(SECRETS.items())}
    )


def tables_with(text: str) -> list[str]:
    """Tables of which a row holds the text anywhere."""
    with database.cursor() as cursor:
        found = []
        for name in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{name}" t WHERE t::text LIKE %s)', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.append(name)
        return found
