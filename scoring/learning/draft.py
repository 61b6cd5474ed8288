"""A card becomes a draft: conditions in our grammar, groups, limits of the axes and grades. It publishes nothing."""

from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from numpy.typing import NDArray

from leads.conditions.describe import describe
from leads.conditions.grammar import parse
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis, FieldType
from leads.retry import retried
from scoring.learning.bins import EMPTY, Bins
from scoring.learning.card import Card, Criterion
from scoring.learning.pastleads import Asked, PastLeads
from scoring.learning.replacing import WouldReplace, unpublished
from scoring.learning.shape import Mask
from scoring.learning.table import NUMBER, Table
from scoring.learning.wording import bounds, known_bins, named
from scoring.modelfile.apply import apply, import_as_new
from scoring.modelfile.read import ModelFileError, read_data
from scoring.models import Learning, ScoringModel
from scoring.suggestions.standing import settle

ORIGIN = "learned from past leads"
EDGE = 0.005
GRADES = (0.85, 0.6, 0.3)  # so many leads are below A, B, C
EVERY_LEAD = {"field": "created", "op": "known"}


@retried
@transaction.atomic
def make_draft(learning: Learning, *, into: ScoringModel | None = None, replace: bool = False, by: Any) -> ScoringModel:
    """The criteria as rows to edit, preview and publish like any others.

    Labels and who is handed to sales stay what they are with `into`, or with the version it was compared with. Its
    draft takes the card where it holds nothing unpublished, or with `replace`; what it was stays in its history.
    Raises WouldReplace otherwise, ValidationError where there is no card, or where it asks a field that is gone.
    """
    held = Learning.objects.select_for_update(of=("self",)).select_related("live__model").get(pk=learning.pk)
    if held.file is None:
        raise ValidationError("There is no card to make a draft of.")
    file = held.file | _kept(into, held)
    if into is not None and not replace:
        _check_nothing_lost(into)
    try:
        if into is None:
            made = import_as_new(file, by=by, origin=ORIGIN).model
        else:
            made = apply(file | {"slug": into.slug, "audience": into.audience}, by=by, origin=ORIGIN, apart=True).model
            settle(made)
    except ModelFileError as error:  # a field it asks is gone by now
        raise ValidationError(error.problems) from None
    held.draft = made
    held.save(update_fields=["draft"])
    return made


def _check_nothing_lost(into: ScoringModel) -> None:
    """Of the draft as it is held from now on: nobody edits it between the question and the card."""
    found = unpublished(ScoringModel.objects.select_for_update().get(pk=into.pk))
    if found.lost:
        raise WouldReplace(found)


def _kept(into: ScoringModel | None, learning: Learning) -> dict[str, Any]:
    """The labels of the grades, and those that hand a lead to sales: a decision of people, not of past leads."""
    if into is not None:
        return {"labels": into.labels, "handed_to_sales": into.handoff_labels, "description": into.description}
    if learning.live is None:
        return {}
    live = learning.live.definition
    return {"labels": live["labels"], "handed_to_sales": live["handoff_labels"]}


# --- The card as a model file ----------------------------------------------------------------------------


def model_file(card: Card, past: PastLeads, name: str = "Learned") -> dict[str, Any]:
    """Fit holds what asks fields alone, engagement the rest. An axis begins where 0.5 % of the leads are below zero."""
    axes = [_axis(card, one, past) for one in card.criteria]
    groups, limits, most = [], {}, 1
    for axis, title in ((Axis.FIT, "Who they are"), (Axis.ENGAGEMENT, "What they did")):
        chosen = [one for one, its in zip(card.criteria, axes, strict=True) if its == axis]
        sums = _sums(card, chosen, past.table)
        start = -int(np.floor(np.quantile(sums, EDGE)))
        most = max(most, int(np.ceil(np.quantile(sums, 1 - EDGE))) + start)
        limits[axis] = _limits(sums + start)
        rules = [_rule("Every lead", EVERY_LEAD, start)] if start else []
        rules += [_criterion(card, one, past) for one in chosen]
        groups.append({"name": title, "axis": str(axis), "criteria": _numbered(rules)})
    return read_data({
        "leadscore_model": 1, "name": name, "slug": name.lower().replace(" ", "-"),
        "description": f"Learned from {len(past.table):,} past leads, {past.table.wins:,} of whom won.",
        "axis_limit": most, "grades": {"fit": limits[Axis.FIT], "engagement": limits[Axis.ENGAGEMENT]},
        "groups": groups,
    })  # fmt: skip


def criterion_name(card: Card, one: Criterion, past: PastLeads) -> str:
    """What it is called in the draft."""
    return str(_criterion(card, one, past)["name"])


def _axis(card: Card, one: Criterion, past: PastLeads) -> Axis:
    fields_only = all(past.asked[card.bins[place].name].term for place, _ in one.parts)
    return Axis.FIT if fields_only else Axis.ENGAGEMENT


def _sums(card: Card, criteria: list[Criterion], table: Table) -> NDArray[np.int64]:
    part = Card(card.bins, tuple(criteria), 0, card.constant, card.slope, card.rate)
    return part.totals(table)


def _limits(sums: NDArray[np.int64]) -> list[int]:
    """Three limits, each smaller than the one before. Where many have the least an axis gives, as who did nothing yet,
    the last grade is theirs.
    """
    a, b, c = (round(float(np.quantile(sums, share))) for share in GRADES)
    c = max(c, int(sums.min()) + 1, 1)
    b = max(b, c + 1)
    return [max(a, b + 1), b, c]


def _rule(name: str, when: dict[str, Any], points: int) -> dict[str, Any]:
    return {"name": name[:120], "when": when, "points": points}


def _criterion(card: Card, one: Criterion, past: PastLeads) -> dict[str, Any]:
    parts = [condition(card.bins[place], mask, past.asked[card.bins[place].name]) for place, mask in one.parts]
    when = parts[0] if len(parts) == 1 else {"all": parts}
    return _rule(describe(parse(when), Vocabulary.load()), when, one.points)


def _numbered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Names that were cut to the same words are told apart."""
    seen: dict[str, int] = {}
    for rule in rules:
        seen[rule["name"]] = seen.get(rule["name"], 0) + 1
        if seen[rule["name"]] > 1:
            rule["name"] = f"{rule['name'][:115]} ({seen[rule['name']]})"
    return rules


def condition(bins: Bins, mask: Mask, asked: Asked) -> dict[str, Any]:
    """The bins of a group as a condition: the same leads meet it."""
    known = known_bins(mask)
    tests: list[dict[str, Any]] = []
    if known and not (mask[EMPTY] and len(known) == bins.size - 1):
        if asked.term is None:
            tests.append(_activity(bins, known, asked))
        else:
            tests.append(_number(bins, known, asked.term.key) if bins.kind == NUMBER else _words(bins, known, asked))
    if mask[EMPTY]:
        empty = {"field": asked.term.key, "op": "unknown"} if asked.term else {"event": asked.kind, "at_most": 0}
        tests.append(empty)
    return tests[0] if len(tests) == 1 else {"any": tests}


def _number(bins: Bins, known: list[int], key: str) -> dict[str, Any]:
    low, high = (_whole(one) for one in bounds(bins, known))
    tests = [{"field": key, "op": "at_least", "value": low}] * (low is not None)
    tests += [{"field": key, "op": "less_than", "value": high}] * (high is not None)
    return (tests[0] if len(tests) == 1 else {"all": tests}) if tests else {"field": key, "op": "known"}


def _whole(number: float | None) -> int | float | None:
    return int(number) if number is not None and number == int(number) else number


def _words(bins: Bins, known: list[int], asked: Asked) -> dict[str, Any]:
    assert asked.term is not None
    key = asked.term.key
    these, words = named(bins, known)
    if not words:
        return {"field": key, "op": "known"}
    if asked.term.type == FieldType.BOOLEAN:
        return {"field": key, "op": "is", "value": words[0].lower() == "yes"} if len(words) == 1 else {
            "field": key, "op": "known"}  # fmt: skip
    return {"field": key, "op": "any_of" if these else "none_of", "value": words}


def _activity(bins: Bins, known: list[int], asked: Asked) -> dict[str, Any]:
    low, high = bounds(bins, known)
    kind = {"event": asked.kind}
    if asked.days is None:
        since = [{**kind, "last_before": int(low)}] if low is not None and low >= 1 else []
        since += [{**kind, "days": int(high)}] if high is not None else []
        return (since[0] if len(since) == 1 else {"all": since}) if since else kind
    times = [{**kind, "at_least": int(low), "days": asked.days}] if low is not None and low >= 1 else []
    times += [{**kind, "at_most": int(high) - 1, "days": asked.days}] if high is not None else []
    return (times[0] if len(times) == 1 else {"all": times}) if times else {"any": [kind, {**kind, "at_most": 0}]}
