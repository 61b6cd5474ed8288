"""What a rep says by hand of a sale, and what a CRM, a file or a program says of the same sale later: one deal."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from leads.enums import SourceKind
from leads.models import Deal, Handoff, Source

BY_HAND = "By hand"  # the name of the source of what is said on the page of a lead


def own_id(handoff: int | str) -> str:
    """How the deal is known that a rep tells of after a handoff."""
    return f"handoff:{handoff}"


def take_over(source: Source, new: Mapping[str, tuple[int, datetime | None]]) -> dict[str, Deal]:
    """{id: the rep's deal that is from here on this one of the source}. One query, two where there are any.

    `new` {id of a deal that the source tells of for the first time: (its lead, when it was closed)}. A sale that was
    over before the lead was handed off is another one, and of what a rep said each takes over one at most.
    """
    wanted = {lead for lead, _ in new.values()}
    if not wanted or source.kind == SourceKind.MANUAL:
        return {}
    rows = Deal.objects.filter(lead__in=wanted, source__kind=SourceKind.MANUAL, external_id__startswith=own_id(""))
    said = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))
    since, found = _handed_off(said), dict[str, Deal]()
    for id, (lead, closed_at) in new.items():
        fits = [deal for deal in said if deal.lead_id == lead and (closed_at is None or closed_at >= since[deal.pk])]
        if fits:
            found[id] = fits[-1]
            said.remove(fits[-1])
            fits[-1].source, fits[-1].external_id = source, id
    return found


def _handed_off(deals: Sequence[Deal]) -> dict[int, datetime]:
    ids = {deal.pk: int(deal.external_id.removeprefix(own_id(""))) for deal in deals}
    at = dict(Handoff.objects.filter(pk__in=ids.values()).values_list("pk", "opened_at")) if ids else {}
    return {deal.pk: at.get(ids[deal.pk], deal.opened_at) for deal in deals}
