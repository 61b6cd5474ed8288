"""A crossing in words, and as facts for programs."""

from typing import Any

from leads.models import Crossing, Lead, Rule, Standing


def words(rule: Rule, crossing: Crossing) -> str:
    """Ana Ruiz, Northwind entered “Hot with a phone”: 86, A2 Hot."""
    lead = crossing.lead
    who = f"{lead}, {lead.company}" if lead.company else str(lead)
    return f"{who} {'entered' if crossing.entered else 'left'} “{rule.segment}”{_standing(lead)}."


def _standing(lead: Lead) -> str:
    standing: Standing = lead.standing
    if standing.version is None:
        return ""
    return f": {standing.total}, {' '.join(part for part in (standing.grade, standing.get_label_display()) if part)}"


def facts(rule: Rule, crossing: Crossing) -> dict[str, Any]:
    """What a program is told of a crossing."""
    lead, standing = crossing.lead, crossing.lead.standing
    return {
        "crossing": crossing.pk, "rule": {"id": rule.pk, "name": rule.name},
        "segment": {"id": rule.segment_id, "name": rule.segment.name},
        "lead": {"id": lead.pk, "email": lead.email, "first_name": lead.first_name, "last_name": lead.last_name,
                 "company": lead.company.name if lead.company else None, "team": lead.team_id, "owner": lead.owner_id},
        "standing": {name: getattr(standing, name) for name in ("fit", "engagement", "total", "grade", "label")},
    }  # fmt: skip
