"""One question, one file: a frozen result and one function. This is the list of them.

The page, `/reports/<name>.csv`, `/api/v1/reports/<name>` and docs/metrics.md are made of what is listed here. Each
function says how many queries it makes; about one model its versions are one more for every range that is asked.
"""

from reports.figures import Report
from reports.queries import (
    agreement,
    campaigns,
    cohorts,
    conversion,
    drift,
    funnel,
    handoffs,
    impact,
    overview,
    performance,
    reasons,
    reps,
    sources,
    stages,
    surprises,
)  # fmt: skip

_ALL = (
    overview.REPORT, funnel.REPORT, conversion.REPORT, handoffs.REPORT, reasons.REPORT, *impact.REPORTS.values(),
    reps.REPORT, cohorts.REPORT, stages.REPORT, *performance.REPORTS, *surprises.REPORTS, drift.REPORT, sources.REPORT,
    campaigns.REPORT, agreement.REPORT,
)  # fmt: skip
REPORTS: dict[str, Report] = {report.name: report for report in _ALL}
