"""A second interpreter of models, for tests only: written from docs/scoring.md and docs/conditions.md in plain Python.

It shares nothing with the engine: no SQL, no operators table, no tree. It reads a model's JSON and plain dictionaries.
"""

import math
import re
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)


class Reference:
    """One lead at one moment: `facts` is {term: value or None}, `events` dicts with kind, occurred_at, properties."""

    def __init__(self, facts, events, by_lead, as_of: datetime, zone: str):
        self.zone = ZoneInfo(zone)
        self.today = self.day(as_of)
        self.facts = facts
        self.by_lead = by_lead
        self.events = [e for e in events if e["occurred_at"] <= as_of and not e["quarantined"]]

    def day(self, moment: datetime) -> int:
        return (moment.astimezone(self.zone).date() - EPOCH).days

    # --- conditions ---

    def holds(self, c) -> bool:
        if "all" in c:
            return all(self.holds(part) for part in c["all"])
        if "any" in c:
            return any(self.holds(part) for part in c["any"])
        if "not" in c:
            return not self.holds(c["not"])
        if "field" in c:
            known = self.silence() if c["field"] == "days_since_activity" else self.facts.get(c["field"])
            return self.answers(known, c["op"], c.get("value"))
        return self.asked_of_events(c)

    def silence(self) -> int | None:
        """Whole days since the lead did anything."""
        days = [self.day(event["occurred_at"]) for event in self.matching({"event": "any"})]
        return self.today - max(days) if days else None

    def answers(self, known, op, value) -> bool:
        if known is None or known == "" or known == []:
            return op == "unknown"
        if op in ("known", "unknown"):
            return op == "known"
        if isinstance(known, datetime):
            known = known.astimezone(self.zone).date()
        if isinstance(known, date):
            return self.answers_of_date((known - EPOCH).days, op, value)
        if isinstance(known, bool):
            return known is value
        if isinstance(known, int | float | Decimal):
            return self.answers_of_number(Decimal(str(known)), op, value)
        if isinstance(known, list):
            mine, asked = set(known), set(value)
            return {"includes": bool(mine & asked), "includes_all": asked <= mine, "includes_none": not mine & asked}[
                op
            ]
        return self.answers_of_text(known, op, value)

    def answers_of_date(self, day, op, value) -> bool:
        def number(text):
            return (date.fromisoformat(text) - EPOCH).days

        match op:
            case "between":
                return number(value[0]) <= day <= number(value[1])
            case "on":
                return day == number(value)
            case "before":
                return day < number(value)
            case "after":
                return day > number(value)
            case "in_last_days":
                return 0 <= self.today - day < value
            case "days_ago":
                return self.today - day >= value
        raise AssertionError(op)

    def answers_of_number(self, known, op, value) -> bool:
        if op == "between":
            return Decimal(str(value[0])) <= known <= Decimal(str(value[1]))
        asked = Decimal(str(value))
        return {
            "is": known == asked, "is_not": known != asked, "at_least": known >= asked, "at_most": known <= asked,
            "more_than": known > asked, "less_than": known < asked,
        }[op]  # fmt: skip

    def answers_of_text(self, known, op, value) -> bool:
        mine = known.lower()
        asked = [v.lower() for v in value] if isinstance(value, list) else str(value).lower()
        match op:
            case "is":
                return mine == asked
            case "is_not":
                return mine != asked
            case "any_of":
                return mine in asked
            case "none_of":
                return mine not in asked
            case "contains":
                return asked in mine
            case "not_contains":
                return asked not in mine
            case "starts_with":
                return mine.startswith(asked)
            case "ends_with":
                return mine.endswith(asked)
            case "domain_in":
                domain = mine.rsplit("@", 1)[-1]
                return any(domain == d or domain.endswith("." + d) for d in asked)
        raise AssertionError(op)

    # --- events ---

    def matching(self, c, days=None) -> list[dict]:
        window = days or c.get("days")
        found = []
        for event in self.events:
            if event["kind"] not in (self.by_lead if c["event"] == "any" else {c["event"]}):
                continue
            if window and not self.day(event["occurred_at"]) > self.today - window:
                continue
            if all(self.property_answers(event["properties"], test) for test in c.get("where", [])):
                found.append(event)
        return found

    def property_answers(self, properties, test) -> bool:
        value, known = test.get("value"), properties.get(test["property"])
        if isinstance(known, bool):
            known = "true" if known else "false"
        numbers = value if isinstance(value, list) else [value]
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in numbers) and value is not None:
            if known is None or not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", str(known)):
                return False
            return self.answers_of_number(Decimal(str(known)), test["op"], value)
        return self.answers(None if known is None else str(known), test["op"], value)

    def asked_of_events(self, c) -> bool:
        found = self.matching(c)
        days = [self.day(event["occurred_at"]) for event in found]
        if "at_most" in c:
            return len(found) <= c["at_most"]
        if "first_within" in c:
            return bool(days) and min(days) > self.today - c["first_within"]
        if "last_before" in c:
            return bool(days) and max(days) <= self.today - c["last_before"]
        return len(found) >= c.get("at_least", 1)

    # --- points ---

    def points(self, criterion) -> int:
        condition = criterion["condition"]
        if not self.holds(condition):
            return 0
        points = criterion["points"]
        if criterion["counting"] == "once":
            return points
        test = next(part for part in condition.get("all", [condition]) if "event" in part)
        found = self.matching(test)
        ages = [self.today - self.day(event["occurred_at"]) for event in found]
        match criterion["counting"]:
            case "each":
                given = points * len(found)
            case "each_day":
                given = points * len(set(ages))
            case "half_life":
                # each event in whole hundredths, then the sum rounded half up; what gives under 0.005 gives nothing
                full = abs(points) * 100
                hundredths = sum(
                    math.floor(full * math.exp(-math.log(2) / criterion["days"] * age) + 0.5) for age in ages
                )
                given = (hundredths + 50) // 100 * (1 if points > 0 else -1)
            case "linear":
                full, days = abs(points) * 100, criterion["days"]
                hundredths = sum(math.floor(Fraction(full * (days - age), days)) for age in ages if age < days)
                given = (hundredths + 50) // 100 * (1 if points > 0 else -1)
        most = criterion["at_most"] if criterion["at_most"] is not None else 1000 if points > 0 else -1000
        return min(given, most) if points > 0 else max(given, most)

    def standing(self, model) -> dict:
        """Points in ledger order, fit, engagement, total, grade and label; {"label": ""} outside the audience."""
        if model["audience"] is not None and not self.holds(model["audience"]):
            return {"label": "", "points": []}
        given = [self.points(criterion) for criterion in model["criteria"]]
        limits, axis = [], {"fit": 0, "engagement": 0}
        for i, group in enumerate(model["groups"]):
            total = sum(p for p, c in zip(given, model["criteria"], strict=True) if c["group"] == i)
            kept = total if group["floor"] is None else max(total, group["floor"])
            kept = kept if group["cap"] is None else min(kept, group["cap"])
            limits.append(kept - total)
            axis[group["axis"]] += kept
        ends = {name: min(model["axis_limit"], max(0, value)) for name, value in axis.items()}
        grade = self.mark(ends["fit"], model["fit_limits"], "ABCD")
        grade += self.mark(ends["engagement"], model["engagement_limits"], "1234")
        barred = any(c["disqualifies"] and self.holds(c["condition"]) for c in model["criteria"])
        return {
            "fit": ends["fit"], "engagement": ends["engagement"], "total": sum(ends.values()), "grade": grade,
            "label": "disqualified" if barred else model["labels"][grade],
            "points": [*given, *limits, ends["fit"] - axis["fit"], ends["engagement"] - axis["engagement"]],
        }  # fmt: skip

    @staticmethod
    def mark(value, limits, marks) -> str:
        return next((m for m, limit in zip(marks, limits, strict=False) if value >= limit), marks[-1])
