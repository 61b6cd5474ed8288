"""What each criterion gave a lead at the moment it was handed off: the ledger entry whose score the handoff shows."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, OuterRef, Q, QuerySet, SmallIntegerField, Subquery

from leads.models import Handoff
from scoring.models import Entry, Version

# The score and the handoff are written one after the other; no later entry can be the one that was shown.
SLACK = timedelta(days=1)


def with_points(handoffs: QuerySet[Handoff]) -> QuerySet[Any]:
    """Each with `points`, laid out as the criteria of its version; None where no entry shows the score promised."""
    # An expression on purpose: asked of the column, the planner reads the BRIN index of all entries for each lead.
    entries = Entry.objects.annotate(earliest=F("recorded_at") - SLACK)
    promise = {name: OuterRef(name) for name in ("lead", "version", "fit", "total")}
    shown = entries.filter(**promise, earliest__lt=OuterRef("opened_at")).order_by("-seq")
    return handoffs.annotate(points=Subquery(shown.values("points")[:1], output_field=ArrayField(SmallIntegerField())))


def giving(handoffs: QuerySet[Handoff], criterion: int) -> QuerySet[Handoff]:
    """Those of leads to whom this criterion (its id in the draft) gave or took points at that moment."""
    places = Q(pk__in=[])
    for version, definition in Version.objects.values_list("pk", "definition"):
        for place, rule in enumerate(definition["criteria"]):
            if rule["id"] == criterion:
                places |= Q(version=version) & (Q(**{f"points__{place}__gt": 0}) | Q(**{f"points__{place}__lt": 0}))
    return with_points(handoffs).filter(places)


def misled_by(handoffs: QuerySet[Handoff], criterion: int) -> QuerySet[Handoff]:
    """Those about which sales said that this criterion misled."""
    places = Q(pk__in=[])
    for version, definition in Version.objects.values_list("pk", "definition"):
        names = [rule["name"] for rule in definition["criteria"] if rule["id"] == criterion]
        places |= Q(version=version, feedback__misled_by__in=names, feedback__verdict=F("state"))
    return handoffs.filter(places).distinct()
