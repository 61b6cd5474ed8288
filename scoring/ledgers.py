"""Why a lead has its score: the ledger of its standing, line by line, as the version that counted it laid it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from leads.enums import Axis
from leads.models import LedgerLine, Standing
from scoring.engine.definition import CriterionRule, Definition, GroupRule, load
from scoring.evidence import Evidence, evidence_for
from scoring.experiments.lead import by_side
from scoring.experiments.plan import MOST
from scoring.models import Counting, Score, Version, VersionState

SIDES = [str(position) for position in range(MOST + 1)]
AXES = {Axis.FIT: "Fit: who they are", Axis.ENGAGEMENT: "Engagement: what they do"}


@dataclass(frozen=True)
class Line:
    """A number of the standing's points. `rule` and `evidence` belong to criteria; limits have none."""

    name: str
    group: str
    axis: str
    points: int
    kind: str = LedgerLine.CRITERION
    rule: CriterionRule | None = None
    evidence: Evidence | None = None

    @property
    def fading(self) -> str:
        """How the points go with time, in words; empty where they do not."""
        if self.rule and self.rule.counting == Counting.HALF_LIFE:
            return f"halves every {self.rule.days} days"
        if self.rule and self.rule.counting == Counting.LINEAR:
            return f"fades over {self.rule.days} days"
        return ""


@dataclass(frozen=True)
class GroupPart:
    """`lines` gave points, `unmet` did not; `limit` is what the group's cap or floor took away or added."""

    rule: GroupRule
    lines: list[Line]
    unmet: list[Line]
    limit: Line | None

    @property
    def points(self) -> int:
        return sum(line.points for line in self.lines) + (self.limit.points if self.limit else 0)


@dataclass(frozen=True)
class AxisPart:
    axis: str
    title: str
    points: int
    of: int
    groups: list[GroupPart]
    limit: Line | None


@dataclass(frozen=True)
class Ledger:
    """The standing in lines that add up to `total`. `disqualified_by` names the criteria behind that label."""

    standing: Standing
    version: Version
    definition: Definition
    lines: list[Line] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(line.points for line in self.lines)

    @cached_property
    def axes(self) -> list[AxisPart]:
        return [self._axis(axis, title) for axis, title in AXES.items()]

    @property
    def unmet(self) -> list[Line]:
        return [line for axis in self.axes for group in axis.groups for line in group.unmet]

    @property
    def disqualified_by(self) -> list[Line]:
        return [
            line for line in self.lines
            if line.rule and line.rule.disqualifies and line.evidence and line.evidence.holds
        ]  # fmt: skip

    def _axis(self, axis: str, title: str) -> AxisPart:
        points = sum(line.points for line in self.lines if line.axis == axis)
        groups = [self._group(index) for index in self.definition.groups_of(axis)]
        limit = next((line for line in self.lines if line.axis == axis and line.kind == LedgerLine.AXIS), None)
        return AxisPart(axis, title, points, self.definition.axis_limit, groups, _unless_zero(limit))

    def _group(self, index: int) -> GroupPart:
        mine = [self.lines[i] for i in self.definition.criteria_of(index)]
        limit = self.lines[len(self.definition.criteria) + index]
        return GroupPart(
            self.definition.groups[index],
            [line for line in mine if line.points],
            [line for line in mine if not line.points],
            _unless_zero(limit),
        )


def others_of(standing: Standing) -> list[Score]:
    """What the other live models say of the lead, in their order. Shown beside the standing. One query."""
    scores = Score.objects.filter(lead=standing.pk).select_related("model", "version")
    return list(scores.order_by("version__position", "model"))


def by_model(standing: Standing, slug: str) -> Standing | None:
    """Where the lead stands by that model alone; None: the model is not live, or not for this lead."""
    versions = list(Version.objects.deciding().filter(model__slug=slug))
    version = next((one for one in versions if one.state == VersionState.LIVE), None)
    if version is None or standing.version in [one.pk for one in versions]:
        return standing if version else None
    score = Score.objects.filter(lead=standing.pk, version=version).first()
    return score.standing_by(version.pk, standing) if score else None


def shown_of(standing: Standing, asked: Mapping[str, str], viewer: Any) -> Standing | None:
    """The standing, or where the lead would stand by the live model `model` (its slug) or by the side `side` (its
    position) of the experiment it is in. None: there is no such score, or not for this person.
    """
    if slug := asked.get("model", ""):
        return by_model(standing, slug)
    if side := asked.get("side", ""):
        return by_side(standing, int(side), viewer) if side in SIDES else None
    return standing


def ledger_of(standing: Standing) -> Ledger | None:
    """The ledger of a standing, with evidence for every criterion that gave points or disqualified. None: not scored.

    Eight queries, however long the ledger is.
    """
    if standing.version is None or standing.as_of is None:
        return None
    version = Version.objects.select_related("model").get(pk=standing.version)
    definition = load(version.definition)
    names = LedgerLine.objects.of([version.pk]).get(version.pk, [])
    told = [
        i for i, rule in enumerate(definition.criteria) if standing.points[i] or rule.disqualifies
    ]  # fmt: skip
    conditions = [definition.criteria[i].condition for i in told]
    evidence = dict(zip(told, evidence_for(standing.pk, conditions, standing.as_of), strict=True))
    lines = [
        _line(
            name, standing.points[i], definition.criteria[i] if i < len(definition.criteria) else None, evidence.get(i)
        )
        for i, name in enumerate(names)
    ]
    return Ledger(standing, version, definition, lines)


def _line(named: LedgerLine, points: int, rule: CriterionRule | None, evidence: Evidence | None) -> Line:
    return Line(limit_words(named, points), named.group, named.axis, points, named.kind, rule, evidence)


def limit_words(named: LedgerLine, points: int) -> str:
    """The name of a line, fit for what it did: a cap takes away, a floor gives."""
    if named.kind == LedgerLine.AXIS and points > 0:
        return f"{Axis(named.axis).label} is never below 0"
    return f"Cap: {named.name}" if named.kind == LedgerLine.GROUP and points <= 0 else named.name


def _unless_zero(line: Line | None) -> Line | None:
    return line if line and line.points else None
