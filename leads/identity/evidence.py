"""What speaks for two leads being one, and against it, in sentences; and how sure that makes us.

Each reason has a weight: how sure it would make us alone. Together, 1 − (1 − a)(1 − b)…: every reason takes its share
of the doubt that is left. What speaks against it then multiplies. Measured in docs/duplicates.md.
"""

from dataclasses import dataclass, field
from math import prod

from leads.identity import keys
from leads.identity.keys import Person
from leads.identity.names import alike
from leads.ingest.normalise.countries import country_name

CLEARLY_ANOTHER = 0.72  # names less alike than this are of two people
ONE_NAME = 0.88  # and from here perhaps of one
SHARED = 3  # a number or id of more leads than this is a switchboard's or a row number


@dataclass
class Evidence:
    """`reasons`: (sentence, weight in percent; negative where it speaks against), the weightiest first."""

    for_: list[tuple[str, float]] = field(default_factory=list)
    against: list[tuple[str, float]] = field(default_factory=list)

    @property
    def confidence(self) -> int:
        """Percent, 99 at most: nobody can be surer without asking."""
        doubt = prod(1 - weight for _, weight in self.for_)
        return min(99, round(100 * (1 - doubt) * prod(1 - weight for _, weight in self.against)))

    @property
    def reasons(self) -> list[tuple[str, int]]:
        said = [(text, round(100 * weight)) for text, weight in self.for_]
        said += [(text, -round(100 * weight)) for text, weight in self.against]
        return sorted(said, key=lambda reason: -abs(reason[1]))


def compare(one: Person, two: Person, shared_by: dict[str, int]) -> Evidence:
    """What speaks for these two being one person. `shared_by`: how many leads have a key."""
    found = Evidence()
    names = alike(one.first_name, one.last_name, two.first_name, two.last_name)
    company = _same_company(one, two)
    _address(found, one, two, names)
    _phone(found, one, two, shared_by)
    _ids(found, one, two, shared_by)
    _names(found, one, two, names, company)
    if found.for_:
        _beside(found, one, two)
    return found


def _same_company(one: Person, two: Person) -> bool:
    return one.company is not None and one.company == two.company


def _address(found: Evidence, one: Person, two: Person, names: float) -> None:
    if not (one.email and two.email):
        return
    first, second = keys.variant(one.email), keys.variant(two.email)
    if first == second:
        found.for_.append(("the same e-mail address but for dots or what follows a +", 0.93))
    elif (local := first.partition("@")[0]) == second.partition("@")[0]:
        if len(local) >= keys.SHORTEST_LOCAL and not keys.is_office(local):
            found.for_.append((f"the same name in both addresses, {one.email.partition('@')[0]}", _telling(names)))


def _telling(names: float) -> float:
    """An address that is made of the name says little beside the name, and more where the name is unknown."""
    return 0.2 if names >= ONE_NAME else 0.45


def _phone(found: Evidence, one: Person, two: Person, shared_by: dict[str, int]) -> None:
    first, second = keys.digits(one.phone), keys.digits(two.phone)
    if min(len(first), len(second)) < keys.FEWEST_DIGITS:
        return
    if first[-keys.LAST_DIGITS :] != second[-keys.LAST_DIGITS :]:
        found.against.append(("different phone numbers", 0.12))
        return
    count = shared_by.get(f"p:{first[-keys.LAST_DIGITS :]}", 2)
    if count > SHARED:
        found.for_.append((f"the same phone {one.phone}, which {count} leads have", 0.15))
    else:
        found.for_.append((f"the same phone {one.phone}", 0.7))


def _ids(found: Evidence, one: Person, two: Person, shared_by: dict[str, int]) -> None:
    same = {value for _, value in one.ids} & {value for _, value in two.ids}
    sure = sorted(value for value in same if keys.specific(value) and shared_by.get(f"x:{value}", 2) <= SHARED)
    if sure:
        found.for_.append((f"the same id in two sources, {sure[0]}", 0.9))
    theirs = {source for source, _ in two.ids}
    if not sure and any(source in theirs for source, _ in one.ids):
        found.against.append(("one source knows them as two", 0.2))


def _names(found: Evidence, one: Person, two: Person, names: float, company: bool) -> None:
    known = all((one.first_name, one.last_name, two.first_name, two.last_name))
    if not known:
        return
    percent = round(100 * names)
    if names >= ONE_NAME:
        weight = 0.3 + 0.35 * (names - ONE_NAME) / (1 - ONE_NAME)
        found.for_.append((f"names {percent} % alike" if percent < 100 else "the same name", weight))
        if company:
            found.for_.append((f"the same company, {one.company_name}", 0.75 if names >= 0.93 else 0.55))
    elif names < CLEARLY_ANOTHER:
        found.against.append((f"names only {percent} % alike", 0.75))
    else:
        found.against.append((f"names {percent} % alike", 0.3))


def _beside(found: Evidence, one: Person, two: Person) -> None:
    """What alone says little."""
    if one.title and one.title.lower() == two.title.lower():
        found.for_.append((f"the same job title, {one.title}", 0.1))
    if one.city and one.city.lower() == two.city.lower():
        found.for_.append((f"the same city, {one.city}", 0.08))
    if one.country and two.country and one.country != two.country:
        found.against.append(
            (f"different countries, {country_name(one.country)} and {country_name(two.country)}", 0.25)
        )
    if one.company and two.company and one.company != two.company:
        found.against.append(("different companies", 0.5))
