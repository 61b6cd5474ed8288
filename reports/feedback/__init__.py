"""What sales says about leads, as data: one question, one file. This is the list of the tables.

/scoring/feedback/, /scoring/feedback/<name>.csv, /api/v1/feedback/summary/<name>; docs/feedback.md says what they mean.
"""

from reports.feedback import acceptance, criteria, reasons
from reports.figures import Report

TABLES: dict[str, Report] = {report.name: report for report in (criteria.REPORT, reasons.REPORT, *acceptance.REPORTS)}
