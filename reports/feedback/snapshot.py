"""Which handoffs a criterion stands behind, by what each kept of the score when it was opened."""

from django.db.models import F, Q, QuerySet

from leads.models import Handoff
from scoring.models import Version


def giving(handoffs: QuerySet[Handoff], criterion: int) -> QuerySet[Handoff]:
    """Those of leads to whom this criterion (its id in the draft) gave or took points at that moment."""
    places = Q(pk__in=[])
    for version, definition in Version.objects.values_list("pk", "definition"):
        for place, rule in enumerate(definition["criteria"]):
            if rule["id"] == criterion:
                places |= Q(version=version) & (Q(**{f"points__{place}__gt": 0}) | Q(**{f"points__{place}__lt": 0}))
    return handoffs.filter(places)


def misled_by(handoffs: QuerySet[Handoff], criterion: int) -> QuerySet[Handoff]:
    """Those about which sales said that this criterion misled."""
    places = Q(pk__in=[])
    for version, definition in Version.objects.values_list("pk", "definition"):
        names = [rule["name"] for rule in definition["criteria"] if rule["id"] == criterion]
        places |= Q(version=version, feedback__misled_by__in=names, feedback__verdict=F("state"))
    return handoffs.filter(places).distinct()
