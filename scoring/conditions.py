"""What the condition builder asks: the words there are, and what a condition would find."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, Q

from leads.conditions import ConditionError, grammar
from leads.conditions.compile import ListScope, leads_matching
from leads.conditions.describe import describe
from leads.conditions.operators import OPERATORS
from leads.conditions.sql import Sql
from leads.conditions.terms import Term
from leads.conditions.vocabulary import ANY_KIND, Vocabulary
from leads.enums import FieldType, Stage
from leads.models import Event, Lead
from leads.models.lead import LeadQuerySet

# Up to so many leads every one is counted, without and with tests of events; above, a sample is.
EXACT, EXACT_EVENTS, SAMPLE = 200_000, 50_000, 12_000
PATIENCE = 3_000  # milliseconds for a count

ACCEPTED = (Stage.ACCEPTED, Stage.OPPORTUNITY, Stage.CUSTOMER)

RECENT_EVENTS, EVENTS_APART, RECENT_LEADS = 10_000, 100_000, 5_000
NAMES_SHOWN, VALUES_SHOWN, LONGEST = 40, 20, 80
# Text fields of which people pick one of few values. Custom text fields are added.
SUGGESTED = {"department", "country", "source", "campaign", "city", "company.industry", "company.country"}


@dataclass(frozen=True)
class Matches:
    """How many leads match, and how many of those sales accepted or won. `sample`: estimated from so many leads."""

    count: int
    of: int
    accepted: int
    won: int
    sample: int | None = None


@dataclass(frozen=True)
class Findings:
    """matches is None when the condition has errors, or when counting took too long."""

    sentence: str = ""
    matches: Matches | None = None
    errors: list[dict[str, str]] = field(default_factory=list)


def check(condition: Any, leads: LeadQuerySet, *, scoring: bool = True) -> Findings:
    """The sentence of a condition, and how many of the leads match now. `scoring`: of a criterion or audience."""
    vocabulary = Vocabulary.load()
    try:
        node = grammar.parse(condition)
        vocabulary.check(node, scoring=scoring)
    except ConditionError as error:
        return Findings(errors=[{"path": ".".join(error.path), "message": error.message}])
    return Findings(describe(node, vocabulary), _patiently(lambda: count(node, condition, leads)))


def count(node: grammar.Node, condition: Any, leads: LeadQuerySet) -> Matches:
    """Of every lead where that is quick, else estimated from a sample, the same one while a condition is edited."""
    every, total = leads_matching(condition), _about_all()
    if total <= (EXACT_EVENTS if _asks_events(node) else EXACT):
        return Matches(**_tally(leads, every))
    return _estimate(leads, every, percent=min(100.0, 100 * SAMPLE / total))


def _asks_events(node: grammar.Node) -> bool:
    """Whether events have to be read: of a test of events, and of a field that follows from them."""
    terms = Vocabulary.load().terms
    return any(isinstance(test, grammar.EventTest) or terms[test.field].of_activity for test in grammar.tests(node))


def _patiently(ask: Callable[[], Matches]) -> Matches | None:
    """The answer, unless the database needs too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE)])
            found = ask()
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return found
    except OperationalError:
        return None


def _estimate(leads: LeadQuerySet, condition: Q, percent: float) -> Matches:
    """`of` is every one of the leads, and what the sample says is put in proportion to them."""
    found, of = _tally(leads.filter(_sampled(percent)), condition), leads.count()
    each = of / found["of"] if found["of"] else 0.0
    return Matches(**{name: round(number * each) for name, number in found.items()} | {"of": of}, sample=found["of"])


def _tally(leads: LeadQuerySet, condition: Q) -> dict[str, int]:
    found = leads.filter(condition).aggregate(
        count=Count("pk"),
        accepted=Count("pk", filter=Q(stage__in=ACCEPTED)),
        won=Count("pk", filter=Q(stage=Stage.CUSTOMER)),
    )
    return {**found, "of": leads.count()}


def _about_all() -> int:
    """How many leads there are, as the planner knows it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'leads_lead'::regclass")
        return cursor.fetchone()[0]


def _sampled(percent: float) -> Q:
    """The leads on some of the table's blocks, always the same ones; as an array, so that nothing else is read."""
    sample = f"SELECT id FROM leads_lead TABLESAMPLE SYSTEM ({percent:.4f}) REPEATABLE (1)"
    return Q(Sql(f"({{}} = ANY(ARRAY({sample})))", F("pk")))


# --- The words ---------------------------------------------------------------------------------------


def words(user: Any, *, scoring: bool = True) -> dict[str, Any]:
    """Fields, operators and kinds of events, with properties and values seen of late on leads the user may see.

    Six queries, each over a bounded number of rows.
    """
    vocabulary = Vocabulary.load()
    terms = [term for term in vocabulary.terms.values() if term.scorable or not scoring]
    seen = _seen_values(terms, user, ListScope.of_now(vocabulary))
    return {
        "fields": [_field(term, seen.get(term.key, [])) for term in terms],
        "operators": [
            {"key": op.key, "label": op.label, "types": list(op.types), "takes": op.takes, "unknown": op.unknown}
            for op in OPERATORS.values()
        ],
        "kinds": [{"slug": ANY_KIND, "label": "did anything"}]
        + [{"slug": slug, "label": label} for slug, (_, label) in vocabulary.kinds.items()],
        "properties": _seen_properties(user),
    }


def _field(term: Term, seen: list[str]) -> dict[str, Any]:
    group = "Custom" if "custom." in term.key else "Company" if term.key.startswith("company.") else "Lead"
    choices = [{"value": value, "label": label} for value, label in term.choices]
    return {"key": term.key, "label": term.label, "type": term.type, "group": group, "choices": choices, "seen": seen}


def _seen_values(terms: Iterable[Term], user: Any, scope: ListScope) -> dict[str, list[str]]:
    asked = {
        f"t{i}": term for i, term in enumerate(terms)
        if term.type == FieldType.TEXT and (term.key in SUGGESTED or "custom." in term.key) and not term.choices
    }  # fmt: skip
    leads = Lead.objects.visible_to(user).order_by("-pk")
    rows: Any = leads.values(**{name: term.sql(scope) for name, term in asked.items()})
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows[:RECENT_LEADS]:
        for name, value in row.items():
            if value and len(value) <= LONGEST:
                counts[asked[name].key][value] += 1
    return {key: _common(counter) for key, counter in counts.items()}


def _seen_properties(user: Any) -> dict[str, dict[str, list[str]]]:
    """kind → property → its most common values, from the newest events."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    events = Event.objects.visible_to(user).filter(pk__gt=newest - EVENTS_APART).order_by("-pk")
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for kind, properties in events.values_list("kind__slug", "properties")[:RECENT_EVENTS]:
        for name, value in properties.items() if isinstance(properties, dict) else ():
            counts[kind][name][_simple(value)] += 1
    return {
        kind: {name: _common(names[name]) for name in sorted(names)[:NAMES_SHOWN]}
        for kind, names in counts.items()
    }  # fmt: skip


def _simple(value: Any) -> str:
    """A value worth suggesting; empty for nested and long ones."""
    text = "" if isinstance(value, dict | list) or value is None else str(value)
    return text if len(text) <= LONGEST else ""


def _common(counter: Counter[str]) -> list[str]:
    return [value for value, _ in counter.most_common(VALUES_SHOWN + 1) if value][:VALUES_SHOWN]
