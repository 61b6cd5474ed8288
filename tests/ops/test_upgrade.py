"""An installation of an earlier release, with a company in it, is brought up to date."""

import json
import os
import subprocess
import sys
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from tests.ops.installation import PROJECT

FIRST = (("leads", "0008"), ("scoring", "0006"))  # what was there before anything was released after it
# Without looking for garbage, which takes a quarter of the time and finds only models of earlier migrations.
MIGRATE = """
import gc, json, os, sys
import django
from django.core.management import call_command
os.environ["DJANGO_SETTINGS_MODULE"] = "leadscore.settings"
django.setup()
gc.disable()
for target in json.loads(sys.argv[1]):
    call_command("migrate", *target, verbosity=0)
"""
COMPANY = """
INSERT INTO leads_team (id, name, slug) VALUES (1, 'EMEA', 'emea');
INSERT INTO leads_user (id, email, name, password, is_active, is_superuser, created_at)
     VALUES (1, 'rep@example.com', 'Rita', '', true, false, now());
INSERT INTO leads_source (id, team_id, name, slug, kind, mapping) VALUES (1, 1, 'Website', 'web', 'website', '{}');
INSERT INTO leads_lead (id, team_id, email, first_name, last_name, title, seniority, department, phone, country, city,
                        website, source, stage, fields, created_at)
     VALUES (1, 1, 'info@mailinator.com', 'Ana', 'Ruiz', 'VP', '', '', '', '', '', '', '', 'accepted', '{}', now());
INSERT INTO leads_event (lead_id, kind_id, source_id, occurred_at, day, received_at, message_id, properties,
                         quarantined)
     SELECT 1, min(id), 1, now(), 20000, now(), 'm1', '{}', false FROM leads_eventkind;
INSERT INTO leads_handoff (team_id, lead_id, assignee_id, assigned_because, state, opened_at, due_at, decided_at,
                           decided_by_id, grade, label, reasons)
     VALUES (1, 1, 1, '', 'accepted', '2026-03-06T09:00Z', now(), '2026-03-06T11:00Z', 1, 'A1', 'hot', '[]');
"""


@pytest.mark.django_db(transaction=True)
def test_a_company_of_an_earlier_release_is_brought_up_to_date() -> None:
    name = f"upgrade_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        migrate(name, *FIRST)
        run(name, COMPANY)
        migrate(name, ())
        told = run(name, "SELECT email FROM leads_lead; SELECT hours_taken FROM leads_handoff")
        assert told == [("info@mailinator.com",), (2.0,)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrate(database: str, *targets: tuple[str, ...]) -> None:
    """`manage.py migrate` to each target, in one process."""
    told = connection.settings_dict
    host = quote(told["HOST"] or "", safe="")
    port = f":{told['PORT']}" if told["PORT"] else ""
    at = f"{quote(told['USER'])}:{quote(told['PASSWORD'] or 'x', safe='')}@{host}{port}"
    environment = os.environ | {"DATABASE_URL": f"postgres://{at}/{database}"}
    subprocess.run(
        [sys.executable, "-c", MIGRATE, json.dumps(targets)],
        cwd=PROJECT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )


def run(database: str, statements: str) -> list[tuple]:
    """The rows that the statements give, all together."""
    rows: list[tuple] = []
    with connect(database) as other, other.cursor() as cursor:
        for statement in statements.split(";"):
            if statement.strip():
                cursor.execute(statement)
                rows += cursor.fetchall() if cursor.description else []
    return rows


def connect(database: str) -> psycopg.Connection:
    told = connection.get_connection_params()
    told = {key: told[key] for key in ("host", "port", "user", "password") if told.get(key)}
    return psycopg.connect(dbname=database, autocommit=True, **told)
