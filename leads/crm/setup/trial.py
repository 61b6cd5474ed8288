"""What a first sync would do, on both sides: the sync itself, on the first rows, taken back before anything is sent."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.crm import mapping
from leads.crm.history import labelled
from leads.crm.mapping import PEOPLE
from leads.crm.registry import connector_of
from leads.crm.setup.fields import Labels
from leads.crm.sync.due import due
from leads.crm.sync.making import missing
from leads.crm.sync.outbound import Outbound
from leads.crm.sync.pulling import TAKE
from leads.crm.sync.run import Run
from leads.crm.words import Row, Window
from leads.enums import CrmKind, SyncWhat
from leads.models import Connection, Link, SyncConflict, SyncEntry, SyncProblem, SyncRun

MOST = 500  # rows of a kind that are looked at
SHOWN = 5
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
PATIENCE = 30.0  # seconds after which no further page is asked for, while somebody waits
TAKES = PATIENCE + 10.0  # and for the last one


@dataclass
class Trial:
    """`here` {kind: {"read", "created", "updated", "unchanged", "failed"}} of the rows looked at, `of` {kind: how many
    there are in all, where the CRM says so}. `there`: {"created", "updated"} in the CRM, and "no_email": leads that
    would be made, had they an address. Samples are in the words of the log: {"who", "what", "said"}.
    """

    here: dict[str, Mapping[str, int]] = field(default_factory=dict)
    of: dict[str, int | None] = field(default_factory=dict)
    there: dict[str, int] = field(default_factory=dict)
    samples_here: list[dict[str, Any]] = field(default_factory=list)
    samples_there: list[dict[str, Any]] = field(default_factory=list)
    conflicts: int = 0
    samples_conflicts: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A line for each kind: what would become of the records looked at, and how many there are in all."""
        names = ("read", "created", "updated", "unchanged", "failed")
        return [
            {"name": CrmKind(kind).label, "of": self.of.get(kind)} | {name: counts.get(name, 0) for name in names}
            for kind, counts in self.here.items()
        ]


def try_out(connection: Connection, most: int = MOST) -> Trial:
    """Read the first rows of every kind and say what would become of them. Writes to neither side; only the pipelines
    of the CRM, and the mapping where there is none yet, are taken over. Raises what a connector raises.
    """
    connector = connector_of(connection)
    mapping.begin(connection)
    mapping.read_stages(connection, connector)
    run = Run(connection, connector, SyncRun(connection=connection, number=connection.runs))
    trial, run.until = Trial(), time.monotonic() + PATIENCE
    found = {kind: _first_rows(run, kind, trial, most) for kind in connector.kinds if kind != CrmKind.ACTIVITIES}
    _who_is_there(run, found, most)
    with transaction.atomic():
        _take(run, found, trial)
        transaction.set_rollback(True)
    return trial


def _first_rows(run: Run, kind: str, trial: Trial, most: int) -> list[Row]:
    # With a beginning: for a window without one some CRMs prepare an export, which takes longer than anybody waits.
    window, rows, after = Window(EPOCH, timezone.now()), list[Row](), ""
    fields = [each.theirs for each in run.maps.coming(kind)]  # ours are not there yet
    while len(rows) < most:
        if run.is_over:
            trial.problems.append(f"{CrmKind(kind).label}: it took too long, so that {len(rows)} rows were looked at.")
            break
        page = run.connector.pull(kind, window, after, fields)
        rows += [row for row in page.rows if not row.archived]
        trial.of.setdefault(kind, page.total)
        if not (after := page.next):
            break
    return rows[:most]


def _who_is_there(run: Run, found: dict[str, list[Row]], most: int) -> None:
    """Of the leads that belong there, those that are there already under their address: linked, not made."""
    kind, step = run.connector.made_as, run.connector.most_pushed
    fields = [each.theirs for each in run.maps.coming(kind)]
    emails = list(missing(run.connection).exclude(email="").order_by("pk").values_list("email", flat=True)[:most])
    known = {row.id for row in found[kind]}
    for start in range(0, 0 if run.is_over else len(emails), step):
        rows = run.connector.match(kind, emails[start : start + step], fields)
        found[kind] += [row for row in rows if row.id not in known]
        known |= {row.id for row in rows}


def _clash(conflict: Any) -> dict[str, Any]:
    """One of `labelled`."""
    said = {conflict.label: [conflict.ours, conflict.theirs]}
    return {"who": str(conflict.lead), "what": conflict.label, "said": said, "rule": conflict.rule}


def _take(run: Run, found: Mapping[str, Sequence[Row]], trial: Trial) -> None:
    last = SyncEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    # A run under way waits with its next page; one that is paused can be tried out as well.
    Connection.objects.select_for_update(no_key=True).get(pk=run.connection.pk)
    for kind, rows in found.items():
        TAKE[kind](run, kind, rows)
    trial.here = {kind: dict(counts) for kind, counts in run.counts.items() if kind != CrmKind.OWNERS}
    entries = SyncEntry.objects.filter(connection=run.connection, pk__gt=last).select_related("lead").order_by("pk")
    trial.samples_here = _samples(run.connection, entries.filter(lead__isnull=False)[:SHOWN])
    conflicts = SyncConflict.objects.filter(connection=run.connection)
    trial.conflicts = conflicts.count()
    trial.samples_conflicts = [_clash(each) for each in labelled(conflicts.select_related("lead")[:SHOWN])]
    problems = run.connection.problems.open().filter(way=SyncProblem.IN).values_list("message", flat=True)
    trial.problems += list(dict.fromkeys(problems))[:SHOWN]
    _compare(run, trial)


def _samples(connection: Connection, entries: Iterable[SyncEntry]) -> list[dict[str, Any]]:
    """What came of these leads; of a new one with all that came of it."""
    entries, labels = list(entries), Labels([connection.pk])
    links = Link.objects.filter(connection=connection, lead__in=[each.lead_id for each in entries])
    whole = {(link.kind, link.external_id): link.ours for link in links}
    samples = []
    for each in entries:
        said = each.said or {key: ["", value] for key, value in whole.get((each.kind, each.external_id), {}).items()}
        said = {labels.of(connection.pk, each.kind, key): values for key, values in said.items() if values != ["", ""]}
        what = "Made here" if each.what == SyncWhat.MADE_HERE else each.get_what_display()
        samples.append({"who": str(each.lead), "what": what, "said": said})
    return samples


def _compare(run: Run, trial: Trial) -> None:
    """What would go there: changes of those who are there, and those who are not there yet."""
    counts, label = Counter[str](), partial(Labels([run.connection.pk]).of, run.connection.pk)
    for kind in run.connector.kinds:
        links = list(due(run.connection, kind)[:MOST]) if kind in PEOPLE else []
        outbound = Outbound.of(run.maps, [link.lead for link in links if link.lead])
        for link in links:
            if link.lead and (values := outbound.changes(kind, link, link.lead)):
                counts["updated"] += 1
                if len(trial.samples_there) < SHOWN:
                    said = {label(kind, name): [link.theirs.get(name, ""), each] for name, each in values.items()}
                    trial.samples_there.append({"who": str(link.lead), "what": "Changed in the CRM", "said": said})
    new = missing(run.connection).exclude(email="")
    counts["created"] = new.count()
    if nameless := missing(run.connection).filter(email="").count():
        counts["no_email"] = nameless
    trial.there = dict(counts)
    leads = list(new.order_by("pk").select_related("standing", "company")[:SHOWN])
    outbound = Outbound.of(run.maps, leads)
    for lead in leads:
        values = outbound.everything(run.connector.made_as, lead)
        said = {label(run.connector.made_as, name): ["", value] for name, value in values.items()}
        trial.samples_there.append({"who": str(lead), "what": "Made in the CRM", "said": said})
