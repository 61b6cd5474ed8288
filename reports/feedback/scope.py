"""Feedback is about handoffs, narrowed as the reports are: reports/scope.py."""

from leads.enums import HandoffState

DECIDED = (HandoffState.ACCEPTED, HandoffState.REJECTED)
