"""What came of each lead, counted beforehand: one fact for each lead, and tallies of the facts of days and months.

facts     how a fact is read from leads, handoffs, deals and the history of scores, and what facts are tallied by
writing   facts of some leads with what that changes in the tallies; the tallies of a month added up
counting  what changed is counted, and as of when everything is
anew      everything counted again, in pages
"""

from reports.summaries.counting import as_of, catch_up, count_due, count_now, make_anew, progress, start_anew

__all__ = ["as_of", "catch_up", "count_due", "count_now", "make_anew", "progress", "start_anew"]
