"""Leads that reached their day below the bar are drawn or not, by hash; the drawn are offered to sales like any other.

Due rows: a lead without a case whose day has come; a drawn case that was not offered yet. Nobody is told before the
answer that a lead was drawn: who knew would judge it as one that was not good enough.
"""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from leads.models import Team
from leads.retry import retried
from leads.selling.handoffs import open_handoffs
from scoring.engine.sides import number_sql
from scoring.models import ControlCase, ControlSample
from scoring.models.control import MOST

PAGE = 500

# Below the bar: a label that the version which gave it does not hand off, and no handoff ever. Not the disqualified.
_REACHED = """
INSERT INTO scoring_controlcase (lead_id, team_id, label, total, version, permille, drawn, excluded, at)
SELECT s.lead_id, s.team_id, coalesce(s.automatic_label, s.label), s.total, s.version, c.permille,
       {number} < c.permille * 10, c.excluded, %(now)s
  FROM scoring_controlsample c
  JOIN leads_standing s ON s.team_id = c.team_id OR c.team_id IS NULL AND NOT EXISTS
       (SELECT FROM scoring_controlsample own WHERE own.team_id = s.team_id)
  JOIN leads_lead l ON l.id = s.lead_id JOIN scoring_version v ON v.id = s.version
 WHERE c.id = %(sample)s AND c.permille > 0 AND l.created_at >= c.since
   AND l.created_at <= %(now)s - make_interval(days => c.after_days)
   AND s.scored_rev >= s.facts_rev AND s.label IN ('warm', 'cool', 'cold') AND s.stage IN ('new', 'nurture')
   AND NOT v.definition->'handoff_labels' ? s.label
   AND NOT EXISTS (SELECT FROM scoring_controlcase k WHERE k.lead_id = s.lead_id)
   AND NOT EXISTS (SELECT FROM leads_handoff h WHERE h.lead_id = s.lead_id)
 ORDER BY s.lead_id
ON CONFLICT DO NOTHING
"""


def draw_due() -> int:
    """Draw among the leads that are due, and offer the drawn. Returns how many were handed off."""
    for sample in ControlSample.objects.filter(permille__gt=0):
        _reach(sample)
    offered = 0
    while due := list(_due()[:PAGE]):
        offered += _offer([case.pk for case in due])
    return offered


def _due() -> Any:
    return ControlCase.objects.filter(drawn=True, offered_at=None).order_by("at", "pk")


@retried
@transaction.atomic
def _reach(sample: ControlSample) -> None:
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"now": timezone.now(), "sample": sample.pk}
        cursor.execute(_REACHED.format(number=number_sql(sample.salt, "s.lead_id")), values)


@retried
@transaction.atomic
def _offer(cases: list[int]) -> int:
    """Each once: a second worker waits for the rows and finds them offered."""
    held = {case.lead_id: case for case in _due().filter(pk__in=cases).select_for_update(of=("self",))}
    now = timezone.now()
    handoffs = open_handoffs(held)
    for handoff in handoffs:
        ControlCase.objects.filter(pk=held[handoff.lead_id].pk).update(handoff=handoff)
    ControlCase.objects.filter(pk__in=[case.pk for case in held.values()]).update(offered_at=now)
    return len(handoffs)


@transaction.atomic
def set_share(team: Team | None, *, percent: float, after_days: int, excluded: bool, by: Any) -> ControlSample:
    """How many of the team's leads below the bar are drawn from now on; 0: none. Without a team: of every other team.

    Leads that were there before it began are left alone. Raises ValidationError by field.
    """
    permille = round(percent * 10)
    if not 0 <= permille <= MOST:
        raise ValidationError({"percent": f"Choose 0 to {MOST // 10} percent. 2 to 5 is usual."})
    if not 0 <= after_days <= 365:
        raise ValidationError({"after_days": "Choose 0 to 365 days."})
    now = timezone.now()
    fresh = {"salt": secrets.token_hex(8), "since": now}
    sample, _ = ControlSample.objects.select_for_update().get_or_create(team=team, defaults=fresh)
    if sample.permille == 0 and permille:
        sample.since = now
    sample.permille, sample.after_days, sample.excluded = permille, after_days, excluded
    sample.changed_at, sample.changed_by = now, by
    sample.save()
    return sample
