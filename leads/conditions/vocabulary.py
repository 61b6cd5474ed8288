"""What may be asked of a lead: a closed list of terms, never raw paths into the database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import DecimalField, Expression, F, TextField, Value

from leads.conditions import grammar
from leads.conditions.grammar import ConditionError
from leads.conditions.operators import operator_for, read_value
from leads.conditions.sql import Sql
from leads.conditions.terms import BUILT_IN, NUMBER, TEXT, Term, custom, lower

ANY_KIND = "any"


# Leads may not know scoring, so whoever else knows something of a lead registers a function that gives its terms.
Provides = Callable[[], Iterable[Term]]
_providers: list[Provides] = []


def register(provider: Provides) -> Provides:
    _providers.append(provider)
    return provider


@dataclass(frozen=True)
class Vocabulary:
    """The terms and event kinds of this installation."""

    terms: dict[str, Term]
    kinds: dict[str, tuple[int, str]] = field(default_factory=dict)  # slug → id, label
    by_lead: frozenset[int] = frozenset()

    @classmethod
    def load(cls) -> "Vocabulary":
        """Read custom fields and event kinds, and what others provide: three queries."""
        from leads.models import EventKind, Field  # the models keep conditions, so they come later

        terms = {term.key: term for term in BUILT_IN}
        rows = list(Field.objects.all())
        of_leads = {row.label.casefold() for row in rows if row.of == Field.LEAD}
        for row in rows:
            of_company = row.of == Field.COMPANY
            key, column = f"{'company.' if of_company else ''}custom.{row.key}", "company__" * of_company + "fields"
            choices = tuple((str(choice), str(choice)) for choice in row.choices)
            # Files of contacts and of companies often name a column alike; equal entries could not be told apart.
            label = f"Company: {row.label}" if of_company and row.label.casefold() in of_leads else row.label
            terms[key] = Term(key, label, row.type, custom(column, row.key, row.type), choices)
        terms |= {term.key: term for provider in _providers for term in provider()}
        kinds = list(EventKind.objects.all())
        return cls(terms, {k.slug: (k.pk, k.label) for k in kinds}, frozenset(k.pk for k in kinds if k.by_lead))

    def term(self, key: str, path: tuple[str, ...] = ()) -> Term:
        try:
            return self.terms[key]
        except KeyError:
            raise ConditionError(f"there is no field {key!r}", path) from None

    def kind_ids(self, slug: str, path: tuple[str, ...] = ()) -> frozenset[int]:
        """Ids of the kind; for "any" those of every kind done by the lead."""
        if slug == ANY_KIND:
            return self.by_lead
        try:
            return frozenset({self.kinds[slug][0]})
        except KeyError:
            raise ConditionError(f"there is no kind of event {slug!r}", path) from None

    def asks_for_any_kind(self, test: grammar.FieldTest | grammar.EventTest) -> bool:
        """Whether the answer depends on which kinds of events count as activity of the lead."""
        if isinstance(test, grammar.EventTest):
            return test.kind == ANY_KIND
        return test.field in self.terms and self.terms[test.field].of_activity

    def check(self, node: grammar.Node, *, scoring: bool = True) -> None:
        """Every test can be asked and every value read. Raises ConditionError with the place of the first mistake."""
        for test in grammar.tests(node):
            if isinstance(test, grammar.EventTest):
                self.kind_ids(test.kind, (*test.path, "event"))
                for question in test.where:
                    read_property(question)
            else:
                term = self.term(test.field, (*test.path, "field"))
                if scoring and not term.scorable:
                    raise ConditionError(f"{term.label} follows from scoring or sales and cannot be scored", test.path)
                self.read(test)

    def read(self, test: grammar.FieldTest) -> tuple[Term, Any, Any]:
        """Term, operator and value of a field test."""
        term = self.term(test.field, (*test.path, "field"))
        operator = operator_for(test.op, term.type, (*test.path, "op"))
        return term, operator, read_value(operator, term.type, test.value, test.path)


def read_property(test: grammar.PropertyTest) -> tuple[Expression, Any, Any]:
    """SQL, operator and value of a property test."""
    type_ = property_type(test)
    operator = operator_for(test.op, type_, (*test.path, "op"))
    value = test.value
    if type_ == TEXT and isinstance(value, bool):
        value = "true" if value else "false"  # how JSON's booleans read as text
    sql = property_sql(test.property, type_)
    return lower(sql) if type_ == TEXT else sql, operator, read_value(operator, type_, value, test.path)


def property_sql(name: str, type_: str) -> Expression:
    """A property of an event, read as text or as a number. NULL when missing, empty or not a number."""
    text = Sql("NULLIF({} ->> {}, '')", F("properties"), Value(name, TextField()), output_field=TextField())
    if type_ == NUMBER:
        pattern = "(CASE WHEN {} ~ '^-?[0-9]{1,15}(\\.[0-9]{1,9})?$' THEN {}::numeric END)"
        return Sql(pattern, text, text, output_field=DecimalField())
    return text


def property_type(test: grammar.PropertyTest) -> str:
    """Properties have no declared type: the question decides how they are read."""
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return NUMBER if numbers and test.value is not None else TEXT
