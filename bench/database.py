"""A database of its own for a benchmark, filled with generated leads and events, gone afterwards."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}


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
    """Leads in companies (20 each), events over two years whose number per lead is far from even, newest most."""
    from django.db import connection

    from leads.models import Source, Team

    team = Team.objects.create(name="Bench", slug="bench")
    source = Source.objects.named(team, "Bench", "api")
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_COMPANIES, [team.pk, max(1, leads // 20)])
        cursor.execute(_LEADS, [team.pk, max(1, leads // 20), leads])
        cursor.execute(_EVENTS, {"source": source.pk, "leads": leads, "events": leads * events_per_lead})
        cursor.execute("UPDATE leads_standing SET facts_rev = 1")
    # VACUUM cannot run in a transaction; the statistics decide the plans
    connection.cursor().execute("VACUUM ANALYZE")


_COMPANIES = """
INSERT INTO leads_company (team_id, name, domain, website, phone, industry, employees, revenue, country, city, fields,
                           created_at)
SELECT %s, 'Company ' || i, 'company' || i || '.example', '', '',
       (ARRAY['Manufacturing','Retail','Logistics','Healthcare','Education','Finance',''])[1 + i %% 7],
       CASE WHEN i %% 6 > 0 THEN (10 ^ (1 + random() * 3))::int END,
       CASE WHEN i %% 4 > 0 THEN (10 ^ (5 + random() * 3))::numeric(16, 2) END,
       (ARRAY['DE','US','FR','GB','ES','IT','NL','CN'])[1 + i %% 8], '', '{}', now() - interval '2 years'
  FROM generate_series(1, %s) AS i
"""

_LEADS = """
INSERT INTO leads_lead (team_id, company_id, email, first_name, last_name, title, seniority, department, phone, country,
                        city, website, source, stage, fields, created_at)
SELECT %s, (SELECT min(id) FROM leads_company) + (i %% %s), 'p' || i || '@company' || i %% 1000 || '.example',
       'First' || i %% 500, 'Last' || i %% 3000,
       (ARRAY['VP Operations','CTO','Head of Logistics','Engineer','Student','Plant Manager','Buyer',''])[1 + i %% 8],
       (ARRAY['vp','c_level','head','staff','trainee','manager','staff',''])[1 + i %% 8],
       (ARRAY['operations','it','logistics','engineering','','operations','purchasing',''])[1 + i %% 8],
       CASE WHEN i %% 3 = 0 THEN '+49301234567' ELSE '' END,
       (ARRAY['DE','US','FR','GB','ES','IT','NL',''])[1 + (i / 7) %% 8], '', '',
       (ARRAY['Webinar','Search','Trade fair','Referral','Bought list'])[1 + (i / 3) %% 5], 'new',
       jsonb_build_object('budget', (i * 37) %% 90000, 'plan', (ARRAY['Basic','Pro','Max'])[1 + i %% 3]),
       now() - random() * interval '730 days'
  FROM generate_series(1, %s) AS i
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
