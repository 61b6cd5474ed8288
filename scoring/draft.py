"""A draft on its way to becoming a version: can it be scored, and what will its points be called?"""

from collections.abc import Iterator

from django.core.exceptions import ValidationError

from leads.conditions import ConditionError, parse
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis
from leads.models import LedgerLine
from scoring.engine.definition import Definition, driver, load
from scoring.engine.expressions import MOST
from scoring.models import Counting, Criterion, ScoringModel, Version

SMALL = 32_000  # what fits a smallint


def check_draft(model: ScoringModel) -> None:
    """Raises ValidationError with one line for each criterion that cannot be scored as it stands."""
    vocabulary, errors = Vocabulary.load(), []
    criteria = model.criteria.filter(active=True)
    if not criteria.exists():
        raise ValidationError("The model has no active criterion. Add at least one, then publish.")
    for criterion in criteria:
        try:
            node = parse(criterion.condition)
            vocabulary.check(node)
            if criterion.counting != Counting.ONCE:
                driver(node)
            if criterion.counting in (Counting.HALF_LIFE, Counting.LINEAR) and not criterion.days:
                raise ConditionError("say the half-life, or after how many days nothing is left")
        except ConditionError as error:
            errors.append(f"{criterion.name}: {error}")
    errors += _too_much(model)
    if errors:
        raise ValidationError(errors)


def _too_much(model: ScoringModel) -> Iterator[str]:
    """The lines of a ledger are small numbers: together they must stay so, whatever a lead does."""
    for axis in Axis:
        most = model.axis_limit
        for group in model.groups.filter(axis=axis).prefetch_related("criteria"):
            most += abs(group.floor or 0) + abs(min(group.cap or 0, 0))
            most += sum(_most(criterion) for criterion in group.criteria.all() if criterion.active)
        if most > SMALL:
            yield (
                f"{axis.label}: the criteria could add up to {most:,} points, and {SMALL:,} are the most."
                " Give fewer points, or say how many each gives at most."
            )


def _most(criterion: Criterion) -> int:
    return abs(criterion.points if criterion.counting == Counting.ONCE else criterion.at_most or MOST)


def ledger_lines(version: Version) -> list[LedgerLine]:
    """The names of a standing's points, in the order in which the engine gives them."""
    definition = load(version.definition)
    rows = [
        (LedgerLine.CRITERION, rule.name, definition.groups[rule.group].name, definition.groups[rule.group].axis)
        for rule in definition.criteria
    ]
    rows += [(LedgerLine.GROUP, _limit_name(definition, i), group.name, group.axis)
             for i, group in enumerate(definition.groups)]  # fmt: skip
    rows += [(LedgerLine.AXIS, f"{axis.capitalize()} ends at {definition.axis_limit}", "", axis)
             for axis in ("fit", "engagement")]  # fmt: skip
    return [
        LedgerLine(version=version.pk, position=i, kind=kind, name=name, group=group, axis=axis)
        for i, (kind, name, group, axis) in enumerate(rows)
    ]


def _limit_name(definition: Definition, index: int) -> str:
    group = definition.groups[index]
    limits = [f"at most {group.cap}"] * (group.cap is not None) + [f"at least {group.floor}"] * (
        group.floor is not None
    )
    return f"{group.name} gives {' and '.join(limits)}" if limits else f"{group.name} has no limit"
