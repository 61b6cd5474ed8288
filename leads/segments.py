"""What is done with saved conditions: counted, said in a sentence, and deleted when nobody needs them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Func, IntegerField, ProtectedError, Q

from leads import uses
from leads.conditions import ConditionError, parse
from leads.conditions.describe import describe
from leads.conditions.vocabulary import Vocabulary
from leads.models import Lead, NurtureList, Rule, Segment, User
from leads.rules.passes import watch

COUNTED = 10_000


@dataclass(frozen=True)
class SegmentRow:
    """`count`: leads inside that the reader may see, no further than COUNTED; None where it cannot be read."""

    segment: Segment
    sentence: str
    count: int | None
    uses: list[str]


def segment_rows(segments: Iterable[Segment], user: User) -> list[SegmentRow]:
    """The lines of these segments. The same number of queries for one and for many."""
    segments, vocabulary = list(segments), Vocabulary.load()
    counts, used = counts_of(segments, user, vocabulary), uses_of_segments(segments)
    return [
        SegmentRow(segment, sentence(segment, vocabulary), counts.get(segment.pk), used[segment.pk])
        for segment in segments
    ]


def sentence(segment: Segment, vocabulary: Vocabulary) -> str:
    """The condition in words; where it can no longer be read, why not."""
    try:
        node = parse(segment.condition)
        vocabulary.check(node, scoring=False)
    except ConditionError as error:
        return f"Cannot be read: {error}"
    return describe(node, vocabulary)


def counts_of(segments: Iterable[Segment], user: User, vocabulary: Vocabulary) -> dict[int, int]:
    """Segment → leads inside that the person may see, no further than one beyond COUNTED. All in one statement.

    One whose condition can no longer be read is left out.
    """
    counts: dict[str, Any] = {}
    for segment in segments:
        with suppress(ConditionError):
            inside = Lead.objects.visible_to(user).filter(segment.matching(vocabulary)).order_by().values("pk")
            some = ArraySubquery(inside[: COUNTED + 1])
            counts[f"s{segment.pk}"] = Func(some, function="cardinality", output_field=IntegerField())
    if not counts:
        return {}
    found: Any = User.objects.filter(pk=user.pk).values(**counts).get()
    return {int(name[1:]): number for name, number in found.items()}


def uses_of_segments(segments: Iterable[Segment]) -> dict[int, list[str]]:
    """Who needs each, in words: rule “Hot with a phone”. Two queries."""
    found: dict[int, list[str]] = {segment.pk: [] for segment in segments}
    for rule in Rule.objects.filter(Q(segment__in=found) | Q(stays__in=found)):
        said = f"rule “{rule}”" if rule.person_id is None else "somebody's own rule"
        for pk in found.keys() & {rule.segment_id, rule.stays_id}:
            found[pk].append(said)
    for of in NurtureList.objects.filter(segment__in=found):
        found[of.segment_id or 0].append(f"nurture list “{of}”")
    return found


@uses.register
def segments_asking(key: str) -> Iterator[str]:
    """Segments whose condition asks for a field or a kind of event."""
    for segment in Segment.objects.all():
        if uses.asks(segment.condition, key):
            yield f"segment “{segment}”"


def save(segment: Segment) -> Segment:
    """Rules that watch a changed condition begin anew: who is inside now is recorded, and nothing happens for them."""
    with transaction.atomic():
        before = Segment.objects.select_for_update().filter(pk=segment.pk).first()
        segment.save()
        if before and (before.condition, before.team_id) != (segment.condition, segment.team_id):
            for rule in Rule.objects.filter(Q(segment=segment) | Q(stays=segment), active=True):
                watch(rule, also_inside=False)
    return segment


def delete(segment: Segment) -> None:
    """Raises ValidationError naming who still needs it."""
    if places := uses_of_segments([segment])[segment.pk]:
        raise ValidationError(f"{segment} is used by {', '.join(places[:5])}. Change that first.")
    try:
        segment.delete()
    except ProtectedError as error:
        places = sorted(f"{type(row)._meta.verbose_name} “{row}”" for row in error.protected_objects)
        raise ValidationError(f"{segment} is used by {', '.join(places[:5])}. Change that first.") from None
