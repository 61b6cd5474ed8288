"""Leads without a deal as they stood on days of the past, and what came of them from then on.

Landmarks: J. R. Anderson, K. C. Cain, R. D. Gelber (1983), "Analysis of survival by tumor response", JCO 1, 710–719.
A lead is followed from a fixed day by the label it had on that day, so nothing later decides where it is counted.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from reports.forecast.counting.evidence import BLOCK, LABELS, Floats
from reports.forecast.lifetable import WEEK

EVERY = timedelta(days=28)
LANDMARKS = 12
WEEKS = 32  # followed at most: the horizon and a little more
SETTLES = 30  # days after which a new lead has found its label
LATELY = 22  # weeks: how far back new leads say which labels are usual now
BLOCKS = 12

# The label of every lead over time: none until it is scored, then those of its history.
_HELD = """
WITH held AS (
    SELECT lead_id, label, since, COALESCE(lead(since) OVER (PARTITION BY lead_id ORDER BY seq), 'infinity') AS until
      FROM (SELECT id AS lead_id, '' AS label, created_at AS since, 0 AS seq FROM leads_lead
             WHERE merged_into_id IS NULL AND created_at <= %(as_of)s
             UNION ALL
            SELECT lead_id, label, recorded_at, seq FROM scoring_entry WHERE recorded_at <= %(as_of)s) AS labels
), first_deal AS (
    SELECT lead_id, min(opened_at) AS opened FROM leads_deal
     WHERE lead_id IS NOT NULL AND opened_at <= %(as_of)s GROUP BY lead_id
)
"""

# Week −1: no deal by now.
_LANDMARKS = f"""{_HELD}
SELECT m.place - 1, l.team_id, h.label,
       COALESCE(floor(EXTRACT(epoch FROM d.opened - m.at) / 604800), -1)::int, count(*)
  FROM held h
  JOIN leads_lead l ON l.id = h.lead_id AND l.merged_into_id IS NULL
  LEFT JOIN first_deal d ON d.lead_id = h.lead_id
  JOIN unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS m(at, place) ON h.since <= m.at AND h.until > m.at
 WHERE d.opened IS NULL OR d.opened > m.at
 GROUP BY 1, 2, 3, 4
"""

# Deals of leads that were here before them; who came with a deal is no lead to wait for.
_NEW = f"""{_HELD}
SELECT l.team_id, h.label, floor(EXTRACT(epoch FROM %(as_of)s - l.created_at) / 604800)::int,
       COALESCE(floor(EXTRACT(epoch FROM d.opened - l.created_at) / 604800), -1)::int, count(*)
  FROM leads_lead l
  LEFT JOIN first_deal d ON d.lead_id = l.id
  JOIN held h ON h.lead_id = l.id
   AND h.since <= LEAST(d.opened, l.created_at + %(settles)s) AND h.until > LEAST(d.opened, l.created_at + %(settles)s)
 WHERE l.merged_into_id IS NULL AND l.created_at >= %(start)s AND l.created_at <= %(as_of)s - %(settles)s
   AND (d.opened IS NULL OR d.opened > l.created_at)
 GROUP BY 1, 2, 3, 4
"""

_ARRIVALS = """
SELECT l.team_id, floor(EXTRACT(epoch FROM %(as_of)s - l.created_at) / 86400 / %(block)s)::int, count(*)
  FROM leads_lead l LEFT JOIN leads_deal d ON d.lead_id = l.id AND d.opened_at <= l.created_at
 WHERE l.merged_into_id IS NULL AND l.created_at > %(since)s AND l.created_at <= %(as_of)s AND d.id IS NULL
 GROUP BY 1, 2
"""


def counted_leads(as_of: datetime, start: datetime, teams: list[int]) -> dict[str, Any]:
    """The part of the evidence that leads give. `start`: since when results are on record."""
    place = {team: i for i, team in enumerate(teams)}
    return {**_landmarks(as_of, start, place), **_new(as_of, start, place), **_arrivals(as_of, place)}


def _landmarks(as_of: datetime, start: datetime, place: dict[int, int]) -> dict[str, Any]:
    back = [as_of - number * EVERY for number in range(LANDMARKS + 1)]
    moments = [moment for moment in back if moment >= start] or [as_of]
    risk, opened = _table(place), _table(place)
    now = np.zeros((len(place), len(LABELS)))
    for mark, team, label, week, number in _rows(_LANDMARKS, as_of, moments=moments):
        cell = place[team], _label(label)
        if mark == 0:
            now[cell] += number
        else:
            _add(risk[cell], opened[cell], mark * EVERY.days / WEEK, week, number)
    repeats = _repeats(as_of, len(moments) - 1)
    return {"lead_risk": risk, "lead_opened": opened, "lead_repeats": repeats, "open_leads": now}


_REPEATS = """
SELECT avg(LEAST(floor(came), %(marks)s) - floor(opened))
  FROM (SELECT EXTRACT(epoch FROM %(as_of)s - l.created_at) / %(every)s AS came,
               EXTRACT(epoch FROM %(as_of)s - min(d.opened_at)) / %(every)s AS opened
          FROM leads_deal d JOIN leads_lead l ON l.id = d.lead_id
         WHERE d.opened_at <= %(as_of)s AND l.merged_into_id IS NULL GROUP BY l.id) AS each
 WHERE LEAST(floor(came), %(marks)s) > floor(opened)
"""


def _repeats(as_of: datetime, marks: int) -> float:
    """At how many landmarks the same deal was still to come, on average: so much less is known than is counted."""
    ((mean,),) = _rows(_REPEATS, as_of, marks=marks, every=EVERY.total_seconds())
    return max(1.0, float(mean or 1))


def _new(as_of: datetime, start: datetime, place: dict[int, int]) -> dict[str, Floats]:
    risk, opened = _table(place), _table(place)
    leads, settled = np.zeros((2, len(place), len(LABELS)))
    for team, label, weeks, week, number in _rows(_NEW, as_of, start=start, settles=timedelta(days=SETTLES)):
        cell = place[team], _label(label)
        leads[cell] += number
        settled[cell] += number * (weeks <= LATELY)
        _add(risk[cell], opened[cell], weeks, week, number)
    return {"new_risk": risk, "new_opened": opened, "new_leads": leads, "settled": settled}


def _arrivals(as_of: datetime, place: dict[int, int]) -> dict[str, Floats]:
    found = np.zeros((len(place), BLOCKS))
    for team, block, number in _rows(_ARRIVALS, as_of, block=BLOCK, since=as_of - timedelta(days=BLOCK * BLOCKS)):
        found[place[team], min(block, BLOCKS - 1)] += number
    return {"arrivals": found}


def _rows(sql: str, as_of: datetime, **values: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"as_of": as_of, **values})
        return cursor.fetchall()


def _table(place: dict[int, int]) -> Floats:
    return np.zeros((len(place), len(LABELS), WEEKS))


def _label(label: str) -> int:
    return LABELS.index(label) if label in LABELS else len(LABELS) - 1


def _add(risk: Floats, opened: Floats, watched: float, week: int, number: int) -> None:
    """So many leads, watched for so many weeks, with a deal in that week (−1: none)."""
    if week >= 0 and week < WEEKS:
        opened[week] += number
        risk[:week] += number
        risk[week] += number / 2  # somewhere in the week
        return
    whole = int(min(watched, WEEKS))
    risk[:whole] += number
    if whole < WEEKS:
        risk[whole] += number * (watched - whole)
