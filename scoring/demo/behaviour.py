"""Hidden traits → what a person does.

Who needs us now looks at prices, asks for a demo, starts a trial, in the weeks before the interest peaks. What
everybody does (pages, newsletters, guides) says little; how much of it a person does varies a hundredfold. Students
collect guides and webinars. Mail scanners click every link of a letter within two seconds.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from scoring.demo import words
from scoring.demo.calendar import DAYS, Year
from scoring.demo.story import BUYER, COMPETITOR, STUDENT, Person

WEBSITE, MAIL, CRM, FILE = "website", "mail", "crm", "file"
SPREAD = 1.35  # of the number of actions: median 0.4 of the mean, one in a hundred over 9 times the mean
MOST = 120  # times the mean
HALF_YEAR = 180.0


@dataclass(slots=True)
class Act:
    """One event of the story. `properties` is JSON text without a backslash or a tab, ready for COPY."""

    moment: float
    kind: str
    source: str
    properties: str = "{}"
    quarantined: bool = False


def _json(**properties: Any) -> str:
    return json.dumps(properties, ensure_ascii=False)


def _page(path: str, title: str = "") -> str:
    return _json(url=words.SITE + path, path=path, title=title or path.strip("/").split("/")[-1].capitalize() or "Home")


# kind of event, source, and the properties it may have
PAGE = ("page_viewed", WEBSITE, [_page(path) for path in words.PAGES])
PRICING = ("page_viewed", WEBSITE, [_page("/pricing"), _page("/pricing"), _page("/pricing/compare", "Compare plans")])
CAREERS = ("page_viewed", WEBSITE, [_page("/careers")])
GUIDE = ("content_downloaded", WEBSITE, [_json(name=name, format="PDF") for name in words.GUIDES])
REGISTERED = ("webinar_registered", WEBSITE, [_json(name=name) for name in words.WEBINARS])
ATTENDED = ("webinar_attended", FILE, [_json(name=n, minutes=m) for n in words.WEBINARS for m in (12, 31, 48, 55)])
DELIVERED = ("email_delivered", MAIL, [_json(subject=subject) for subject in words.MAILS])
OPENED = ("email_opened", MAIL, DELIVERED[2])
CLICKED = ("email_clicked", MAIL, [_json(subject=s, url=words.SITE + u) for s in words.MAILS for u in words.CLICKED])
REPLIED = ("email_replied", MAIL, DELIVERED[2])
GONE = ("email_unsubscribed", MAIL, DELIVERED[2])
FORM = ("form_submitted", WEBSITE, [_json(form=name) for name in words.FORMS])
SOCIAL = ("social_reaction", WEBSITE, [_json(network="LinkedIn", reaction=word) for word in ("like", "share")])
DEMO = ("demo_requested", WEBSITE, [_json(form="Demo request", product=name) for name in words.USE_CASES])
QUOTE = ("pricing_requested", WEBSITE, [_json(form="Pricing request", message=text) for text in words.QUESTIONS])
TRIAL = ("trial_started", WEBSITE, [_json(plan="Trial, 30 days", lines=lines) for lines in (1, 2, 4)])
BADGE = ("form_submitted", FILE, [_json(form="Trade fair visit", stand=stand) for stand in ("C14", "Hall 9, D31")])

Sort = tuple[str, str, list[str]]
# What everybody does, with weights for buyers, students, competitors.
EVERYDAY: list[tuple[Sort, tuple[float, float, float]]] = [
    (PAGE, (6.0, 4.0, 9.0)), (DELIVERED, (2.4, 2.0, 1.0)), (OPENED, (1.2, 1.2, 0.3)), (CLICKED, (0.6, 0.6, 0.2)),
    (GUIDE, (0.5, 3.6, 1.0)), (REGISTERED, (0.4, 1.2, 0.8)), (ATTENDED, (0.25, 1.1, 0.5)), (SOCIAL, (0.3, 0.5, 0.1)),
    (PRICING, (0.25, 0.15, 1.5)), (FORM, (0.12, 0.25, 0.0)), (CAREERS, (0.04, 0.9, 0.2)), (GONE, (0.02, 0.03, 0.0)),
]  # fmt: skip
SORTS = [sort for sort, _ in EVERYDAY]
WEIGHTS = {kind: [weights[i] for _, weights in EVERYDAY] for i, kind in enumerate((BUYER, STUDENT, COMPETITOR))}
FIRST = {"Demo request": DEMO, "Website": FORM, "Webinar": REGISTERED, "Content download": GUIDE, "Trade fair": BADGE}


def heat(person: Person) -> float:
    """0 to 1: how much the interest of this person shows. Hidden; it drives the telling actions."""
    if person.kind != BUYER:
        return 0.05
    return 1 / (1 + math.exp(0.6 - 0.8 * person.timing - 0.45 * person.need))


def acts(person: Person, year: Year, mean: float) -> list[Act]:
    """Everything the person did before today, `mean` actions on average over all people. In no particular order."""
    rng, warmth = person.rng, heat(person)
    done = [_act(person, year, FIRST[person.source], person.created)] if person.source in FIRST else []
    telling = min(1.0, mean / 8)
    for sort, times in _telling(person, warmth, rng):
        done += [_act(person, year, sort, _near_peak(person, rng)) for _ in range(times) if rng.random() < telling]
    habit = min(rng.lognormvariate(-SPREAD * SPREAD / 2, SPREAD), MOST)
    everyday = int(habit * _busy(person, warmth, mean) + rng.random())
    for sort in rng.choices(SORTS, WEIGHTS[person.kind], k=everyday):
        draw = rng.random()
        near = _near_peak(person, rng) if draw < 0.25 + 0.25 * warmth else person.created + draw * draw * HALF_YEAR
        done.append(_act(person, year, sort, near))
    if rng.random() < 0.02:
        done += _scanner(person, year, rng)
    return [act for act in done if act.moment < DAYS]


def _busy(person: Person, warmth: float, mean: float) -> float:
    """How many everyday actions to expect; the constants make all people together come to `mean`."""
    lists = 0.35 if person.source in ("Bought list", "Trade fair") else 1.0
    kind = {BUYER: 0.7 + 0.9 * warmth, STUDENT: 2.0, COMPETITOR: 1.6}[person.kind]
    return max(0.0, mean * 1.31 - 2.3) * lists * kind


def _telling(person: Person, warmth: float, rng: Random) -> Iterator[tuple[Sort, int]]:
    """What only people do who consider buying, and how often."""
    yield PRICING, int(rng.expovariate(1 / (4.5 * warmth * warmth + 0.05)))
    yield QUOTE, rng.random() < 0.8 * warmth * warmth
    yield DEMO, person.source != "Demo request" and rng.random() < 0.65 * warmth * warmth
    yield TRIAL, rng.random() < 0.4 * warmth * warmth
    yield REPLIED, rng.random() < 0.15 * warmth
    yield ATTENDED, person.source == "Webinar" and rng.random() < 0.55


def _near_peak(person: Person, rng: Random) -> float:
    return max(person.created, person.peak - rng.expovariate(0.14))


def _act(person: Person, year: Year, sort: Sort, near: float) -> Act:
    kind, source, properties = sort
    rng = person.rng
    if near <= person.created:
        moment = person.created
    elif near >= DAYS:
        moment = near
    else:
        moment = max(year.working(near, rng.random(), rng.random()), person.created + rng.random() * 0.02)
    return Act(moment, kind, source, properties[int(rng.random() * len(properties))])


def _scanner(person: Person, year: Year, rng: Random) -> list[Act]:
    """A mail scanner opens every link of a letter at once. Most such bursts are recognised, some are not yet."""
    near = min(person.created + rng.random() * HALF_YEAR, DAYS - 0.01)
    moment, seen = max(person.created, year.working(near, 1.0, rng.random())), rng.random() < 0.8
    clicks = rng.sample(CLICKED[2], 4)
    return [Act(moment + i * 0.5 / 86400, "email_clicked", MAIL, click, seen) for i, click in enumerate(clicks)]
