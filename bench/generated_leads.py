"""Leads with known duplicates, for measuring how well and how fast they are found. One seed, the same leads."""

import random
import string
from dataclasses import dataclass, field

FIRST = """Ana James Robert Maria William Elizabeth Michael Katherine Thomas Susan Peter Laura Daniel Sofia Stephen
Julia Anthony Clara Benjamin Nora Christopher Emma Matthew Lucia Andrew Ines David Marta Edward Paula Nicholas Irene
Joseph Teresa Samuel Petra Richard Elena Alexander Hanna Patrick Greta Timothy Olga Gregory Judith Jonathan Vera
Lawrence Ida Rebecca Omar Priya Kenji Fatima Anders Ingrid Mateo Chiara Henrik Leila Dmitri Yusuf Mei Rafael""".split()
SYLLABLES = """an ber cal dor el fen gar hol in jor kel lan mor nor ol per quin ros sal tor ul ver win yar zel bran
chen del ster mann son ley field ton ford well stein berg wick ham""".split()
TITLES = """Head of Sales|VP Operations|Software Engineer|Buyer|Marketing Manager|CEO|CFO|Logistics Lead|Plant Manager|
Consultant|Data Analyst|Project Manager""".replace("\n", "").split("|")
CITIES = "Bilbao Lyon Leeds Graz Porto Turin Ghent Aarhus Brno Basel Malmo Cork".split()
SHORT = {
    "James": "Jim", "Robert": "Bob", "William": "Bill", "Elizabeth": "Liz", "Michael": "Mike", "Katherine": "Kate",
    "Thomas": "Tom", "Daniel": "Dan", "Stephen": "Steve", "Anthony": "Tony", "Benjamin": "Ben", "Edward": "Ted",
    "Christopher": "Chris", "Matthew": "Matt", "Andrew": "Andy", "David": "Dave", "Nicholas": "Nick", "Joseph": "Joe",
    "Samuel": "Sam", "Richard": "Rick", "Alexander": "Alex", "Patrick": "Pat", "Timothy": "Tim", "Gregory": "Greg",
    "Jonathan": "Jon", "Lawrence": "Larry", "Rebecca": "Becky", "Susan": "Sue", "Peter": "Pete",
}  # fmt: skip
FREE = ("gmail.com", "outlook.com", "gmx.de")
CHANGES = ("address", "typo", "short", "swapped", "moved", "phone", "crm")


@dataclass
class Made:
    """`rows`: values of Lead with company as a number and `crm` as an id; `twins`: (row, row) that are one person."""

    rows: list[dict[str, object]] = field(default_factory=list)
    twins: set[tuple[int, int]] = field(default_factory=set)
    kinds: dict[tuple[int, int], str] = field(default_factory=dict)


def made(count: int, *, share: float = 0.05, seed: int = 7) -> Made:
    """`count` leads of `count` / 12 companies, `share` of them a second record of another.

    Among the rest are colleagues of one surname, switchboards and namesakes elsewhere: those must not be found.
    """
    r, result = random.Random(seed), Made()
    seconds = round(count * share)
    for n in range(count - seconds):
        result.rows.append(_person(r, n, count // 12))
    for n, first in enumerate(r.sample(range(count - seconds), seconds)):
        kind = CHANGES[n % len(CHANGES)]
        result.rows.append(_second(r, result.rows[first], kind))
        pair = (first, len(result.rows) - 1)
        result.twins.add(pair)
        result.kinds[pair] = kind
    return result


def _person(r: random.Random, n: int, companies: int) -> dict[str, object]:
    company = r.randrange(companies)
    first, last = r.choice(FIRST), "".join(r.sample(SYLLABLES, r.choice((2, 3)))).capitalize()
    if r.random() < 0.02:
        last = "Garcia"  # namesakes
    digits = f"+49{r.randrange(10**8, 10**9)}"
    phone = f"+4930{company:07}" if r.random() < 0.15 else digits if r.random() < 0.6 else ""
    host = f"c{company}.example" if r.random() < 0.8 else r.choice(FREE)
    number = "" if "c" in host[:1] else str(n)
    return {
        "first_name": first, "last_name": last, "email": f"{first}.{last}{number}@{host}".lower(), "phone": phone,
        "title": r.choice(TITLES), "city": r.choice(CITIES), "country": "DE", "company": company,
        "crm": f"0031t{n:08}",
    }  # fmt: skip


def _second(r: random.Random, first: dict[str, object], kind: str) -> dict[str, object]:
    """Another record of the same person; how it differs is said by the kind."""
    row = first | {"crm": "", "phone": first["phone"] if r.random() < 0.3 else ""}
    given, last = str(first["first_name"]), str(first["last_name"])
    local, _, host = str(first["email"]).partition("@")
    row["email"] = f"{given[0]}{last}{r.randrange(1000)}@{r.choice(FREE)}".lower() if r.random() < 0.7 else ""
    if kind == "address":
        row["email"] = f"{local}+{r.choice(('news', 'events'))}@{host}" if r.random() < 0.5 else (
            f"{local.replace('.', '')}@{host}")  # fmt: skip
    elif kind == "typo":
        row[r.choice(("first_name", "last_name"))] = ""
        for name in ("first_name", "last_name"):
            row[name] = row[name] or _slip(r, str(first[name]))
    elif kind == "short":
        row["first_name"] = SHORT.get(given, given)
    elif kind == "swapped":
        row["first_name"], row["last_name"] = last, given
    elif kind == "moved":
        row |= {"email": f"{local}@{r.choice(FREE)}", "company": None}
    elif kind == "phone":
        row |= {"company": None, "phone": first["phone"] or f"+43{r.randrange(10**8, 10**9)}"}
        first["phone"] = row["phone"]
    elif kind == "crm":
        row |= {"crm": first["crm"], "company": None, "first_name": "", "title": ""}
    return row


def _slip(r: random.Random, word: str) -> str:
    """One slip of the keyboard: left out, doubled, wrong or swapped."""
    at = r.randrange(1, len(word)) if len(word) > 1 else 0
    kind = r.randrange(4)
    if kind == 0 and len(word) > 3:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at] + word[at:]
    if kind == 2:
        return word[:at] + r.choice(string.ascii_lowercase) + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :] if len(word) > 2 else word
