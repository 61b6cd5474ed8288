"""How fields and stages of a CRM are read here, and which fields of ours it gets."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from leads.crm.base import Connector
from leads.crm.registry import kind_of
from leads.crm.values import SENDABLE, plain
from leads.crm.words import OurField, Row
from leads.enums import CrmKind, DealState, FieldType, Flow, HandoffState, ImportKind, Label, Wins
from leads.ingest.reading import Problem, RowReader
from leads.ingest.targets import targets_of
from leads.models import Connection, Field, FieldMap, Link, StageMap, User

PEOPLE = (CrmKind.CONTACTS, CrmKind.LEADS)
IMPORT_KINDS: dict[str, str] = {
    CrmKind.CONTACTS: ImportKind.LEADS, CrmKind.LEADS: ImportKind.LEADS, CrmKind.COMPANIES: ImportKind.COMPANIES,
    CrmKind.DEALS: ImportKind.DEALS,
}  # fmt: skip

# What scoring and sales know of a lead. It only goes there.
OUR_FIELDS = {
    field.key: field
    for field in (
        OurField("score", "Lead score", FieldType.NUMBER, help="Fit and engagement together, in whole points."),
        OurField("fit", "Lead fit", FieldType.NUMBER),
        OurField("engagement", "Lead engagement", FieldType.NUMBER),
        OurField("grade", "Lead grade", help="A to D for fit, 1 to 4 for engagement."),
        OurField("label", "Lead label", FieldType.CHOICE, tuple(Label.choices)),
        OurField("reasons", "Lead score, top reasons", help="What gives most points, most first."),
        OurField("handoff", "Handoff to sales", FieldType.CHOICE, tuple(HandoffState.choices)),
        OurField("nurture", "Nurture list", help="The lists the lead is on. Empty: none."),
        OurField("rep", "Lead owner", help="Who works the lead."),
        OurField("id", "leadscore id", help="The number of the lead in leadscore."),
    )
}
# What a deal never takes from us.
ONLY_COMES = (CrmKind.COMPANIES, CrmKind.DEALS)


class Maps:
    """The mapping of one connection, read once for a run."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self._by_kind: dict[str, list[FieldMap]] = {}
        for each in connection.field_maps.all():
            self._by_kind.setdefault(each.kind, []).append(each)
        self._readers: dict[str, RowReader] = {}

    def of(self, kind: str) -> list[FieldMap]:
        return self._by_kind.get(kind, [])

    def coming(self, kind: str) -> list[FieldMap]:
        return [each for each in self.of(kind) if each.comes]

    def going(self, kind: str) -> list[FieldMap]:
        return [each for each in self.of(kind) if each.goes]

    def asked(self, kind: str) -> list[str]:
        """Names of their fields that a pull asks for: what comes, and what of ours may have been changed there."""
        return list(dict.fromkeys(each.theirs for each in self.of(kind)))

    def read(self, kind: str, row: Row, fields: Iterable[FieldMap]) -> tuple[Any, list[Problem]]:
        """(values as leads/ingest/rows.py takes them, what could not be read) of these fields of the row."""
        wanted = {each.pk for each in fields}
        cells = [
            plain(row.values.get(each.theirs)) if each.pk in wanted and self._known(each, row) else ""
            for each in self.coming(kind)
        ]
        return self._reader(kind).read(cells)

    def _known(self, each: FieldMap, row: Row) -> bool:
        """An owner who has no login here is nobody here; that is no mistake of the row."""
        return each.ours != "owner" or plain(row.values.get(each.theirs)).lower() in self.people

    def _reader(self, kind: str) -> RowReader:
        if kind not in self._readers:
            coming, of = self.coming(kind), IMPORT_KINDS[kind]
            targets = targets_of(of, Field.objects.all())
            columns = [each.ours for each in coming]
            self._readers[kind] = RowReader(columns, {name: name for name in columns}, targets, {}, self.people, {})
        return self._readers[kind]

    @cached_property
    def people(self) -> dict[str, User]:
        """Colleagues by the CRM's id of them, in small letters."""
        links = Link.objects.filter(connection=self.connection, kind=CrmKind.OWNERS, user__isnull=False)
        return {link.external_id.lower(): link.user for link in links.select_related("user") if link.user}

    @cached_property
    def owner_ids(self) -> dict[int, str]:
        """The CRM's id of each colleague."""
        links = Link.objects.filter(connection=self.connection, kind=CrmKind.OWNERS, user__isnull=False, gone_at=None)
        return dict(links.order_by("-pk").values_list("user", "external_id"))

    @cached_property
    def stages(self) -> dict[tuple[str, str], StageMap]:
        return {(each.pipeline, each.stage): each for each in self.connection.stage_maps.all()}

    def stage_of(self, row: Row) -> StageMap | None:
        """The stage a deal is in, by the fields that are mapped to pipeline and stage."""
        said = {each.ours: plain(row.values.get(each.theirs)) for each in self.of(CrmKind.DEALS)}
        stage, pipeline = said.get("stage", ""), said.get("pipeline", "")
        found = self.stages.get((pipeline, stage))
        return found or next((each for each in self.stages.values() if each.stage == stage and not pipeline), None)

    def state_of(self, row: Row) -> str:
        """Open, won or lost: as a person said, as the CRM says of the deal, as it says of the stage; "" if nobody."""
        stage = self.stage_of(row)
        if stage and stage.by_hand:
            return stage.state
        return row.state or (stage.state if stage else "")


def begin(connection: Connection) -> None:
    """The mapping a connection starts with, for each kind that has none: the connector's, and ours for its people."""
    kind_class = kind_of(connection)
    there = set(connection.field_maps.values_list("kind", flat=True))
    rows = []
    for kind, fields in kind_class.defaults.items():
        if kind not in there:
            rows += [_map(connection, kind, theirs, ours) for theirs, ours in fields.items()]
    for kind in set(PEOPLE) & set(kind_class.kinds) - there:
        has_owner = "owner" in kind_class.defaults.get(kind, {}).values()  # else a field of ours names who it is
        rows += [
            FieldMap(connection=connection, kind=kind, theirs=kind_class.name_of(key), ours=key, flow=Flow.PUSH,
                     wins=Wins.OURS)
            for key in OUR_FIELDS if key != "rep" or not has_owner
        ]  # fmt: skip
    FieldMap.objects.bulk_create(rows)


def _map(connection: Connection, kind: str, theirs: str, ours: str) -> FieldMap:
    comes_only = kind in ONLY_COMES or not (ours in SENDABLE or ours.startswith("fields."))
    comes_only = comes_only or ours.startswith("company.")
    flow = Flow.PULL if comes_only else Flow.BOTH
    return FieldMap(connection=connection, kind=kind, theirs=theirs, ours=ours, flow=flow,
                    wins=Wins.THEIRS if comes_only else Wins.LATEST)  # fmt: skip


def read_stages(connection: Connection, connector: Connector) -> int:
    """Take over their pipelines as they are now. What a person said of a stage stays. How many stages there are."""
    said: Mapping[tuple[str, str], str] = {
        (each.pipeline, each.stage): each.state for each in connection.stage_maps.filter(by_hand=True)
    }
    stages = connector.stages()
    rows = [
        StageMap(
            connection=connection, pipeline=each.pipeline, pipeline_label=each.pipeline_label[:150], stage=each.stage,
            label=each.label[:150], position=each.position,
            state=said.get((each.pipeline, each.stage), each.state or DealState.OPEN),
        )
        for each in stages
    ]  # fmt: skip
    StageMap.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["connection", "pipeline", "stage"],
        update_fields=["pipeline_label", "label", "position", "state"],
    )  # fmt: skip
    return len(stages)


def ensure_fields(connection: Connection, connector: Connector) -> list[str]:
    """Make the fields of ours that the mapping sends there, where the CRM lacks them. Their names."""
    made = []
    for kind in sorted(set(connector.kinds) & set(PEOPLE)):
        keys = connection.field_maps.filter(kind=kind, ours__in=OUR_FIELDS).values_list("ours", "theirs")
        wanted = [OUR_FIELDS[ours] for ours, theirs in keys if theirs == connector.name_of(ours)]
        made += connector.ensure_fields(kind, wanted) if wanted else []
    Connection.objects.filter(pk=connection.pk).update(fields_made=True)
    return made
