"""Who is nurtured: leads come onto lists with a reason and a quiet period, and leave when they are handed off again.

Being on a list does not bring a lead back. Only what it does can: a crossing after its rest (handoffs.py, ready).
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from leads.conditions.compile import leads_matching
from leads.crm.control import push_leads
from leads.days import today
from leads.enums import Stage
from leads.history import attributed
from leads.models import Endpoint, Handoff, Lead, NurtureList, NurtureMember, Segment, Team, User
from leads.outgoing.endpoints import tell
from leads.retry import retried

ORIGIN = "nurture"
AT_ONCE = 500
NEVER_OFFERED = (Stage.NEW, Stage.NURTURE)


@retried
@transaction.atomic
def nurture(of: NurtureList, lead_ids: Iterable[int], *, reason: str, until: date | None = None) -> int:
    """Put these leads of the list's team on it. Returns how many were not there yet."""
    until = until or today() + timedelta(days=of.quiet_days)
    there = of.members.present().filter(lead__in=list(lead_ids)).values("lead")
    new = Lead.objects.filter(pk__in=list(lead_ids), team=of.team_id).exclude(pk__in=there).order_by("pk")
    members = [NurtureMember(list=of, lead=lead, reason=reason[:200], until=until) for lead in new]
    NurtureMember.objects.bulk_create(members, ignore_conflicts=True)
    made = of.members.present().filter(lead__in=[member.lead_id for member in members]).select_related("lead__company")
    for member in made:
        _push(of, member, "nurture.entered")
    if of.to_crm:
        push_leads([member.lead_id for member in made], because=f"nurture list {of}")
    return len(members)


def after_answer(handoff: Handoff, reason: str, until: date) -> None:
    """What sales sends back goes to the list of the team that takes it, if there is one. In their transaction."""
    if of := NurtureList.objects.filter(team=handoff.team_id, takes_rejected=True).select_related("endpoint").first():
        nurture(of, [handoff.lead_id], reason=reason, until=until)


def leave(members: Any, because: str) -> int:
    """These leave their lists. In the caller's transaction or one of its own."""
    with transaction.atomic():
        gone = list(members.present().select_related("list__endpoint", "lead__company").order_by("pk"))
        if gone:
            left = {"left_at": timezone.now(), "left_because": because[:100]}
            NurtureMember.objects.filter(pk__in=[member.pk for member in gone]).update(**left)
        for member in gone:
            _push(member.list, member, "nurture.left", because)
        push_leads([member.lead_id for member in gone if member.list.to_crm], because="left a nurture list")
    return len(gone)


def give_up(of: NurtureList, *, by: User) -> int:
    """The list is no more. Whoever is on it leaves it, and whom it tells is told. Returns how many those were."""
    with transaction.atomic():
        gone = leave(of.members, f"{by} deleted the list")
        of.delete()
    return gone


def foreign(team: Team | None, segment: Segment | None, endpoint: Endpoint | None) -> dict[str, str]:
    """What does not belong to the team of a list, by field."""
    chosen = {"segment": segment, "endpoint": endpoint}
    return {
        name: "This one belongs to another team."
        for name, row in chosen.items()
        if row is not None and team is not None and row.team_id not in (None, team.pk)
    }


def fill() -> int:
    """Bring onto each list who belongs there by label or segment. Returns how many came."""
    lists = NurtureList.objects.exclude(takes_labels=[], segment=None).select_related("segment", "endpoint", "team")
    return sum(_fill(each) for each in lists.order_by("pk"))


def _fill(of: NurtureList) -> int:
    came = 0
    for which, reason in _belonging(of):
        lately = of.members.filter(Q(left_at=None) | Q(left_at__gte=timezone.now() - timedelta(days=of.quiet_days)))
        fresh = Lead.objects.filter(which, team=of.team_id, stage__in=NEVER_OFFERED).exclude(
            pk__in=lately.values("lead")
        )
        ids = list(fresh.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        with attributed(origin=ORIGIN):
            held = Lead.objects.filter(pk__in=ids, stage=Stage.NEW).order_by("pk").select_for_update(no_key=True)
            Lead.objects.filter(pk__in=[lead.pk for lead in held]).update(stage=Stage.NURTURE)
            came += nurture(of, ids, reason=reason)
    return came


def _belonging(of: NurtureList) -> list[tuple[Q, str]]:
    wanted = []
    if of.takes_labels:
        wanted.append((Q(standing__label__in=of.takes_labels), "low label"))
    if of.segment:
        wanted.append((Q(leads_matching(of.segment.condition)), f"in segment {of.segment}"))
    return wanted


def _push(of: NurtureList, member: NurtureMember, type: str, because: str = "") -> None:
    """Tell the marketing tool, once for each coming and going."""
    if of.endpoint is None:
        return
    why = because or member.reason
    data = {
        "list": of.name, "lead": member.lead_id, "email": member.lead.email, "name": member.lead.name,
        "company": str(member.lead.company or ""), "reason": why, "until": str(member.until) if member.until else None,
    }  # fmt: skip
    text = f"{member.lead} {'left' if because else 'came onto'} the nurture list “{of}”: {why}"
    tell(of.endpoint, type=type, data=data, text=text, url=reverse("lead", args=[member.lead_id]),
         key=f"{type}:{member.pk}")  # fmt: skip
