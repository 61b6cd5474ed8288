"""A database of its own for a benchmark, filled with generated leads and events, gone afterwards."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}


def scale() -> tuple[str, int]:
    name = os.environ.get("SCALE", "10k").lower()
    if name not in SIZES:
        sys.exit(f"SCALE={name} is not known; use one of {', '.join(SIZES)}")
    return name, SIZES[name]


@contextmanager
def database() -> Iterator[None]:
    """The embedded server, or the one of DATABASE_URL; in it a fresh database, migrated. Django is set up inside."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("DATA_DIR", "var/bench")
    os.environ.setdefault("EMBEDDED_DURABLE", "0")
    from leadscore.embedded.sharing import servers

    with servers():
        import django

        django.setup()
        from django.db import connection

        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def fill(leads: int, events_per_lead: int = 10) -> None:
    """Leads in companies (20 each), events over two years whose number per lead is far from even, newest most.

    Nine in ten leads belong to the first of ten teams; a third have one of 20 owners.
    """
    from django.db import connection

    from leads.models import Company, Event, Lead, Source, Standing, Team, User

    teams = [Team.objects.create(name=f"Bench {i}", slug=f"bench-{i}") for i in range(1, 11)]
    owners = [User.objects.create(email=f"rep{i}@bench.example", name=f"Rep {i}") for i in range(1, 21)]
    counts = {
        "leads": leads, "companies": max(1, leads // 20), "events": leads * events_per_lead, "team": teams[0].pk,
        "owner": owners[0].pk, "source": Source.objects.named(teams[0], "Bench", "api").pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        with bare(cursor, Company, Lead, Standing, Event):
            for statement in (_COMPANIES, _LEADS, _STANDINGS, _EVENTS):
                cursor.execute(statement, counts)
        cursor.execute("VACUUM ANALYZE")  # the statistics decide the plans


@contextmanager
def bare(cursor: Any, *models: Any) -> Iterator[None]:
    """Tables without triggers, foreign keys and indexes while they are filled, but for their primary keys.

    What the triggers would have done, the statements do. Indexes are built once, of all rows. Columns the statements
    do not name take the defaults of the models, which the database does not know otherwise.
    """
    tables = [model._meta.db_table for model in models]
    cursor.execute(_FOREIGN_KEYS, [tables])
    kept = cursor.fetchall()
    cursor.execute(_INDEXES, [tables])
    kept += cursor.fetchall()
    for _, away, _ in kept:
        cursor.execute(away)
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    defaults = [
        (model._meta.db_table, field) for model in models for field in model._meta.local_fields if _fills(field)
    ]
    for table, field in defaults:
        value = field.get_db_prep_save(field.get_default(), cursor.db)
        cursor.execute(f'ALTER TABLE {table} ALTER "{field.column}" SET DEFAULT %s', [value])
    yield
    cursor.execute("SET maintenance_work_mem = '1GB'")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    for table, field in defaults:
        cursor.execute(f'ALTER TABLE {table} ALTER "{field.column}" DROP DEFAULT')
    for _, _, back in reversed(kept):
        cursor.execute(back)
    cursor.execute("RESET maintenance_work_mem")


def _fills(field: Any) -> bool:
    """Whether the model has a value for a column that must have one."""
    return not (field.null or field.primary_key or field.generated) and field.get_default() is not None


# Name, how it goes and how it comes back.
_FOREIGN_KEYS = """
SELECT conname, format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY conname
"""

_INDEXES = """
SELECT c.relname,
       CASE WHEN k.oid IS NULL THEN format('DROP INDEX %%I', c.relname)
            ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', i.indrelid::regclass, k.conname) END,
       CASE WHEN k.oid IS NULL THEN pg_get_indexdef(i.indexrelid)
            ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', i.indrelid::regclass, k.conname,
                        pg_get_constraintdef(k.oid)) END
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid
   AND k.contype = 'u'
 WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary ORDER BY c.relname
"""

_COMPANIES = """
INSERT INTO leads_company (team_id, name, domain, website, phone, industry, employees, revenue, country, city, fields,
                           created_at)
SELECT %(team)s, 'Company ' || i, 'company' || i || '.example', '', '',
       (ARRAY['Manufacturing','Retail','Logistics','Healthcare','Education','Finance',''])[1 + i %% 7],
       CASE WHEN i %% 6 > 0 THEN (10 ^ (1 + random() * 3))::int END,
       CASE WHEN i %% 4 > 0 THEN (10 ^ (5 + random() * 3))::numeric(16, 2) END,
       (ARRAY['DE','US','FR','GB','ES','IT','NL','CN'])[1 + i %% 8], '', '{}', now() - interval '2 years'
  FROM generate_series(1, %(companies)s) AS i
"""

_LEADS = """
INSERT INTO leads_lead (team_id, company_id, owner_id, email, first_name, last_name, title, seniority, department,
                        phone, country, city, website, source, stage, fields, created_at)
SELECT %(team)s + CASE WHEN i %% 10 = 0 THEN (i / 10) %% 10 ELSE 0 END, companies.first + (i %% %(companies)s),
       CASE WHEN i %% 3 = 0 THEN %(owner)s + (i / 3) %% 20 END,
       'p' || i || '@company' || i %% 1000 || '.example', 'First' || i %% 500, 'Last' || i %% 3000,
       (ARRAY['VP Operations','CTO','Head of Logistics','Engineer','Student','Plant Manager','Buyer',''])[1 + i %% 8],
       (ARRAY['vp','c_level','head','staff','trainee','manager','staff',''])[1 + i %% 8],
       (ARRAY['operations','it','logistics','engineering','','operations','purchasing',''])[1 + i %% 8],
       CASE WHEN i %% 3 = 0 THEN '+49301234567' ELSE '' END,
       (ARRAY['DE','US','FR','GB','ES','IT','NL',''])[1 + (i / 7) %% 8], '', '',
       (ARRAY['Webinar','Search','Trade fair','Referral','Bought list'])[1 + (i / 3) %% 5],
       (ARRAY['new','new','new','new','nurture','nurture','handed_off','accepted','rejected',
              'customer'])[1 + (i / 11) %% 10],
       jsonb_build_object('budget', (i * 37) %% 90000, 'plan', (ARRAY['Basic','Pro','Max'])[1 + i %% 3]),
       now() - random() * interval '730 days'
  FROM generate_series(1, %(leads)s) AS i, (SELECT min(id) AS first FROM leads_company) AS companies
"""

_STANDINGS = """
INSERT INTO leads_standing (lead_id, team_id, owner_id, stage, grade, label, seq, points, facts_rev, scored_rev,
                            due_cause)
SELECT id, team_id, owner_id, stage, '', '', 0, '{}', 1, 0, 'activity' FROM leads_lead ORDER BY id
"""

_EVENTS = """
INSERT INTO leads_event (lead_id, kind_id, source_id, occurred_at, day, received_at, message_id, properties,
                         quarantined)
SELECT (SELECT min(id) FROM leads_lead) + floor(%(leads)s * random() ^ 3)::bigint,
       kinds.ids[1 + floor(cardinality(kinds.ids) * random() ^ 2)::int], %(source)s, t,
       timezone('UTC', t)::date - date '1970-01-01', t, 'm' || i,
       jsonb_build_object('url', (ARRAY['/pricing','/docs','/blog','/demo','/'])[1 + floor(random() * 5)::int],
                          'campaign', 'c' || i %% 40), false
  FROM (SELECT i, now() - interval '730 days' * (1 - i::float8 / %(events)s) AS t
          FROM generate_series(1, %(events)s) AS i) AS e,
       (SELECT array_agg(id ORDER BY id) AS ids FROM leads_eventkind WHERE by_lead) AS kinds
"""
