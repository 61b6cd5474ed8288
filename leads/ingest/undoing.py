"""The steps by which an import is taken back. Each says how many rows it settled, and what it left and why."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models

from leads.ingest.restore import Restoring
from leads.models import Change, Company, Deal, Event, Handoff, Import, ImportKept, ImportTrace, Lead, LeadIdentity

# What leadscore works out for itself is no reason to keep a row.
WORKED_OUT = {
    "scoring.Entry", "scoring.Score", "leads.Standing", "leads.Call", "leads.Change", "leads.LeadIdentity",
    "leads.Handoff",
}  # fmt: skip
WORDS = {
    "leads.Event": "It has activity since.", "leads.Deal": "It has a deal.", "leads.Profile": "A source tells of it.",
    "leads.Lead": "People belong to it.", "leads.CompanyIdentity": "A source knows it.",
    "scoring.Override": "Its label was set by hand.",
}  # fmt: skip
# Written by leadscore itself when a lead is handed off by rule.
OF_HANDOFFS = ("stage", "owner_id", "resting_until")

Settled = tuple[int, list[ImportKept]]


def events(job: Import, rows: Sequence[int]) -> Settled:
    """Activities of the file go, whoever they are of now."""
    return Event.objects.filter(pk__in=rows).delete()[0], []


def identities(job: Import, rows: Sequence[int]) -> Settled:
    """Ids that known leads got. Those of leads the import made go or stay with their lead."""
    found = LeadIdentity.objects.filter(pk__in=rows)
    made = _made_here(job, ImportTrace.LEAD, found.values_list("lead", flat=True))
    return found.exclude(lead__in=made).delete()[0], []


def remove(job: Import, model: type[models.Model], rows: Sequence[int]) -> Settled:
    """What the import made goes, unless somebody touched it since."""
    objects: Any = model._default_manager
    locked = {row.pk: row for row in objects.filter(pk__in=rows).order_by("pk").select_for_update(of=("self",))}
    touched = _touched(job, model, list(locked))
    gone = [pk for pk in locked if pk not in touched]
    objects.filter(pk__in=gone).delete()
    what = model._meta.model_name or ""
    return len(gone), [
        ImportKept(job=job, what=what, row=pk, name=str(locked[pk])[:200], why=why)
        for pk, why in sorted(touched.items())
    ]


def put_back(job: Import, rows: Sequence[int]) -> Settled:
    """Fields that the import changed on what was there before get their value of before, the latest change first."""
    done, kept = 0, []
    for model, key in ((Deal, "deal"), (Company, "company"), (Lead, "lead")):
        changes = Change.objects.filter(pk__in=rows, **{f"{key}__isnull": False}).order_by("-pk")
        made = _made_here(job, key, changes.values_list(f"{key}_id", flat=True))
        restoring = Restoring(model, key, [change for change in changes if getattr(change, f"{key}_id") not in made])
        done += restoring.write()
        kept += [ImportKept(job=job, what=key, row=pk, name=name, field=field, why=why)
                 for pk, name, field, why in restoring.kept]  # fmt: skip
    return done, kept


def _touched(job: Import, model: type[models.Model], rows: list[int]) -> dict[int, str]:
    """{row: why it stays}."""
    touched: dict[int, str] = {}
    for relation in model._meta.related_objects:
        label, name = relation.related_model._meta.label, relation.field.name
        if label not in WORKED_OUT:
            using = relation.related_model._base_manager.filter(**{f"{name}__in": rows})
            why = WORDS.get(label) or f"It has a {relation.related_model._meta.verbose_name}."
            touched |= dict.fromkeys(using.order_by().values_list(name, flat=True).distinct(), why)
    if model is Lead:
        worked_on = Handoff.objects.filter(lead__in=rows).exclude(opened_by=None, state="open")
        touched |= dict.fromkeys(worked_on.values_list("lead", flat=True), "It was handed off.")
    return _changed_since(job, model._meta.model_name or "", rows) | touched


def _changed_since(job: Import, key: str, rows: list[int]) -> dict[int, str]:
    changes = Change.objects.filter(**{f"{key}__in": rows}).exclude(by=None, field__in=OF_HANDOFFS)
    found = dict(changes.order_by().values_list("pk", f"{key}_id"))
    ours = _made_here(job, ImportTrace.CHANGE, found)
    return {row: "It was changed since." for pk, row in found.items() if pk not in ours}


def _made_here(job: Import, what: str, rows: Iterable[int]) -> set[int]:
    """Those of the rows that the import made."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT made FROM (SELECT unnest(rows) AS made FROM leads_importtrace WHERE job_id = %s AND what = %s"
            " AND rows && %s::bigint[]) AS t WHERE made = ANY(%s)",
            [job.pk, what, list(rows), list(rows)],
        )
        return {made for (made,) in cursor.fetchall()}
