"""Where the leads work. Two hidden traits belong to the company: how much it needs us, and what it can spend."""

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from scoring.demo import words

REGIONS = ["emea", "americas", "apac"]
REGION_SHARES = [50, 30, 20]


@dataclass(slots=True)
class Firm:
    """A company of the story. `need` and `budget` are hidden: about 0 on average, 1 is much."""

    kind: str  # buyer, university or competitor
    region: str
    name: str
    industry: str
    country: str
    city: str
    employees: int
    need: float = 0.0
    budget: float = 0.0
    controls: str = ""
    plants: int = 0

    @property
    def domain(self) -> str:
        return f"{slug(self.name)}.example"

    def known(self, rng: Random) -> dict[str, Any]:
        """What the product knows of it: some values are missing."""
        fields: dict[str, Any] = {"plants": self.plants} if self.plants and rng.random() < 0.7 else {}
        if self.controls and rng.random() < 0.6:
            fields |= {"controls": self.controls}
        revenue = round(self.employees * 190_000 * rng.lognormvariate(0, 0.4), -5)
        return {
            "industry": self.industry if rng.random() < 0.93 else "",
            "employees": self.employees if rng.random() < 0.88 else None,
            "revenue": revenue if rng.random() < 0.45 else None,
            "fields": fields,
        }


def slug(name: str) -> str:
    """Northwind Robotics → northwind-robotics."""
    return re.sub(r"[^a-z0-9]+", "-", plain(name).lower()).strip("-")


def plain(text: str) -> str:
    """Without accents: Västerås → Vasteras."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def firms(count: int, rng: Random) -> list[Firm]:
    """`count` companies that may buy, then universities, then competitors."""
    names = Counter[str]()
    buyers = [_buyer(rng, names) for _ in range(count)]
    universities = [
        Firm("university", region, name, words.EDUCATION, *_place(region, rng), employees=rng.randrange(800, 6000))
        for region in REGIONS
        for name in words.UNIVERSITIES[region]
    ]
    competitors = [
        Firm("competitor", region, name, words.SOFTWARE, *_place(region, rng), employees=rng.randrange(60, 400))
        for region, name in zip(REGIONS, words.COMPETITORS, strict=True)
    ]
    return buyers + universities + competitors


def _buyer(rng: Random, names: Counter[str]) -> Firm:
    region = rng.choices(REGIONS, REGION_SHARES)[0]
    industry = rng.choices(list(words.INDUSTRIES), [share for share, _, _ in words.INDUSTRIES.values()])[0]
    _, need, kinds = words.INDUSTRIES[industry]
    country, city = _place(region, rng)
    employees = max(5, min(40_000, int(rng.lognormvariate(math.log(260), 1.4))))
    produces = need > 0.3
    return Firm(
        "buyer", region, _name(rng.choice(kinds), names), industry, country, city, employees,
        need=need + rng.gauss(0, 0.4),
        budget=1.2 - abs(math.log(employees / 900)) * 0.8 + rng.gauss(0, 0.4),
        controls=rng.choice(words.CONTROLS) if produces else "",
        plants=max(1, int(employees / 220 * rng.uniform(0.4, 1.3))) if produces else 0,
    )  # fmt: skip


def _place(region: str, rng: Random) -> tuple[str, str]:
    country, _, cities = rng.choices(words.PLACES[region], [share for _, share, _ in words.PLACES[region]])[0]
    return country, rng.choice(cities)


def _name(kind: str, names: Counter[str]) -> str:
    """The next free name of that kind: Northwind Robotics, …, then Northwind & Halden Robotics, …"""
    number, stems = names[kind], words.STEMS
    names[kind] += 1
    if number < len(stems):
        # another order for every kind, so that not every list begins with the same companies
        return f"{stems[(number * 7 + len(kind) * 5) % len(stems)]} {kind}"
    series, pair = divmod(number - len(stems), len(stems) * (len(stems) - 1))
    first, step = divmod(pair, len(stems) - 1)
    partner = stems[(first + 1 + step) % len(stems)]
    return f"{stems[first]} & {partner} {kind}" + (f" {series + 1}" if series else "")
