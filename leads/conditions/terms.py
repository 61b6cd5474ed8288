"""The fields of a lead as conditions see them: those that are built in, and how a custom one is read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import DecimalField, Expression, F, JSONField, SmallIntegerField, Subquery, TextField, Value

from leads.conditions.operators import WORDS
from leads.conditions.sql import Sql, integer
from leads.enums import FieldType, Label, Seniority, Stage
from leads.expected import EXPECTED
from leads.freemail import ROLES, disposable_mail, free_mail
from leads.rollup import best_score, engaged_people, top3_score

if TYPE_CHECKING:
    from leads.conditions.compile import Scope

MAIL_KINDS = (
    ("business", "Business"), ("role", "Office (info@, sales@)"), ("free", "Free mail"), ("disposable", "Disposable"),
)  # fmt: skip
# {size: most employees}
SIZES = (("1-10", 10), ("11-50", 50), ("51-200", 200), ("201-500", 500), ("501-1000", 1000), ("1001-5000", 5000),
         ("5001-10000", 10_000))  # fmt: skip
LARGEST = "10001+"
SIZE_NAMES = (*(size for size, _ in SIZES), LARGEST)

# How a term is read of the lead, where the surroundings may have to say what is seen of its events.
Reads = Callable[["Scope"], Expression]


@dataclass(frozen=True)
class Term:
    """A field as conditions see it. `sql(scope)` is NULL while the value is unknown; a date is its day number.

    scorable=False: for lists and segments only. What scoring or sales wrote must not feed the score.
    of_activity: it follows from what the lead did. ages: a number that is one more every day. of_colleagues: it changes
    with the scores of others.
    """

    key: str
    label: str
    type: str
    sql: Reads
    choices: tuple[tuple[str, str], ...] = ()
    scorable: bool = True
    of_activity: bool = False
    ages: bool = False
    of_colleagues: bool = False

    def compared(self, scope: "Scope") -> Expression:
        """The value as operators take it: text in lower case."""
        return lower(self.sql(scope)) if self.type in WORDS else self.sql(scope)


def lower(text: Expression) -> Expression:
    """As text is compared: without regard to capitals."""
    return Sql("lower({})", text, output_field=TextField())


def _text(path: str) -> Reads:
    return lambda scope: Sql("NULLIF({}, '')", F(path), output_field=TextField())


def _number(path: str) -> Reads:
    return lambda scope: Sql("{}::numeric", F(path), output_field=DecimalField())


def _day(path: str) -> Reads:
    day = "(timezone({}, {})::date - date '1970-01-01')"
    return lambda scope: integer(day, Value(settings.TIME_ZONE, TextField()), F(path))


def _domain(scope: "Scope") -> Expression:
    return Sql("NULLIF(split_part({}, '@', 2), '')", F("email"), output_field=TextField())


def _mail_kind(scope: "Scope") -> Expression:
    """One kind for each address: thrown away, free mail, of an office, else business."""
    domain = "split_part({}, '@', 2) = ANY({}::text[])"
    return Sql(
        f"(CASE WHEN {{}} = '' THEN NULL WHEN {domain} THEN 'disposable' WHEN {domain} THEN 'free'"
        " WHEN lower(split_part({}, '@', 1)) = ANY({}::text[]) THEN 'role' ELSE 'business' END)",
        F("email"), F("email"), _listed(disposable_mail()), F("email"), _listed(free_mail()), F("email"),
        _listed(ROLES), output_field=TextField(),
    )  # fmt: skip


def _listed(words: Iterable[str]) -> Expression:
    return Value("{" + ",".join(sorted(words)) + "}", TextField())


def _size(scope: "Scope") -> Expression:
    """The size of the company by its employees, in the steps that most exports use."""
    steps = " ".join(f"WHEN {{}} <= {most} THEN '{size}'" for size, most in SIZES)
    return Sql(f"(CASE {steps} WHEN {{}} IS NOT NULL THEN '{LARGEST}' END)",
               *[F("company__employees")] * (len(SIZES) + 1), output_field=TextField())  # fmt: skip


def _silence(scope: "Scope") -> Expression:
    """Whole days since the lead last did something: the latest event is one step in the index of events."""
    kinds = Value(sorted(scope.vocabulary.by_lead), ArrayField(SmallIntegerField()))
    own = scope.past().filter(Sql("({} = ANY({}::smallint[]))", F("kind_id"), kinds))
    last = Subquery(own.order_by("-day").values("day")[:1])
    return Sql("({} - {})::numeric", scope.today, last, output_field=DecimalField())


def _completeness(scope: "Scope") -> Expression:
    known = ", ".join(["NULLIF({}::text, '')"] * len(EXPECTED))
    share = f"round(100.0 * num_nonnulls({known}) / {len(EXPECTED)})"
    return Sql(share, *map(F, EXPECTED), output_field=DecimalField())


def _tags(scope: "Scope") -> Expression:
    return Sql("(CASE WHEN cardinality({}) > 0 THEN to_jsonb({}) END)", F("tags"), F("tags"), output_field=JSONField())


TEXT, CHOICE, NUMBER, DATE = FieldType.TEXT, FieldType.CHOICE, FieldType.NUMBER, FieldType.DATE


def _of_colleagues(key: str, label: str, rollup: Callable[[F], Expression]) -> Term:
    return Term(key, label, NUMBER, lambda scope: rollup(F("company_id")), scorable=False, of_colleagues=True)


BUILT_IN = [
    Term("email", "E-mail", TEXT, _text("email")),
    Term("email_domain", "E-mail domain", TEXT, _domain),
    Term("email_kind", "Kind of e-mail", CHOICE, _mail_kind, MAIL_KINDS),
    Term("first_name", "First name", TEXT, _text("first_name")),
    Term("last_name", "Last name", TEXT, _text("last_name")),
    Term("title", "Job title", TEXT, _text("title")),
    Term("seniority", "Seniority", CHOICE, _text("seniority"), tuple(Seniority.choices)),
    Term("department", "Department", TEXT, _text("department")),
    Term("phone", "Phone", TEXT, _text("phone")),
    Term("country", "Country", TEXT, _text("country")),
    Term("city", "City", TEXT, _text("city")),
    Term("website", "Website", TEXT, _text("website")),
    Term("source", "Source", TEXT, _text("source")),
    Term("campaign", "Campaign", TEXT, _text("campaign")),
    Term("created", "Created", DATE, _day("created_at")),
    Term("days_since_activity", "Days since activity", NUMBER, _silence, of_activity=True, ages=True),
    Term("completeness", "Completeness", NUMBER, _completeness),
    Term("company.name", "Company", TEXT, _text("company__name")),
    Term("company.domain", "Company domain", TEXT, _text("company__domain")),
    Term("company.industry", "Industry", TEXT, _text("company__industry")),
    Term("company.employees", "Employees", NUMBER, _number("company__employees")),
    Term("company.size", "Company size", CHOICE, _size, tuple((size, f"{size} people") for size in SIZE_NAMES)),
    Term("company.revenue", "Annual revenue", NUMBER, _number("company__revenue")),
    Term("company.country", "Company country", TEXT, _text("company__country")),
    Term("company.city", "Company city", TEXT, _text("company__city")),
    _of_colleagues("company.best_score", "Best score of the company", best_score),
    _of_colleagues("company.top3_score", "Three best scores of the company", top3_score),
    _of_colleagues("company.engaged_people", "Engaged people", engaged_people),
    Term("stage", "Stage", CHOICE, _text("stage"), tuple(Stage.choices), scorable=False),
    Term("team", "Team", TEXT, _text("team__slug"), scorable=False),
    Term("owner", "Owner", TEXT, _text("owner__email"), scorable=False),
    Term("tags", "Tags", FieldType.LIST, _tags, scorable=False),
    Term("label", "Label", CHOICE, _text("standing__label"), tuple(Label.choices), scorable=False),
    Term("grade", "Grade", TEXT, _text("standing__grade"), scorable=False),
    Term("total", "Score", NUMBER, _number("standing__total"), scorable=False),
    Term("fit", "Fit", NUMBER, _number("standing__fit"), scorable=False),
    Term("engagement", "Engagement", NUMBER, _number("standing__engagement"), scorable=False),
]


def custom(column: str, key: str, type_: str) -> Reads:
    """The SQL of a custom field: NULL too where the stored JSON is not of the field's type."""
    name = Value(key, TextField())
    match type_:
        case FieldType.NUMBER:
            sql = "(CASE WHEN jsonb_typeof({} -> {}) = 'number' THEN ({} ->> {})::numeric END)"
            return lambda scope: Sql(sql, *(F(column), name) * 2, output_field=DecimalField())
        case FieldType.BOOLEAN:
            return lambda scope: Sql(
                "(CASE WHEN jsonb_typeof({} -> {}) = 'boolean' THEN ({} ->> {})::boolean END)",
                *(F(column), name) * 2,
            )
        case FieldType.DATE:
            return lambda scope: _day_of_text(Sql("({} ->> {})", F(column), name, output_field=TextField()))
        case FieldType.LIST:
            sql = "(CASE WHEN jsonb_typeof({} -> {}) = 'array' AND {} -> {} <> '[]'::jsonb THEN {} -> {} END)"
            return lambda scope: Sql(sql, *(F(column), name) * 3, output_field=JSONField())
    return lambda scope: Sql("NULLIF({} ->> {}, '')", F(column), name, output_field=TextField())


def _day_of_text(text: Expression) -> Expression:
    """2026-01-31 as a day number, without an error for text that is no date: built from its parts behind a pattern."""
    return integer(
        "(CASE WHEN {} ~ '^(1[6-9]|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN"
        " make_date(left({}, 4)::int, substr({}, 6, 2)::int, 1) - date '1970-01-01' + right({}, 2)::int - 1 END)",
        text, text, text, text,
    )  # fmt: skip
