"""What is done with saved conditions: counted, said in a sentence, and deleted when nobody needs them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from leads.conditions import ConditionError, parse
from leads.conditions.compile import leads_matching
from leads.conditions.describe import describe
from leads.conditions.vocabulary import Vocabulary
from leads.keyset import capped_count
from leads.models import Lead, Segment, User
from leads.uses import uses_of

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
        SegmentRow(segment, sentence(segment, vocabulary), count(segment, user), uses(segment)) for segment in segments
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
    leads = Lead.objects.visible_to(user)
    leads = leads.filter(team=segment.team_id) if segment.team_id else leads
    try:
        return capped_count(leads.filter(leads_matching(segment.condition)), COUNTED)
    except ConditionError:
        return None


def uses(segment: Segment) -> list[str]:
    """Who needs it, in words: "rule “Hot with a phone”". Whoever refers to segments answers in leads/uses.py."""
    return uses_of(f"segment.{segment.pk}")


def delete(segment: Segment) -> None:
    """Raises ValidationError naming who still needs it."""
    if places := uses(segment):
        raise ValidationError(f"{segment} is used by {', '.join(places[:5])}. Change that first.")
    segment.delete()
