"""The other reports, a question each: impact of scoring, the funnel by month, the score, sources, sales' answers."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from leads.asked import one_of
from leads.enums import Label
from leads.requests import Request
from reports import drawings
from reports.behind import address
from reports.queries import REPORTS, impact, performance, surprises
from reports.queries.agreement import agreement
from reports.queries.campaigns import CampaignOutcome, campaigns
from reports.queries.cohorts import cohorts
from reports.queries.drift import drifted
from reports.queries.funnel import funnel
from reports.queries.reps import reps
from reports.queries.sources import SourceOutcome, sources_and_all
from reports.queries.stages import stages
from reports.scope import Scope
from reports.tables import table
from reports.views.frame import asked, page

SHOWN = 50  # campaigns; all are in the CSV


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def impact_of_scoring(request: Request) -> HttpResponse:
    """What came of leads by `by`: label, grade, source, team, month, version, or who chose them."""
    read = asked(request)
    scope = read.scope
    by = one_of(request, "by", impact.DIMENSIONS, "label")
    report = impact.REPORTS[by]
    groups = impact.impact(scope, by)
    return page(
        request, "reports/impact.html", "Impact of scoring", read, by=by, ways=list(impact.WAYS.items()),
        chart=drawings.closed_by_day(groups), table=table(report, groups, scope),
        reps=table(REPORTS["reps"], reps(scope), scope),
    )  # fmt: skip


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def funnel_by_month(request: Request) -> HttpResponse:
    """How far the leads of each month came, how long each step took, where they stay behind."""
    read = asked(request)
    scope = read.scope
    months, passages = cohorts(scope), stages(scope)
    return page(
        request, "reports/funnel.html", "Funnel by month", read, came=funnel(scope),
        heat=drawings.cohort_grid(scope, months), months=table(REPORTS["cohorts"], months, scope),
        passages=table(REPORTS["stages"], passages, scope), leak=drawings.leak(passages),
    )  # fmt: skip


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def score(request: Request) -> HttpResponse:
    """Whether the score says who will buy, and still means what it meant."""
    read = asked(request)
    scope = read.scope
    tenths, months = performance.performance(scope)
    hots, colds = surprises.rejected_hots(scope), surprises.won_colds(scope)
    shown = [
        table(REPORTS[name], rows, scope)
        for name, rows in (
            ("deciles", tenths),
            ("score-months", months),
            ("rejected-hots", hots.rows),
            ("won-colds", colds.rows),
        )
    ]
    drift = table(REPORTS["drift"], drifted(scope), scope)
    return page(
        request, "reports/score.html", "The score", read,
        tenths=shown[0], tenths_chart=drawings.deciles(scope, tenths),
        months=shown[1], sorts=drawings.sorts(months),
        mix=drawings.label_mix(scope, months), said=drawings.said_and_seen(months),
        hots=hots, hot_table=shown[2], hots_url=address(scope, "rejected", {"label": Label.HOT}),
        colds=colds, cold_table=shown[3], colds_url=address(scope, "customers", {"label": Label.COLD}),
        drift=drift, tables=(*shown, drift),
    )  # fmt: skip


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def by_source(request: Request) -> HttpResponse:
    """Which sources and campaigns bring leads that buy, and at what cost."""
    read = asked(request)
    scope = read.scope
    (rows, everything), opened = sources_and_all(scope), campaigns(scope)
    found = table(REPORTS["sources"], rows, scope, total=everything if len(rows) > 1 else None)
    brought = table(REPORTS["campaigns"], opened[:SHOWN], scope, without=("source",) if scope.source else ())
    return page(
        request, "reports/sources.html", "Sources", read, table=found,
        campaigns=brought, charts=_drawn(scope, rows, opened),
        heading="Of this source" if scope.source else "By which leads came first",
        more=f"The largest {SHOWN}; all {len(opened):,} are in the CSV." if len(opened) > SHOWN else "",
    )  # fmt: skip


def _drawn(scope: Scope, rows: list[SourceOutcome], opened: list[CampaignOutcome]) -> dict[str, Any]:
    """Of all sources, or of one that was chosen and its campaigns."""
    if scope.source and opened:
        return {"conversion": drawings.campaign_conversion(scope, opened),
                "quality": drawings.campaign_quality(scope, opened)}  # fmt: skip
    return {"conversion": drawings.source_conversion(scope, rows), "mix": drawings.source_mix(scope)}


@require_safe
@permission_required("reports.view_report", raise_exception=True)
def answers(request: Request) -> HttpResponse:
    """Whether marketing's score and sales' answers agree, month by month."""
    read = asked(request)
    scope = read.scope
    months = agreement(scope)
    return page(
        request, "reports/answers.html", "Sales' answers", read,
        table=table(REPORTS["agreement"], months, scope), acceptance=drawings.acceptance(months),
        agree=drawings.agree(months),
    )  # fmt: skip
