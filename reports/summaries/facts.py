"""How a fact is read from leads, handoffs, deals and the history of scores: one statement for some leads or all."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from leads.enums import DealState, HandoffState, Label
from reports.models import Fact, Tally
from reports.models.summary import By, Chosen

# What a tally is kept by, and what is added up in it.
KEYS = ("of", "day", "team_id", "source", "version", "key")
COUNTS = ("leads", "good", "mql", "sal", "sql", "won_sql", "open_sql", "customers", "in_time", "priced", "value")
COLUMNS = tuple(str(field.column) for field in Fact._meta.concrete_fields)
assert {*KEYS, *COUNTS} == {field.column for field in Tally._meta.concrete_fields} - {"id"}

SETTLED = 30  # days after which the label of a lead that was never handed off is its label
FAIR = 90  # days of age by which customers are counted where young and old leads are compared

# A label counts from the first handoff, or as it was on day 30; before that, whatever it is today.
FACTS = f"""
SELECT l.id AS lead_id, l.team_id, l.source, l.campaign, (l.created_at AT TIME ZONE %(zone)s)::date AS day,
       coalesce(h.version, e.version_id, 0) AS version, label.is AS label,
       CASE WHEN h.id IS NULL THEN '{Chosen.NOBODY}' WHEN h.opened_by_id IS NOT NULL THEN '{Chosen.PERSON}'
            WHEN EXISTS (SELECT FROM scoring_controlcase WHERE handoff_id = h.id) THEN '{Chosen.LOT}'
            ELSE '{Chosen.SCORE}' END AS chosen,
       1 AS leads, (label.is IN ('{Label.HOT}', '{Label.WARM}'))::int AS good, (h.id IS NOT NULL)::int AS mql,
       sal.is::int AS sal, (sal.is AND d.number > 0)::int AS sql, (sal.is AND d.won > 0)::int AS won_sql,
       (sal.is AND d.won = 0 AND d.open > 0)::int AS open_sql, (d.won > 0)::int AS customers,
       coalesce(d.won_at <= l.created_at + interval '{FAIR} days', false)::int AS in_time, d.priced, d.value,
       l.created_at, CASE WHEN young.is THEN '' ELSE coalesce(h.grade, e.grade, '') END AS grade,
       CASE WHEN young.is THEN NULL ELSE coalesce(h.total, e.total) END AS total,
       CASE WHEN young.is THEN l.created_at + interval '{SETTLED} days' END AS settles_at,
       h.opened_at AS handed_at, a.accepted_at, d.opened_at, d.won_at,
       CASE WHEN d.won_at >= l.created_at THEN date_part('epoch', d.won_at - l.created_at) / 86400 END AS took
  FROM leads_lead l
  LEFT JOIN LATERAL (SELECT * FROM leads_handoff WHERE lead_id = l.id ORDER BY opened_at, id LIMIT 1) h ON true
  LEFT JOIN LATERAL (SELECT min(decided_at) AS accepted_at, count(*) > 0 AS accepted FROM leads_handoff
                      WHERE lead_id = l.id AND state = '{HandoffState.ACCEPTED}') a ON true
  LEFT JOIN LATERAL (SELECT version_id, label, grade, total FROM scoring_entry
                      WHERE lead_id = l.id AND as_of <= l.created_at + interval '{SETTLED} days'
                      ORDER BY seq DESC LIMIT 1) e ON h.id IS NULL
  LEFT JOIN LATERAL (SELECT count(*) AS number, count(*) FILTER (WHERE state = '{DealState.WON}') AS won,
                            count(*) FILTER (WHERE state = '{DealState.OPEN}') AS open,
                            count(amount) FILTER (WHERE state = '{DealState.WON}') AS priced,
                            coalesce(sum(amount) FILTER (WHERE state = '{DealState.WON}'), 0) AS value,
                            min(opened_at) AS opened_at,
                            min(closed_at) FILTER (WHERE state = '{DealState.WON}') AS won_at
                       FROM leads_deal WHERE lead_id = l.id) d ON true
  CROSS JOIN LATERAL (SELECT coalesce(h.label, e.label, '') AS is) label
  CROSS JOIN LATERAL (SELECT h.id IS NOT NULL AND a.accepted AS is) sal
  CROSS JOIN LATERAL (SELECT h.id IS NULL AND l.created_at + interval '{SETTLED} days' > %(now)s AS is) young
 WHERE l.merged_into_id IS NULL
"""

# What a lead is tallied by: the key among its facts, and when it counts.
_TALLIED = {
    By.CHOSEN: ("chosen", "true"),
    By.LABEL: ("label", "true"),
    By.CAMPAIGN: ("campaign", "true"),
    By.GRADE: ("grade", "settles_at IS NULL"),
    By.TOTAL: ("total::text", "settles_at IS NULL AND total IS NOT NULL"),
}
_SUMS = ", ".join(f"sum({count}) AS {count}" for count in COUNTS)


def tallies(facts: str) -> str:
    """The statement that adds up the facts of a statement, as its rows are to stand in the tallies."""
    month, ways = "date_trunc('month', f.day)::date", []
    for by, (key, counts) in _TALLIED.items():
        for sourced in by.ways:
            source = "f.source" if sourced else "''"
            ways.append((by.months(sourced=sourced), month, source, key, counts))
            if (by, sourced) != (By.TOTAL, True):
                ways.append((by.days(sourced=sourced), "f.day", source, key, counts))
    values = ", ".join(f"('{of}', {day}, {source}, f.{key}, {counts})" for of, day, source, key, counts in ways)
    return f"""
SELECT way.of, way.day, f.team_id, way.source, f.version, way.key, {_SUMS} FROM ({facts}) f
 CROSS JOIN LATERAL (VALUES {values}) way(of, day, source, key, counts)
 WHERE way.counts GROUP BY 1, 2, 3, 4, 5, 6"""


def listed(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column}" for column in columns)


def parameters() -> dict[str, Any]:
    """The clock and the zone in which days begin."""
    return {"now": timezone.now(), "zone": timezone.get_default_timezone_name()}
