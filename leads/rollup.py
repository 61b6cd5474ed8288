"""A company's standing, from its people: those of its leads that are scored and not disqualified.

Counted when it is asked, from the standings as they are: an index finds the people of a company. It follows from
scores, so lists and rules may ask it and scores may not: the score of one lead would change with that of another, whose
score would change with the first one's.
"""

from django.db.models import Expression, F

from leads.conditions.sql import integer

_PEOPLE = "leads_standing s JOIN leads_lead m ON m.id = s.lead_id WHERE m.company_id = {} AND s.label <> 'disqualified'"
ENGAGED = "('1', '2')"  # the digits of the grade


def best_score(company: Expression | F) -> Expression:
    """The highest total of its people; unknown while none of them is scored."""
    return integer(f"(SELECT max(s.total)::int FROM {_PEOPLE})", company)


def top3_score(company: Expression | F) -> Expression:
    """The sum of its three highest totals, or of as many as there are; unknown while nobody is scored."""
    best = f"SELECT s.total FROM {_PEOPLE} ORDER BY s.total DESC NULLS LAST LIMIT 3"
    return integer(f"(SELECT sum(total)::int FROM ({best}) best)", company)


def engaged_people(company: Expression | F) -> Expression:
    """How many of its people have the digit 1 or 2; unknown where there is no company."""
    engaged = f"SELECT count(*)::int FROM {_PEOPLE} AND right(s.grade, 1) IN {ENGAGED}"
    return integer(f"(CASE WHEN {{}} IS NOT NULL THEN ({engaged}) END)", company, company)
