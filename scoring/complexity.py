"""How much a person has to keep in mind to understand a model."""

from dataclasses import dataclass

from leads.conditions.grammar import All, AnyOf, Node, Not, parse, tests
from scoring.engine.definition import Definition

SIMPLE, MODERATE, COMPLEX = "Simple", "Moderate", "Complex"
# The most of (criteria, tests, levels) for the word: what is read on one screen, and on two.
LIMITS = {SIMPLE: (15, 25, 2), MODERATE: (30, 60, 3)}


@dataclass(frozen=True)
class Complexity:
    """`tests`: questions asked in all conditions. `depth`: levels of all, any and not inside one another."""

    criteria: int
    tests: int
    groups: int
    depth: int

    @property
    def word(self) -> str:
        size = (self.criteria, self.tests, self.depth)
        fits = (word for word, most in LIMITS.items() if all(a <= b for a, b in zip(size, most, strict=True)))
        return next(fits, COMPLEX)

    @property
    def tone(self) -> str:
        return {SIMPLE: "ok", MODERATE: "", COMPLEX: "warn"}[self.word]

    @property
    def means(self) -> str:
        """What the words stand for."""
        parts = [f"{word}: at most {c} criteria, {t} tests, {d} levels deep." for word, (c, t, d) in LIMITS.items()]
        return " ".join([*parts, f"{COMPLEX}: more."])


def complexity(definition: Definition) -> Complexity:
    nodes = [parse(condition) for condition in definition.conditions]
    asked = sum(1 for node in nodes for _ in tests(node))
    return Complexity(len(definition.criteria), asked, len(definition.groups), max(map(_depth, nodes), default=0))


def _depth(node: Node) -> int:
    if isinstance(node, All | AnyOf):
        return 1 + max(map(_depth, node.parts), default=0)
    return 1 + _depth(node.part) if isinstance(node, Not) else 0
