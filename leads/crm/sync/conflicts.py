"""Whose value stays: field by field, when a record comes in.

| changed there | changed here | what happens |
|---|---|---|
| yes | no | theirs is taken |
| yes | yes, to the same | nothing |
| yes | yes, to something else | who wins by the mapping of the field; the loser's value is kept in the log |
| emptied | either | nothing: empty says nothing |
| a field that only goes there | – | ours goes there again; theirs is kept in the log |
| the same, to a form of our word | – | nothing: trimmed, rounded, in other capitals it is our word still |

When the two sides meet for the first time, or in a field that was mapped since, nothing is known of what changed: two
different values are a conflict, and a value meets an empty field as news. The name of a company that goes by its domain
was never said by anybody: theirs is news.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from leads.crm.values import COMPANY, alike, plain, value_of
from leads.crm.words import Row
from leads.enums import Wins
from leads.models import Change, Company, FieldMap, Lead, Link, SyncConflict

COLUMNS = {"owner": "owner_id"}
NAMES = ("first_name", "last_name")  # of a CRM that knows full names only


@dataclass
class Decision:
    """`taken` are the fields to be put on the row; `ours` {field: what they have, as we would write it} stay ours and
    go there. `agreed`: both sides changed it to the same. `news`: {field: [before, after]}. `forms` as in Link.
    """

    taken: list[FieldMap] = field(default_factory=list)
    agreed: set[str] = field(default_factory=set)
    ours: dict[str, str] = field(default_factory=dict)
    news: dict[str, list[str]] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    conflicts: list[SyncConflict] = field(default_factory=list)


def decide(
    row: Row, link: Link | None, mine: Lead | Company, fields: list[FieldMap], said: Mapping[str, Any],
    modified_at: datetime | None,
) -> Decision:  # fmt: skip
    """What becomes of each field of a record that changed there. `said`: its values as we would keep them.
    `modified_at`: when it changed, by our clock; None where nobody can say, since one of the clocks was set.
    """
    decision = Decision()
    for each in fields:
        text = plain(row.values.get(each.theirs))
        if link and text == link.theirs.get(each.theirs, ""):
            continue
        if not each.comes:
            if link:
                _only_goes(decision, each, link, text)
            continue
        _meet(decision, each, row, link, mine, said, modified_at)
    return decision


def _meet(decision: Decision, each: FieldMap, row: Row, link: Link | None, mine: Lead | Company,
          said: Mapping[str, Any], modified_at: datetime | None) -> None:  # fmt: skip
    ours = plain(value_of(mine, each.ours))
    value = said.get(each.ours)
    theirs = plain(getattr(value, "pk", value))
    if not theirs:
        if link is None and each.goes and not plain(row.values.get(each.theirs)):
            decision.ours[each.ours] = ""  # they have nothing: ours fills it
        return
    if theirs == ours:
        decision.agreed.add(each.ours)
        return
    before = link.ours.get(each.ours) if link else None
    if not ours or ours == before or _is_derived(mine, each.ours):
        decision.taken.append(each)
        decision.news[each.ours] = [ours, theirs]
        return
    winner, rule = _winner(each, mine, modified_at)
    if link is None or each.theirs not in link.theirs:
        rule = f"First met: both had a value. {rule}"
    if winner == "ours":
        decision.ours[each.ours] = theirs
    elif not winner:
        decision.agreed.add(each.ours)  # to differ
    else:
        decision.taken.append(each)
        decision.news[each.ours] = [ours, theirs]
    decision.conflicts.append(SyncConflict(field=each.ours, ours=ours, theirs=theirs, winner=winner, rule=rule))


def _is_derived(mine: Lead | Company, key: str) -> bool:
    """A company that nobody named goes by its domain, which an e-mail address gave."""
    company = mine.company if isinstance(mine, Lead) else mine
    named = key == ("company.name" if isinstance(mine, Lead) else "name")
    return bool(named and company and company.name == company.domain)


def _only_goes(decision: Decision, each: FieldMap, link: Link, theirs: str) -> None:
    """What we wrote there was changed: by the CRM, which holds our word in a form of its own, or by somebody."""
    ours = link.forms.get(each.theirs) or link.theirs.get(each.theirs, "")
    if not ours:
        return
    if theirs and alike(ours, theirs):
        decision.forms[each.theirs] = ours
        return
    decision.forms[each.theirs] = ""
    decision.ours[each.ours] = theirs
    rule = "It only goes to the CRM."
    decision.conflicts.append(SyncConflict(field=each.ours, ours=ours, theirs=theirs, winner="ours", rule=rule))


def _winner(each: FieldMap, mine: Lead | Company, theirs_at: datetime | None) -> tuple[str, str]:
    if not each.goes:
        return "theirs", "It only comes from the CRM."
    if each.wins == Wins.OURS:
        return "ours", "Ours wins, by the mapping."
    if each.wins == Wins.THEIRS:
        return "theirs", "The CRM's wins, by the mapping."
    if theirs_at is None:
        return "", "The latest wins, but a clock was set: nobody can say which is later, so each side keeps its own."
    ours_at = changed_at(mine, each.ours)
    later = "ours" if ours_at > theirs_at else "theirs"
    return (
        later,
        f"The latest wins: here {_clock(ours_at)}, there {_clock(theirs_at)}, by our clock.",
    )


def _clock(at: datetime) -> str:
    """With seconds: it may be a matter of them."""
    return f"{timezone.localtime(at):%-d %b, %H:%M:%S}"


def changed_at(mine: Lead | Company, key: str) -> datetime:
    """When we learned the value that a field of a lead or company has now."""
    of: dict[str, int | None] = {"company": mine.pk}
    if isinstance(mine, Lead):
        of = {"company": mine.company_id} if key.startswith(COMPANY) else {"lead": mine.pk}
    name = key.removeprefix(COMPANY)
    columns = NAMES if isinstance(mine, Lead) and key == "name" else (COLUMNS.get(name, name),)
    changes = Change.objects.filter(field__in=columns, **of).order_by("-learned_at")
    return changes.values_list("learned_at", flat=True).first() or mine.created_at
