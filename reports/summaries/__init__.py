"""What came of each lead, counted beforehand: one fact for each lead, and tallies of the facts of each day.

facts     how a fact is read from leads, handoffs, deals and the history of scores
counting  facts and tallies brought up to date by what changed, all of them made anew, and as of when they are
"""

from reports.summaries.counting import as_of, catch_up, count_due, make_anew

__all__ = ["as_of", "catch_up", "count_due", "make_anew"]
