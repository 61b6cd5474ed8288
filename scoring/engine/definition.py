"""A published version as data: what freeze() writes into Version.definition and load() reads back."""

from dataclasses import asdict, dataclass, field
from typing import Any

from leads.conditions.grammar import All as AllOf
from leads.conditions.grammar import AnyOf, ConditionError, EventTest, Node, parse
from scoring.models.criterion import Counting
from scoring.models.scoring_model import ScoringModel


@dataclass(frozen=True)
class GroupRule:
    name: str
    axis: str
    cap: int | None
    floor: int | None


@dataclass(frozen=True)
class CriterionRule:
    """`group` is an index into Definition.groups; `id` is the draft's criterion, to follow it through versions."""

    id: int
    name: str
    group: int
    condition: Any
    points: int
    counting: str = Counting.ONCE
    days: int | None = None
    at_most: int | None = None
    disqualifies: bool = False

    @property
    def node(self) -> Node:
        return parse(self.condition)


@dataclass(frozen=True)
class Definition:
    axis_limit: int
    fit_limits: tuple[int, ...]
    engagement_limits: tuple[int, ...]
    labels: dict[str, str]
    handoff_labels: tuple[str, ...]
    audience: Any = None
    groups: tuple[GroupRule, ...] = ()
    criteria: tuple[CriterionRule, ...] = field(default=())

    @property
    def conditions(self) -> list[Any]:
        """Everything it asks of a lead, as data."""
        return [*filter(None, [self.audience]), *(criterion.condition for criterion in self.criteria)]

    def criteria_of(self, group: int) -> list[int]:
        """Positions of the criteria of a group."""
        return [i for i, criterion in enumerate(self.criteria) if criterion.group == group]

    def groups_of(self, axis: str) -> list[int]:
        return [i for i, group in enumerate(self.groups) if group.axis == axis]


def freeze(model: ScoringModel, *, everything: bool = False) -> dict[str, Any]:
    """The draft as it stands, as JSON. Inactive criteria and groups without criteria are left out, or with
    `everything` are not.
    """
    criteria = model.criteria.select_related("group")
    active = list(criteria if everything else criteria.filter(active=True))
    used = {criterion.group_id for criterion in active}
    groups = [group for group in model.groups.all() if everything or group.pk in used]
    index = {group.pk: i for i, group in enumerate(groups)}
    active.sort(key=lambda criterion: (index[criterion.group_id], criterion.position, criterion.pk))
    return asdict(
        Definition(
            axis_limit=model.axis_limit,
            fit_limits=tuple(model.fit_limits),
            engagement_limits=tuple(model.engagement_limits),
            labels=model.labels,
            handoff_labels=tuple(model.handoff_labels),
            audience=model.audience,
            groups=tuple(GroupRule(group.name, group.axis, group.cap, group.floor) for group in groups),
            criteria=tuple(
                CriterionRule(
                    id=c.pk, name=c.name, group=index[c.group_id], condition=c.condition, points=c.points,
                    counting=c.counting, days=c.days, at_most=c.at_most, disqualifies=c.disqualifies,
                )
                for c in active
            ),
        )
    )  # fmt: skip


def load(data: dict[str, Any]) -> Definition:
    return Definition(
        **{
            **data,
            "fit_limits": tuple(data["fit_limits"]),
            "engagement_limits": tuple(data["engagement_limits"]),
            "handoff_labels": tuple(data["handoff_labels"]),
            "groups": tuple(GroupRule(**group) for group in data["groups"]),
            "criteria": tuple(CriterionRule(**criterion) for criterion in data["criteria"]),
        }
    )


def driver(node: Node) -> EventTest:
    """The event test whose events a criterion counts: the condition itself, or the only one beside field tests.

    Raises ConditionError where a condition has none or several, or one that does not count.
    """
    parts = node.parts if isinstance(node, AllOf) else (node,)
    events = [part for part in parts if isinstance(part, EventTest)]
    nested = [part for part in parts if isinstance(part, AllOf | AnyOf)]
    if len(events) != 1 or nested or events[0].question != "at_least":
        raise ConditionError(
            "points for each event need one event test of the form “at least … times”, joined by “and”"
        )
    return events[0]


def besides(node: Node) -> Node | None:
    """What a condition asks besides the event test of driver(), or None."""
    if not isinstance(node, AllOf):
        return None
    others = tuple(part for part in node.parts if not isinstance(part, EventTest))
    return AllOf(others) if others else None
