"""One lead becomes two again.

What came with the merged lead is its own again, and so is what came later by its identities: its e-mail address, its
ids, those learned together with them, or its own id. All else that came later stays with the survivor. A value that the
merge put on the survivor goes, unless somebody has changed it since.
"""

from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import DateField, DateTimeField
from django.utils import timezone

from leads.enums import HandoffState, PairState
from leads.history import attributed
from leads.identity import belongings
from leads.identity.merging import CannotMerge, decide, lock
from leads.identity.redirects import current_id, merged_into
from leads.models import Handoff, Lead, Merge, Standing, User
from leads.retry import retried
from leads.signals import leads_due

ORIGIN = "Merge undone"


@retried
def unmerge(merge: Merge, *, by: User | None) -> Merge:
    """Part the two again, also when the survivor was merged into a third since. The pair is "not the same" from now on.

    Both are due for scoring afterwards. Raises CannotMerge where it was undone before.
    """
    with attributed(by=by, origin=ORIGIN):
        survivor, merged, holder = _locked(merge)
        merge = Merge.objects.select_for_update(no_key=True).get(pk=merge.pk)
        if merge.undone_at:
            raise CannotMerge("This merge was undone already.")
        _take_values_back(merge, survivor)
        Lead.with_merged.filter(pk=merged.pk).update(merged_into=None, **_free_address(merged))
        _give_standing(merge)
        belongings.give_back(merged.pk, merged_into(merged.pk), holder.pk)
        _reopen(merge)
        merge.undone_at, merge.undone_by = timezone.now(), by
        merge.save(update_fields=["undone_at", "undone_by"])
        decide(survivor.pk, merged.pk, PairState.DIFFERENT, by)
        leads_due.send(sender=unmerge)
    return merge


def _locked(merge: Merge) -> tuple[Lead, Lead, Lead]:
    """The survivor, the merged lead, and the lead that holds what both did now."""
    while True:
        holder = current_id(merge.survivor_id)
        held = lock({merge.survivor_id, merge.merged_id, holder})
        if current_id(merge.survivor_id) == holder:
            return held[merge.survivor_id], held[merge.merged_id], held[holder]


def _take_values_back(merge: Merge, survivor: Lead) -> None:
    """Each value is as before the merge, where it is still the one that the merge put there."""
    back: dict[str, Any] = {}
    fields = dict(survivor.fields)
    for name, (before, after) in merge.fields.items():
        if name.startswith("fields."):
            if fields.get(name[7:]) == after:
                del fields[name[7:]]
        elif getattr(survivor, name) == _read(name, after):
            back[name] = _read(name, before)
    if fields != survivor.fields:
        back["fields"] = fields
    if back:
        Lead.with_merged.filter(pk=survivor.pk).update(**back)


def _read(name: str, value: Any) -> Any:
    field = Lead._meta.get_field(name)
    if value is None or not isinstance(field, DateField):
        return value
    return datetime.fromisoformat(value) if isinstance(field, DateTimeField) else date.fromisoformat(value)


def _free_address(merged: Lead) -> dict[str, str]:
    """Its address stays empty where another lead of the team has got it meanwhile."""
    twin = Lead.objects.filter(team=merged.team_id, email=merged.email).exclude(email="")
    return {"email": ""} if twin.exists() else {}


def _give_standing(merge: Merge) -> None:
    """The standing it had, due to be counted again."""
    lead = Lead.objects.get(pk=merge.merged_id)
    Standing.objects.create(lead=lead, team_id=lead.team_id, owner_id=lead.owner_id, stage=lead.stage)
    kept = {"lead_id", "team_id", "owner_id", "stage"}
    columns = [str(field.column) for field in Standing._meta.concrete_fields if field.column not in kept]
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE leads_standing s SET ({names}) ="
            f" (SELECT {', '.join(f'r.{name}' for name in columns)} FROM leads_merge m,"
            " LATERAL jsonb_populate_record(s, m.standing) r WHERE m.id = %s) WHERE s.lead_id = %s",
            [merge.pk, lead.pk],
        )
        cursor.execute("SELECT leadscore_mark_due(%s, 'correction')", [[lead.pk]])


def _reopen(merge: Merge) -> None:
    """The handoff that closed for the merge waits again, unless its lead has another by now."""
    closed = Handoff.objects.filter(pk=merge.closed_handoff or 0, state=HandoffState.MERGED).first()
    if closed and not Handoff.objects.open().filter(lead=closed.lead_id).exists():
        Handoff.objects.filter(pk=closed.pk).update(state=HandoffState.OPEN, decided_at=None, decided_by=None)
