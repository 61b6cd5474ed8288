"""One question, one file: a frozen result and one function. This is the list of them."""

from reports.figures import Report
from reports.queries import conversion, funnel, handoffs, overview, reasons

REPORTS: dict[str, Report] = {
    module.REPORT.name: module.REPORT for module in (overview, funnel, conversion, handoffs, reasons)
}
