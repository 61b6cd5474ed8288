"""The mapping of a file's columns as a person chooses it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leads.enums import FieldType, ImportKind, ImportPolicy
from leads.ingest import job as jobs
from leads.ingest.normalise import dates, numbers
from leads.ingest.targets import KEEP, NEW, TABLES, Target, targets_of
from leads.models import Field, Import

# These may take several columns; everything else takes one.
MANY = ("external_id", KEEP)
DATES = ("moment", FieldType.DATE)
NUMBERS = ("count", "money", FieldType.NUMBER)


@dataclass(frozen=True)
class ColumnChoice:
    """A column on the page: its samples, what it becomes, and how its values are read."""

    place: int
    name: str
    samples: list[str]
    key: str
    confidence: str
    note: str
    order: str
    asks_order: bool


class MappingForm:
    """Reads and checks what was chosen; `errors` are in words. Nothing is kept before save()."""

    def __init__(self, job: Import, data: Mapping[str, Any] | None = None):
        self.job = job
        self.errors: list[str] = []
        self.targets = targets_of(job.kind, Field.objects.all())
        self.kind, self.policy = job.kind, job.policy
        self.mapping: dict[str, str | None] = dict(job.mapping)
        self.orders: dict[str, str] = {}
        if data is not None:
            self._read(data)

    def save(self) -> None:
        """Keep the choice. Another kind of file starts again with its own suggestions."""
        if self.kind != self.job.kind:
            jobs.look_again(self.job, self.kind)
            return
        self.job.mapping, self.job.policy, self.job.trial = self.mapping, self.policy, {}
        for column, order in self.orders.items():
            self.job.facts[column] |= {"order": order, "order_shown": True}
        self.job.save(update_fields=["mapping", "policy", "trial", "facts"])

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return ImportKind.choices

    @property
    def policies(self) -> list[tuple[str, str]]:
        return ImportPolicy.choices

    @property
    def groups(self) -> list[tuple[str, list[Target]]]:
        """What a column may become, in groups for the select."""
        known = {target.key for target in TABLES[self.kind]}
        groups: dict[str, list[Target]] = {"Known fields": [], "Custom fields": [], "Otherwise": []}
        for target in self.targets.values():
            special = target.key.startswith(NEW) or target.key == KEEP
            groups["Otherwise" if special else "Known fields" if target.key in known else "Custom fields"].append(
                target
            )
        return [(name, targets) for name, targets in groups.items() if targets]

    @property
    def matched(self) -> int:
        return sum(bool(key) for key in self.mapping.values())

    @property
    def columns(self) -> list[ColumnChoice]:
        return [self._choice(place, column) for place, column in enumerate(self.job.columns)]

    def _read(self, data: Mapping[str, Any]) -> None:
        kind, policy = data.get("kind", ""), data.get("policy", "")
        self.kind = kind if kind in ImportKind.values else self.job.kind
        self.policy = policy if policy in ImportPolicy.values else self.job.policy
        if self.kind != self.job.kind:
            return
        for place, column in enumerate(self.job.columns):
            key = data.get(f"column-{place}", self.mapping.get(column) or "")
            if key and key not in self.targets:
                self.errors.append(f"{column}: there is no field {key[:50]!r} any more. Choose another.")
                continue
            self.mapping[column] = key or None
            order = data.get(f"order-{place}")
            if order in (dates.DAY_FIRST, dates.MONTH_FIRST):
                self.orders[column] = order
        self._check()

    def _check(self) -> None:
        chosen = Counter(key for key in self.mapping.values() if key and key not in MANY and not key.startswith(NEW))
        for key, count in chosen.items():
            if count > 1:
                columns = " and ".join(column for column in self.job.columns if self.mapping.get(column) == key)
                self.errors.append(f"{self.targets[key].label} can come from one column only, not from {columns}.")

    def _choice(self, place: int, column: str) -> ColumnChoice:
        facts, key = self.job.facts.get(column, {}), self.mapping.get(column) or ""
        target = self.targets.get(key)
        confidence = facts.get("confidence", "") if key == facts.get("suggested") else ""
        asks = target is not None and target.type in DATES and any(map(dates.needs_order, facts.get("samples", [])))
        return ColumnChoice(
            place, column, facts.get("samples", []), key, confidence, _note(facts, target, asks),
            facts.get("order", dates.DAY_FIRST), asks,
        )  # fmt: skip


def _note(facts: dict[str, Any], target: Target | None, asks_order: bool) -> str:
    """How the values of a column are read, where that is not plain."""
    notes = []
    if target and asks_order and not facts.get("order_shown"):
        notes.append("day or month first cannot be told by the values")
    if target and target.type in NUMBERS:
        notes += _numbers_read(facts)
    notes += [f"“{word}” is read as empty, {count:,} ×" for word, count in facts.get("blanks", {}).items()]
    if not facts.get("filled"):
        notes = ["empty in every row"]
    return "; ".join(notes)


def _numbers_read(facts: dict[str, Any]) -> list[str]:
    for sample in facts.get("samples", []):
        try:
            value = numbers.number(sample, facts.get("decimal", numbers.POINT))
        except ValueError:
            continue
        if sample != f"{value:,}" and not sample.lstrip("-").isdigit():
            return [f"{sample} is read as {value:,}"]
    return []
