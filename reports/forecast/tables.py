"""The tables of the forecast: /reports/forecast/<name>.csv, /api/v1/forecast/<name>; docs/forecast.md defines them."""

from reports.figures import Report
from reports.forecast import capacity, reading, record, restson

TABLES: dict[str, Report] = {module.REPORT.name: module.REPORT for module in (reading, record, restson, capacity)}
