"""Random models, leads and events that are hostile on purpose: NULLs, wrong types, Unicode, zone edges, empty lists."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from leads.models import Company, Event, EventKind, Field, Lead, Source, Team

WORDS = [
    "VP Sales",
    "vp",
    "Élan",
    "ÉLAN",
    "élan vital",
    "Ops_50%",
    "a\\b",
    "Straße",
    "Жук",
    "жук",
    "100%",
    "O'Hara",
    "x",
]
DOMAINS = ["acme.example", "mail.acme.example", "gmail.com", "notacme.example", "élan.example"]
KINDS = ["page_viewed", "webinar_attended", "email_opened", "call_held"]
FIELDS = {"budget": "number", "renewal": "date", "partner": "boolean", "plan": "choice", "tags": "list", "note": "text"}
URLS = ["/pricing", "/PRICING/eu", "/docs", "", "/a%b"]


def make_fields() -> None:
    for key, type_ in FIELDS.items():
        Field.objects.get_or_create(of="lead", key=key, defaults={"label": key.title(), "type": type_})


class Maker:
    def __init__(self, seed: int):
        self.r = random.Random(seed)

    # --- facts ---

    def team(self) -> Team:
        return Team.objects.get_or_create(slug="random", defaults={"name": "Random"})[0]

    def leads(self, count: int, as_of: datetime) -> list[Lead]:
        team = self.team()
        companies = Company.objects.bulk_create(
            Company(
                team=team, name=self.r.choice(WORDS), industry=self.r.choice([*WORDS, ""]),
                employees=self.r.choice([None, 0, 1, 49, 50, 200, 5000]),
                revenue=self.r.choice([None, Decimal("0.00"), Decimal("1999999.99"), Decimal("2000000.00")]),
            )
            for _ in range(5)
        )  # fmt: skip
        return Lead.objects.bulk_create(
            Lead(
                team=team, company=self.r.choice([None, *companies]), title=self.r.choice([*WORDS, ""]),
                email=f"p{self.r.random()}@{self.r.choice(DOMAINS)}" if self.r.random() < 0.8 else "",
                country=self.r.choice(["", "DE", "NZ"]), phone=self.r.choice(["", "+49301"]),
                city=self.r.choice(["", "Élan"]), source=self.r.choice(["", "Webinar", "élan"]),
                campaign=self.r.choice(["", "Spring", "élan"]),
                fields=self.custom(), created_at=self.moment(as_of),
            )
            for _ in range(count)
        )  # fmt: skip

    def custom(self) -> dict[str, Any]:
        values: dict[str, list[Any]] = {
            "budget": [None, 0, 10, 10.5, "12", True, -3],
            "renewal": [None, "2026-02-28", "2026-02-31", "soon", "", "2026-11-01", 5],
            "partner": [None, True, False, "true"],
            "plan": [None, "", "Gold", "gold", "Élan"],
            "tags": [None, [], ["a"], ["a", "b"], ["B"], "a"],
            "note": [None, "", *WORDS],
        }
        return {key: self.r.choice(choices) for key, choices in values.items() if self.r.random() < 0.8}

    def moment(self, as_of: datetime) -> datetime:
        """Often on the edge of a day, sometimes after the moment that is asked about."""
        day = as_of + timedelta(days=self.r.choice([2, 0, 0, -1, -6, -7, -8, -29, -30, -31, -90, -400]))
        return day.replace(
            hour=self.r.choice([0, 10, 11, 12, 13, 22, 23]), minute=self.r.choice([0, 59]),
            second=self.r.choice([0, 59]), microsecond=self.r.choice([0, 999_999]),
        )  # fmt: skip

    def events(self, leads: list[Lead], count: int, as_of: datetime) -> list[Event]:
        source = Source.objects.named(self.team(), "Random", "api")
        kinds = {kind.slug: kind for kind in EventKind.objects.filter(slug__in=KINDS)}
        return Event.objects.bulk_create(
            Event(
                lead=self.r.choice(leads), kind=kinds[self.r.choice(KINDS)], source=source,
                message_id=f"{self.r.random()}",
                occurred_at=self.moment(as_of), quarantined=self.r.random() < 0.1, properties=self.properties(),
            )
            for _ in range(count)
        )  # fmt: skip

    def event_of(self, lead: Lead, at: datetime) -> Event:
        """One activity of the lead at that moment."""
        source = Source.objects.named(self.team(), "Random", "api")
        kind = EventKind.objects.get(slug=KINDS[0])
        return Event.objects.create(
            lead=lead, kind=kind, source=source, message_id=f"{self.r.random()}", occurred_at=at
        )

    def properties(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "url": self.r.choice([*URLS, None]), "minutes": self.r.choice([0, 5, "5", 12.5, "many", None]),
            "live": self.r.choice([True, False, None]),
        }  # fmt: skip
        return {key: value for key, value in options.items() if self.r.random() < 0.8}

    # --- models ---

    def model(self) -> dict[str, Any]:
        groups = [
            {"name": f"G{i}", "axis": self.r.choice(["fit", "engagement"]), "cap": self.r.choice([None, 10, 25]),
             "floor": self.r.choice([None, -5, 0])}
            for i in range(self.r.randint(1, 4))
        ]  # fmt: skip
        grades = [f"{letter}{digit}" for letter in "ABCD" for digit in "1234"]
        return {
            "axis_limit": self.r.choice([20, 50]), "fit_limits": [30, 15, 5], "engagement_limits": [20, 10, 1],
            "labels": {grade: self.r.choice(["hot", "warm", "cool", "cold"]) for grade in grades},
            "handoff_labels": ["hot"], "audience": self.condition(2) if self.r.random() < 0.3 else None,
            "groups": groups, "criteria": [self.criterion(i, len(groups)) for i in range(self.r.randint(1, 8))],
        }  # fmt: skip

    def criterion(self, number: int, groups: int) -> dict[str, Any]:
        counting = self.r.choice(["once", "once", "each", "each_day", "half_life", "linear"])
        condition = self.condition(3)
        if counting != "once":
            condition = self.event(counted=True)
            if self.r.random() < 0.4:
                condition = {"all": [condition, self.field()]}
        points = self.r.choice([1, 5, 12, 30, -4, -15])
        return {
            "id": number, "name": f"C{number}", "group": self.r.randrange(groups), "condition": condition,
            "points": points, "counting": counting,
            "days": self.r.choice([1, 7, 30, 45]) if counting in ("half_life", "linear") else None,
            "at_most": self.r.choice([None, 20 if points > 0 else -20]) if counting != "once" else None,
            "disqualifies": self.r.random() < 0.05,
        }  # fmt: skip

    def condition(self, depth: int) -> dict[str, Any]:
        kind = self.r.random()
        if depth and kind < 0.3:
            return {self.r.choice(["all", "any"]): [self.condition(depth - 1) for _ in range(self.r.randint(1, 3))]}
        if depth and kind < 0.45:
            return {"not": self.condition(depth - 1)}
        return self.field() if kind < 0.75 else self.event()

    def field(self) -> dict[str, Any]:
        r = self.r
        text = r.choice(
            ["title", "source", "campaign", "company.industry", "company.name", "custom.note", "custom.plan", "country"]
        )
        tests: list[tuple[str, str, Any]] = [
            (text, r.choice(["is", "is_not", "contains", "not_contains", "starts_with", "ends_with"]), r.choice(WORDS)),
            (text, r.choice(["any_of", "none_of"]), r.sample(WORDS, 3)),
            (r.choice(["email", "email_domain"]), "domain_in", r.sample(DOMAINS, 2)),
            (r.choice(["company.employees", "custom.budget", "company.revenue"]),
             r.choice(["is", "is_not", "at_least", "at_most", "more_than", "less_than"]),
             r.choice([0, 10, 10.5, 50, 2e6])),
            ("days_since_activity", r.choice(["is", "is_not", "at_least", "at_most", "more_than", "less_than"]),
             r.choice([0, 1, 7, 7.5, 30, 45, -2, 1e12])),
            ("days_since_activity", "between", r.choice([[0, 6], [5, 40], [0.5, 7.5], [-3, 2]])),
            ("completeness", r.choice(["is", "at_least", "at_most", "more_than", "less_than"]),
             r.choice([0, 36, 45, 64, 100])),
            (r.choice(["company.employees", "custom.budget"]), "between", r.choice([[0, 50], [10.5, 200]])),
            (r.choice(["created", "custom.renewal"]), r.choice(["in_last_days", "days_ago"]), r.choice([1, 7, 30])),
            (r.choice(["created", "custom.renewal"]), r.choice(["on", "before", "after"]), "2026-11-01"),
            (r.choice(["created", "custom.renewal"]), "between", ["2026-02-01", "2026-11-01"]),
            ("custom.partner", "is", r.choice([True, False])),
            ("custom.tags", r.choice(["includes", "includes_all", "includes_none"]), r.choice([["a"], ["a", "b"]])),
        ]  # fmt: skip
        if r.random() < 0.2:
            others = ["tags", "partner", "budget"]
            derived = ["created", "days_since_activity", "completeness"]
            asked = r.choice([text, "company.employees", *(f"custom.{key}" for key in others), *derived])
            return {"field": asked, "op": r.choice(["known", "unknown"])}
        field, op, value = r.choice(tests)
        return {"field": field, "op": op, "value": value}

    def event(self, *, counted: bool = False) -> dict[str, Any]:
        r = self.r
        test: dict[str, Any] = {"event": r.choice([*KINDS, "any"])}
        if r.random() < 0.5:
            where = [
                {
                    "property": "url",
                    "op": r.choice(["contains", "is", "starts_with"]),
                    "value": r.choice(["/pricing", "%"]),
                },
                {"property": "minutes", "op": r.choice(["at_least", "less_than"]), "value": 5},
                {"property": "live", "op": "is", "value": True},
                {"property": "url", "op": r.choice(["known", "unknown"])},
            ]
            test["where"] = r.sample(where, r.randint(1, 2))
        question = "at_least" if counted else r.choice(["at_least", "at_most", "first_within", "last_before"])
        if question in ("first_within", "last_before"):
            return test | {question: r.choice([1, 7, 30])}
        if r.random() < 0.7:
            test["days"] = r.choice([1, 7, 30, 90])
        return test | {question: r.choice([1, 2, 3]) if question == "at_least" else r.choice([0, 1, 2])}


def an_as_of(r: random.Random) -> datetime:
    return datetime(2026, 11, r.randint(1, 28), r.choice([0, 5, 11, 12, 23]), r.choice([0, 30, 59]), tzinfo=UTC)
