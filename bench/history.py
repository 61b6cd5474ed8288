"""A company with two years behind it: leads in the order in which they came, their scores, handoffs, answers and deals.

One lead in eight is handed off, the better the score the sooner; of those accepted most get a deal, of which half is
won. Nine in ten leads belong to the first of ten teams. Six versions followed one another, and a second model decides
for one lead in six.
"""

from datetime import timedelta
from typing import Any

DAYS = 730
TEAMS, REPS, VERSIONS = 10, 20, 6


def fill_history(leads: int) -> None:
    """Everything the reports are made of, by a handful of statements; the summaries are not counted yet."""
    from django.db import connection

    from bench.database import bare
    from leads.models import Company, Deal, Feedback, Handoff, Lead, Standing
    from scoring.models import Entry

    counts = _people() | _versions() | {"leads": leads, "companies": max(1, leads // 20), "days": DAYS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        with bare(cursor, Company, Lead, Standing, Entry, Handoff, Feedback, Deal):
            for statement in (_COMPANIES, _LEADS, _ENTRIES, _STANDINGS, _HANDOFFS, _FEEDBACK, _DEALS, _COSTS):
                cursor.execute(statement, counts)
        cursor.execute("VACUUM ANALYZE")  # the statistics decide the plans


def _people() -> dict[str, Any]:
    from leads.enums import SourceKind
    from leads.models import Source, Team, User

    teams = [Team.objects.create(name=f"Bench {i}", slug=f"bench-{i}") for i in range(1, TEAMS + 1)]
    reps = [User.objects.create(email=f"rep{i}@bench.example", name=f"Rep {i}") for i in range(REPS)]
    crm = Source.objects.named(teams[0], "CRM", SourceKind.CRM)
    return {"team": teams[0].pk, "teams": TEAMS, "rep": reps[0].pk, "reps": REPS, "crm": crm.pk}


def _versions() -> dict[str, Any]:
    from django.utils import timezone

    from bench.models import event_criteria, field_criteria, version
    from scoring.models import ScoringModel, Version

    criteria = field_criteria() + event_criteria()
    each = timedelta(days=DAYS / VERSIONS)
    made = [version(criteria, at=timezone.now() - each * (VERSIONS - number)) for number in range(VERSIONS)]
    other = ScoringModel.objects.create(slug="second", name="Second")
    second = Version.objects.create(
        model=other, number=1, definition=made[0].definition, published_at=made[0].published_at
    )
    return {"versions": [each.pk for each in made], "each": each, "second": second.pk}


_COMPANIES = """
INSERT INTO leads_company (team_id, name, domain, website, phone, industry, country, city, fields, created_at)
SELECT %(team)s, 'Company ' || i, 'company' || i || '.example', '', '', 'Retail', 'DE', '', '{}', now()
  FROM generate_series(1, %(companies)s) AS i
"""

_LEADS = """
INSERT INTO leads_lead (team_id, company_id, email, first_name, last_name, title, seniority, department, phone, country,
                        city, website, source, campaign, stage, fields, created_at)
SELECT %(team)s + CASE WHEN i %% 10 = 0 THEN (i / 10) %% %(teams)s ELSE 0 END, c.first + (i %% %(companies)s),
       'p' || i || '@company' || i %% 1000 || '.example', 'First' || i %% 500, 'Last' || i %% 3000, 'Buyer', 'staff',
       'purchasing', '', 'DE', '', '',
       (ARRAY['Webinar','Search','Trade fair','Referral','Bought list','Newsletter','Partner','Website','Social',
              'Outbound','Magazine',''])[1 + floor(12 * random() ^ 1.5)::int],
       CASE WHEN i %% 3 > 0 THEN 'Campaign ' || i %% 12 ELSE '' END, 'new', '{}',
       now() - %(days)s * interval '1 day' * (1 - (i - random()) / %(leads)s)
  FROM generate_series(1, %(leads)s) AS i, (SELECT min(id) AS first FROM leads_company) AS c
"""

# Two scores each: on the first day, and three weeks later with more of it.
_ENTRIES = """
INSERT INTO scoring_entry (lead_id, seq, cause, version_id, as_of, recorded_at, grade_before, label_before, fit,
                           engagement, total, grade, label, points)
SELECT id, seq, 'activity', version, at, at, '', '', fit, total - fit, total,
       substr('DCBA', 1 + least(3, fit / 13), 1) || substr('4321', 1 + least(3, (total - fit) / 13), 1),
       (ARRAY['cold','cool','warm','hot'])[1 + least(3, total / 25)], '{}'
  FROM (SELECT id, seq, created_at + interval '1 day' * (1 + (seq - 1) * 20) AS at,
               CASE WHEN id %% 6 = 0 THEN %(second)s ELSE (%(versions)s::int[])[1 + floor(
                    date_part('epoch', created_at - now() + %(days)s * interval '1 day')
                    / date_part('epoch', %(each)s::interval))::int] END AS version,
               floor(50 * random() ^ 2)::int AS fit, floor(50 * random() ^ (3 - seq))::int AS more
          FROM leads_lead, generate_series(1, 2) AS seq) AS l,
       LATERAL (SELECT fit + more AS total) AS t
 WHERE at < now() ORDER BY at
"""

_STANDINGS = """
INSERT INTO leads_standing (lead_id, team_id, stage, fit, engagement, total, grade, label, version, as_of, seq, points,
                            facts_rev, scored_rev, due_cause)
SELECT l.id, l.team_id, l.stage, e.fit, e.engagement, e.total, coalesce(e.grade, ''), coalesce(e.label, ''),
       e.version_id, e.as_of, coalesce(e.seq, 0), '{}', 1, 1, 'activity'
  FROM leads_lead l
  LEFT JOIN (SELECT DISTINCT ON (lead_id) * FROM scoring_entry ORDER BY lead_id, seq DESC) e ON e.lead_id = l.id
 ORDER BY l.id
"""

# The better the score the more likely; answered by the reps of the company, some of it still open.
_HANDOFFS = """
INSERT INTO leads_handoff (team_id, lead_id, assignee_id, state, opened_at, opened_by_id, due_at, decided_at,
                           decided_by_id, hours_taken, contacted_at, total, grade, label, version, points)
SELECT team_id, lead_id, rep, state, opened, CASE WHEN lead_id %% 9 = 0 THEN rep END, opened + interval '1 day',
       CASE WHEN state <> 'open' THEN opened + hours * interval '3 hours' END, CASE WHEN state <> 'open' THEN rep END,
       CASE WHEN state <> 'open' THEN hours END,
       CASE WHEN state = 'accepted' AND lead_id %% 3 > 0 THEN opened + hours * interval '4 hours' END,
       total, grade, label, version_id, array_fill((total / 10)::smallint, ARRAY[12])
  FROM (SELECT l.team_id, e.*, e.as_of + random() * interval '10 days' AS opened, 40 * random() ^ 3 AS hours,
               %(rep)s + floor(%(reps)s * random())::int AS rep, random() AS luck
          FROM scoring_entry e JOIN leads_lead l ON l.id = e.lead_id
         WHERE e.seq = 1 + l.id %% 2 AND random() < 0.0012 * (5 + e.total) * 2.6) AS h,
       LATERAL (SELECT CASE WHEN opened > now() - interval '4 days' * luck THEN 'open'
                            WHEN luck < 0.3 + h.total / 250.0 THEN 'accepted' WHEN luck < 0.9 THEN 'rejected'
                            WHEN luck < 0.97 THEN 'recycled' ELSE 'expired' END AS state) AS s
 WHERE opened < now() ORDER BY opened
"""

_FEEDBACK = """
INSERT INTO leads_feedback (handoff_id, verdict, reason_id, comment, misled_by, by_id, created_at)
SELECT h.id, h.state, CASE WHEN h.state = 'rejected' THEN r.slugs[1 + h.id %% cardinality(r.slugs)] END, '', '',
       h.decided_by_id, h.decided_at
  FROM leads_handoff h, (SELECT array_agg(slug ORDER BY slug) AS slugs FROM leads_rejectionreason) AS r
 WHERE h.state IN ('accepted', 'rejected', 'recycled')
"""

# Of what sales accepted, and of a few that came another way.
_DEALS = """
INSERT INTO leads_deal (team_id, lead_id, source_id, external_id, name, state, amount, opened_at, closed_at, known_at)
SELECT team_id, lead_id, %(crm)s, way || lead_id, 'Deal',
       CASE WHEN closed > now() THEN 'open' WHEN luck < 0.5 THEN 'won' ELSE 'lost' END,
       CASE WHEN luck < 0.47 OR luck > 0.6 THEN round((500 + 20000 * random() ^ 3)::numeric, 2) END,
       opened, CASE WHEN closed < now() THEN closed END, now()
  FROM (SELECT way, team_id, lead_id, opened, opened + (5 + 115 * random() ^ 2) * interval '1 day' AS closed,
               random() AS luck
          FROM (SELECT DISTINCT ON (lead_id) 'h' AS way, team_id, lead_id,
                       decided_at + random() * interval '15 days' AS opened
                  FROM leads_handoff WHERE state = 'accepted' AND lead_id %% 4 > 0 ORDER BY lead_id, opened_at) AS sold
        UNION ALL
        SELECT 'own', team_id, id, created_at + 60 * random() * interval '1 day',
               created_at + (60 + 120 * random()) * interval '1 day', random() FROM leads_lead WHERE id %% 83 = 0) AS d
 WHERE opened < now()
"""

_COSTS = """
INSERT INTO reports_sourcecost (team_id, source, month, amount, entered_at)
SELECT %(team)s, source, month, 1000, now()
  FROM unnest(ARRAY['Webinar','Search','Trade fair','Bought list']) AS source,
       generate_series(date_trunc('month', now() - interval '2 years'), now(), interval '1 month') AS month
"""
