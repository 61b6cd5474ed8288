"""What of a lead goes to the CRM, in the CRM's field names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from leads.crm.mapping import OUR_FIELDS, Maps
from leads.crm.sync.addresses import keep_their_own
from leads.crm.values import ours_now, plain, value_of
from leads.models import FieldMap, Handoff, Lead, LedgerLine, Link, NurtureMember, Standing, top_reasons


@dataclass
class Outbound:
    """The leads of one page, ready to be looked at. `apart`: links whose record keeps the address it has."""

    maps: Maps
    lines: dict[int, list[LedgerLine]]
    handoffs: dict[int, str]
    lists: dict[int, str]
    apart: set[int]

    @classmethod
    def of(cls, maps: Maps, leads: Iterable[Lead]) -> "Outbound":
        """A handful of queries for any number of leads, which carry their standing and company."""
        leads = list(leads)
        lines, ids = LedgerLine.objects.of(lead.standing.version for lead in leads), [lead.pk for lead in leads]
        return cls(maps, lines, handoff_states(ids), nurture_lists(ids), keep_their_own(maps, leads))

    def changes(self, kind: str, link: Link, lead: Lead) -> dict[str, Any]:
        """{their field: value} of what they do not have yet. Empty: nothing to say."""
        now = ours_now(lead, [each.ours for each in self.maps.going(kind) if each.comes])
        found = {}
        for each in self.maps.going(kind):
            if each.ours == "email" and link.pk in self.apart:
                continue
            value = self.value(each, lead)
            # of what goes both ways only what was changed here; empty says nothing, nor does an owner they do not know
            if not each.comes or (plain(value) and now[each.ours] != link.ours.get(each.ours, "")):
                found[each.theirs] = value
        return {name: value for name, value in found.items() if plain(value) != link.holds(name)}

    def everything(self, kind: str, lead: Lead) -> dict[str, Any]:
        """{their field: value} for a record that is to be made; what is empty is left out."""
        values = {each.theirs: self.value(each, lead) for each in self.maps.going(kind)}
        return {name: value for name, value in values.items() if plain(value)}

    def value(self, each: FieldMap, lead: Lead) -> Any:
        """What goes under one field; None empties it."""
        if each.ours in OUR_FIELDS:
            return self._own(each.ours, lead)
        if each.ours == "owner":
            return self.maps.owner_ids.get(lead.owner_id or 0)
        value = value_of(lead, each.ours)
        return None if value in ("", []) else value

    def _own(self, key: str, lead: Lead) -> Any:
        standing: Standing = lead.standing
        match key:
            case "score":
                return standing.total
            case "fit" | "engagement":
                return getattr(standing, key)
            case "grade" | "label":
                return getattr(standing, key) or None
            case "reasons":
                return self._reasons(standing) or None
            case "handoff":
                return self.handoffs.get(lead.pk)
            case "nurture":
                return self.lists.get(lead.pk)
            case "rep":
                return str(lead.owner) if lead.owner else None
        return str(lead.pk)

    def _reasons(self, standing: Standing) -> str:
        if not standing.version or standing.version not in self.lines:
            return ""
        reasons = top_reasons(standing.points, self.lines[standing.version])
        return "; ".join(f"{name} +{points}" for name, points in reasons)[:250]


def handoff_states(leads: Sequence[int]) -> dict[int, str]:
    """The state of each lead's latest handoff."""
    latest = Handoff.objects.filter(lead=OuterRef("pk")).order_by("-opened_at", "-pk").values("state")[:1]
    found = Lead.objects.filter(pk__in=leads).values_list("pk", Subquery(latest))
    return {lead: state for lead, state in found if state}


def nurture_lists(leads: Sequence[int]) -> dict[int, str]:
    """The names of the lists that each lead is on."""
    found: dict[int, list[str]] = {}
    rows = NurtureMember.objects.present().filter(lead__in=leads).order_by("list__name")
    for lead, name in rows.values_list("lead", "list__name"):
        found.setdefault(lead, []).append(name)
    return {lead: "; ".join(names)[:250] for lead, names in found.items()}
