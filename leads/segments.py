"""What is done with saved conditions: counted, said in a sentence, and deleted when nobody needs them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError, Q

from leads import uses
from leads.conditions import ConditionError, parse
from leads.conditions.describe import describe
from leads.conditions.grammar import EventTest, tests
from leads.conditions.vocabulary import Vocabulary
from leads.keyset import capped_count
from leads.models import Lead, Rule, Segment, User
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
    """The lines of these segments. A count for each, so ask for few."""
    vocabulary = Vocabulary.load()
    return [
        SegmentRow(segment, sentence(segment, vocabulary), count(segment, user), uses_of_segment(segment))
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


def count(segment: Segment, user: User) -> int | None:
    try:
        return capped_count(Lead.objects.visible_to(user).filter(segment.matching()), COUNTED)
    except ConditionError:
        return None


def uses_of_segment(segment: Segment) -> list[str]:
    """Who needs it, in words: "rule “Hot with a phone”". Whoever refers to segments answers in leads/uses.py."""
    return uses.uses_of(f"segment.{segment.pk}")


@uses.register
def segments_asking(key: str) -> Iterator[str]:
    """Segments that ask for a field or kind of event, and what refers to a segment: "segment.7"."""
    if key.startswith("segment."):
        pk = int(key.partition(".")[2])
        for rule in Rule.objects.filter(Q(segment=pk) | Q(stays=pk)):
            yield f"rule “{rule}”" if rule.person_id is None else "somebody's own rule"
        return
    for segment in Segment.objects.all():
        if key in _asked(segment):
            yield f"segment “{segment}”"


def _asked(segment: Segment) -> set[str]:
    try:
        found = tests(parse(segment.condition))
        return {test.kind if isinstance(test, EventTest) else test.field for test in found}
    except ConditionError:
        return set()


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
    if places := uses_of_segment(segment):
        raise ValidationError(f"{segment} is used by {', '.join(places[:5])}. Change that first.")
    try:
        segment.delete()
    except ProtectedError as error:
        places = sorted(f"{type(row)._meta.verbose_name} “{row}”" for row in error.protected_objects)
        raise ValidationError(f"{segment} is used by {', '.join(places[:5])}. Change that first.") from None
