"""Who buys, and why: the hidden truth of the demo.

    the company's industry and size ─┐
    department, rank ────────────────┼→ need, authority, budget, timing ─→ probability to buy ─→ won or not
    the moment in the company's year ┘        │            │
                                              │            └→ what they do: pricing, trial, demo (behaviour.py)
                                              └→ title, size, industry, source, answers: some of it missing

    probability = 1 / (1 + exp(4.3 − 0.9 need − 0.8 authority − 0.7 budget − 1.3 timing − source))

What blurs it: half of all actions say nothing, a title may be unknown, a size unread. One in ten is a student or an
intern: busy with guides and webinars, sometimes under the name of a good company, and never buys. Competitors read
everything. The bought list is poor, a recommendation is good, and the trade fair brings many who were only passing.

The product never sees the traits or the probability; tests and benchmarks ask `truth()`.
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from leads.ingest.normalise.titles import read_title
from scoring.demo import words
from scoring.demo.calendar import Year
from scoring.demo.chance import dice
from scoring.demo.companies import REGION_SHARES, REGIONS, Firm, firms, plain

BUYER, STUDENT, COMPETITOR = "buyer", "student", "competitor"
STUDENTS, COMPETITORS, WITHOUT_COMPANY = 0.10, 0.012, 0.05

# share and authority of each rank, in the order of words.TITLES: chief, head, manager, staff
RANKS = [(10, 1.3), (18, 0.8), (36, 0.1), (36, -0.8)]
DEPARTMENTS = {"Operations": 24, "Production": 20, "Engineering": 20, "IT": 10, "Procurement": 8, "Quality": 8,
               "Marketing": 6, "HR": 4}  # fmt: skip
NEED_OF = {"Operations": 0.4, "Production": 0.4, "Engineering": 0.3, "Marketing": -1.4, "HR": -1.6}

# source: share, share while the need is pressing, effect on the probability
SOURCES = {"Demo request": (5, 34, 0.1), "Website": (18, 22, 0.0), "Webinar": (17, 12, 0.0),
           "Content download": (28, 14, -0.1), "Partner referral": (6, 8, 0.8), "Trade fair": (15, 7, -0.5),
           "Bought list": (11, 3, -1.0)}  # fmt: skip
OF_STUDENTS = {"Content download": 62, "Webinar": 25, "Website": 13}


@dataclass(slots=True)
class Person:
    """One lead of the story: what the product sees, and below what it does not."""

    number: int
    region: str
    firm: int | None  # place in Story.firms
    first_name: str
    last_name: str
    email: str
    title: str
    seniority: str
    department: str
    phone: str
    country: str
    city: str
    source: str
    fields: dict[str, Any]
    created: float

    kind: str
    need: float
    authority: float
    budget: float
    timing: float
    probability: float
    luck: float  # buys when luck < probability
    peak: float  # when the interest is greatest
    rng: Random


class Story:
    """The same seed, number of leads and day give the same people."""

    def __init__(self, leads: int, seed: int = 1, today: date | None = None) -> None:
        self.leads, self.seed, self.year = leads, seed, Year(today)
        self.firms = firms(company_count(leads), dice("companies", seed))
        self._buyers = sum(firm.kind == "buyer" for firm in self.firms)
        self._others = {
            (kind, region): [i for i, firm in enumerate(self.firms) if (firm.kind, firm.region) == (kind, region)]
            for kind in ("university", "competitor")
            for region in REGIONS
        }  # fmt: skip

    def people(self) -> Iterator[Person]:
        """Everybody, in the order of the days on which they came."""
        names = Counter[tuple[str, str]]()
        for number in range(self.leads):
            yield self._person(number, dice("person", self.seed, number), names)

    def _person(self, number: int, rng: Random, names: Counter[tuple[str, str]]) -> Person:
        kind, firm = self._where(rng)
        place = self.firms[firm] if firm is not None else None
        region = place.region if place else rng.choices(REGIONS, REGION_SHARES)[0]
        day = self.year.arrival((number + 0.5) / self.leads)
        created = self.year.working(day, 0.0 if rng.random() < 0.2 else 1.0, rng.random())
        timing = rng.gauss(0, 1)
        role, title, authority = _role(kind, rng)
        need = (place.need if place else -0.6) + NEED_OF.get(role, 0.0) + rng.gauss(0, 0.5)
        budget = (place.budget if place else -1.2) + rng.gauss(0, 0.3)
        source = _source(kind, timing, self.year.fair[int(created)], rng)
        first, last, email = _name(region, place.domain if place and rng.random() > 0.04 else None, names, rng)
        country, city = _home(place, region, rng)
        seniority, department = read_title(title)
        return Person(
            number, region, firm, first, last, email, title, seniority, department, _phone(country, rng), country, city,
            source, _answers(need, timing, source, rng), created,
            kind, need, authority, budget, timing,
            probability=_probability(kind, need, authority, budget, timing, source),
            luck=rng.random(), peak=created + _delay(source, timing, rng), rng=rng,
        )  # fmt: skip

    def _where(self, rng: Random) -> tuple[str, int | None]:
        """Kind of person and place in `firms`."""
        draw = rng.random()
        # a few companies have many leads, most have one or two
        firm = int(self._buyers * rng.random() ** 1.3)
        if draw < COMPETITORS:
            return COMPETITOR, rng.choice(self._others["competitor", rng.choice(REGIONS)])
        if draw < COMPETITORS + STUDENTS:
            studies = rng.random() < 0.6
            return STUDENT, rng.choice(self._others["university", self.firms[firm].region]) if studies else firm
        if draw < COMPETITORS + STUDENTS + WITHOUT_COMPANY:
            return BUYER, None
        return BUYER, firm


def company_count(leads: int) -> int:
    """One for three leads in a small demo, 50,000 for a million."""
    return max(1, min(leads // 3, max(1000, leads // 20)))


def truth(leads: int, seed: int = 1, today: date | None = None) -> dict[str, float]:
    """How probable it was that each lead buys, by e-mail address. For tests and benchmarks."""
    return {person.email: person.probability for person in Story(leads, seed, today).people()}


def _probability(kind: str, need: float, authority: float, budget: float, timing: float, source: str) -> float:
    if kind != BUYER:
        return 0.0
    merit = 0.9 * need + 0.8 * authority + 0.7 * budget + 1.3 * timing + SOURCES[source][2]
    return 1 / (1 + math.exp(4.3 - merit))


def _role(kind: str, rng: Random) -> tuple[str, str, float]:
    """Department (hidden), title (8 in 100 unknown) and authority (hidden)."""
    department = rng.choices(list(DEPARTMENTS), list(DEPARTMENTS.values()))[0]
    rank = rng.choices(range(4), [share for share, _ in RANKS])[0] if kind != STUDENT else 3
    title, shown = rng.choice(words.TITLES[department][rank]), rng.random()
    if kind == STUDENT:
        # one in five goes by the title of a colleague
        title = rng.choice(words.TRAINEE_TITLES) if shown < 0.55 else "" if shown < 0.8 else title
        return department, title, -2.5
    return department, title if shown > 0.08 else "", RANKS[rank][1] + rng.gauss(0, 0.4)


def _source(kind: str, timing: float, fair: bool, rng: Random) -> str:
    if kind == STUDENT:
        return rng.choices(list(OF_STUDENTS), list(OF_STUDENTS.values()))[0]
    if fair and rng.random() < 0.6:
        return "Trade fair"
    pressing = 1 if timing > 0.9 else 0
    return rng.choices(list(SOURCES), [row[pressing] for row in SOURCES.values()])[0]


def _delay(source: str, timing: float, rng: Random) -> float:
    """Days from the first contact to the greatest interest."""
    if source == "Demo request":
        return rng.expovariate(1 / 3)
    return rng.lognormvariate(math.log(24 if timing < 0.9 else 12), 0.9)


def _answers(need: float, timing: float, source: str, rng: Random) -> dict[str, Any]:
    """Custom fields: what forms asked. Most people skip them, and an answer is only half the truth."""
    fields: dict[str, Any] = {}
    if source == "Bought list" or rng.random() < 0.55:
        return fields
    fields["use_case"] = rng.choice(words.USE_CASES)
    if rng.random() < 0.6:
        place = 1.4 - timing + rng.gauss(0, 0.8)
        fields["timeline"] = words.TIMELINES[max(0, min(3, int(place)))]
    if rng.random() < 0.5:
        fields["newsletter"] = rng.random() < 0.5 + 0.1 * need
    return fields


def _name(region: str, domain: str | None, names: Counter[tuple[str, str]], rng: Random) -> tuple[str, str, str]:
    """First and last name and an address nobody else in the region has; None: a free-mail address."""
    domain = domain or rng.choice(words.FREE_MAIL)
    firsts, lasts = FIRST[region], LAST[region]
    turn = names[region, domain]
    names[region, domain] += 1
    again, place = divmod(turn, len(firsts) * len(lasts))
    # 1009 is prime to the number of pairs: every pair comes once before any comes again
    pair = (zlib.crc32(domain.encode()) + place * 1009) % (len(firsts) * len(lasts))
    (first, first_plain), (last, last_plain) = firsts[pair % len(firsts)], lasts[pair // len(firsts)]
    return first, last, f"{first_plain}.{last_plain}{again + 1 if again else ''}@{domain}"


def _home(firm: Firm | None, region: str, rng: Random) -> tuple[str, str]:
    if rng.random() < 0.06:
        return "", ""
    if firm:
        return firm.country, firm.city if rng.random() < 0.8 else ""
    country, _, cities = rng.choices(words.PLACES[region], [share for _, share, _ in words.PLACES[region]])[0]
    return country, rng.choice(cities)


def _phone(country: str, rng: Random) -> str:
    if country not in words.PHONES or rng.random() < 0.35:
        return ""
    return words.PHONES[country].format(rng.randrange(100))


def _spelled(names: dict[str, list[str]]) -> dict[str, list[tuple[str, str]]]:
    return {region: [(name, plain(name).lower()) for name in listed] for region, listed in names.items()}


FIRST, LAST = _spelled(words.FIRST_NAMES), _spelled(words.LAST_NAMES)
