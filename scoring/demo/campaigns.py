"""Which campaign brought whom: some bring people in need, others a crowd.

It follows from what a person is, with dice of its own, so it changes nothing else of the story.
"""

from scoring.demo.calendar import Year
from scoring.demo.chance import dice
from scoring.demo.story import Person

FAIR = "Trade fair"
FAIR_OF = {4: "Spring fair", 11: "Autumn fair"}  # by month; visitors of a fair are told of until the next
# source: {campaign: share of its leads, share of those in need}; the other sources have none
CAMPAIGNS = {
    "Website": {"": (35, 40), "Brand search": (20, 45), "Product launch": (45, 15)},
    "Content download": {"": (15, 10), "Maintenance guide": (65, 30), "Cost calculator": (20, 60)},
    "Webinar": {"Line tour": (25, 60), "Industry trends": (75, 40)},
}
IN_NEED = 1.2


def campaign_of(person: Person, seed: int, year: Year) -> str:
    """The campaign, empty where none is known."""
    if person.source == FAIR:
        month = year.moment(person.created).month
        return FAIR_OF[max((begun for begun in FAIR_OF if begun <= month), default=max(FAIR_OF))]
    shares = CAMPAIGNS.get(person.source)
    if shares is None:
        return ""
    in_need = person.need + person.timing > IN_NEED
    return dice("campaign", seed, person.number).choices(list(shares), [pair[in_need] for pair in shares.values()])[0]
