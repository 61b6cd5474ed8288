"""Two leads become one.

The survivor keeps its values and gains what it lacks; everything the other did and was worked with becomes part of it.
The other keeps its row as a redirect, with its own history of values and scores, and loses its standing: that is what
takes it out of every list, count, report and score (0028 in decisions).
"""

import json
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from leads.enums import HandoffState, PairState, Stage
from leads.history import attributed
from leads.identity import belongings
from leads.identity.redirects import merged_into
from leads.models import DuplicatePair, Handoff, Lead, Merge, User
from leads.retry import retried
from leads.signals import leads_due

ORIGIN = "Merge"
# What a person may choose from either lead, in the order of the page.
FIELDS = (
    "email", "first_name", "last_name", "title", "phone", "country", "city", "website", "source", "campaign", "company",
    "owner",
)  # fmt: skip
TITLE = ("title", "seniority", "department")
# How far sales has come with a lead.
WAY = (
    Stage.NEW, Stage.NURTURE, Stage.REJECTED, Stage.RESTING, Stage.HANDED_OFF, Stage.ACCEPTED, Stage.OPPORTUNITY,
    Stage.CUSTOMER,
)  # fmt: skip


class CannotMerge(ValueError):
    """Says why, to the person who tried."""


@retried
def merge(
    survivor: Lead, other: Lead, *, by: User | None, take: Collection[str] = (), pair: DuplicatePair | None = None
) -> Merge:
    """`other` becomes part of `survivor`. `take`: fields whose value comes from the other (names of FIELDS).

    Empty fields are filled in any case, the earlier of the two beginnings counts, and so does the stage that is
    further. Of two open handoffs the older goes on and the other closes as merged. `by` None: by the team's rule. The
    survivor is due for scoring afterwards. Raises CannotMerge. `unmerge` takes it back.
    """
    with attributed(by=by, origin=ORIGIN):
        survivor, other = _locked(survivor, other)
        done = Merge(team_id=survivor.team_id, survivor=survivor, merged=other, by=by, brought=merged_into(other.pk))
        if pair:
            done.confidence, done.evidence = pair.confidence, pair.evidence
        done.closed_handoff = _one_handoff(survivor, other, by)
        belongings.move(other.pk, survivor.pk)
        done.standing = _take_standing(other.pk)
        Lead.with_merged.filter(pk=other.pk).update(merged_into=survivor)  # from now on its address is free
        done.fields = _put_values(survivor, other, take)
        done.save()
        _close_pairs(other)
        decide(survivor.pk, other.pk, PairState.MERGED, by)
        leads_due.send(sender=merge)
    return done


def _close_pairs(merged: Lead) -> None:
    """It is nobody's duplicate any more; undoing makes it due to be compared again."""
    pairs = DuplicatePair.objects.filter(Q(low=merged) | Q(high=merged), state=PairState.OPEN)
    pairs.update(state=PairState.GONE)


def decide(one: int, two: int, state: PairState, by: User | None) -> None:
    """What became of the pair of these two, if it was ever found."""
    low, high = sorted((one, two))
    pair = DuplicatePair.objects.filter(low=low, high=high)
    pair.update(state=state, decided_at=timezone.now(), decided_by=by)


def lock(lead_ids: Iterable[int]) -> dict[int, Lead]:
    """These leads, merged or not, by id; locked in order of id, also against new rows that refer to them."""
    return {lead.pk: lead for lead in Lead.with_merged.filter(pk__in=lead_ids).order_by("pk").select_for_update()}


def _locked(survivor: Lead, other: Lead) -> tuple[Lead, Lead]:
    if survivor.pk == other.pk:
        raise CannotMerge("This is one lead. Choose another one to merge it with.")
    held = lock((survivor.pk, other.pk))
    for lead in (survivor, other):
        if lead.pk not in held:
            raise CannotMerge(f"{lead} is not there any more.")
        if held[lead.pk].merged_into_id:
            raise CannotMerge(f"{lead} was merged into another lead a moment ago. Open that one.")
    survivor, other = held[survivor.pk], held[other.pk]
    if survivor.team_id != other.team_id:
        raise CannotMerge("Leads of two teams are never merged.")
    return survivor, other


def _one_handoff(survivor: Lead, other: Lead, by: User | None) -> int | None:
    """Of two open handoffs the older goes on. The id of the one that closes."""
    both = Handoff.objects.open().filter(lead__in=(survivor, other)).order_by("pk").select_for_update(no_key=True)
    waiting = sorted(both, key=lambda handoff: (handoff.opened_at, handoff.pk))
    if len(waiting) < 2:
        return None
    closes = waiting[1].pk
    Handoff.objects.filter(pk=closes).update(state=HandoffState.MERGED, decided_at=timezone.now(), decided_by=by)
    return closes


def _take_standing(lead: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_standing s WHERE lead_id = %s RETURNING to_jsonb(s)::text", [lead])
        row = cursor.fetchone()
    return json.loads(row[0]) if row else {}


def _put_values(survivor: Lead, other: Lead, take: Collection[str]) -> dict[str, list[Any]]:
    """Fill and replace values of the survivor; {column: [before, after]} of what changed."""
    new = {name: value for name, value in _values(survivor, other, take).items() if value != getattr(survivor, name)}
    before = {name: getattr(survivor, name) for name in new}
    fields = {**other.fields, **survivor.fields}
    changed = {name: [before[name], value] for name, value in new.items()}
    if fields != survivor.fields:
        changed |= {f"fields.{key}": [None, fields[key]] for key in fields.keys() - survivor.fields.keys()}
        new["fields"] = fields
    if new:
        Lead.objects.filter(pk=survivor.pk).update(**new)
    return {name: [_said(value) for value in values] for name, values in changed.items()}


def _values(survivor: Lead, other: Lead, take: Collection[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in FIELDS:
        column = Lead._meta.get_field(name).attname  # type: ignore[union-attr]
        theirs = getattr(other, column)
        if theirs not in (None, "") and (name in take or _lacks(survivor, other, name, column)):
            values |= {part: getattr(other, part) for part in (TITLE if name == "title" else (column,))}
    if WAY.index(Stage(other.stage)) > WAY.index(Stage(survivor.stage)):
        values |= {"stage": other.stage, "resting_until": other.resting_until}
        if other.owner_id:
            values["owner_id"] = other.owner_id
    values["tags"] = survivor.tags + [tag for tag in other.tags if tag not in survivor.tags]
    values["created_at"] = min(survivor.created_at, other.created_at)
    return values


def _lacks(survivor: Lead, other: Lead, name: str, column: str) -> bool:
    """A campaign is one of its source: it does not come over to another."""
    fits = name != "campaign" or survivor.source in ("", other.source)
    return fits and getattr(survivor, column) in (None, "")


def _said(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
