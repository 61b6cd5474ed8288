"""Companies, leads and events into the database by COPY, a chunk of leads at a time, so that memory stays bounded.

COPY is not the everyday way in (leads/ingest is): this is a database that was empty, and a year is written at once.
The triggers see it all the same: every lead has its standing and is due.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection

from leads.enums import SourceKind, Stage
from leads.models import EventKind, Source, Team
from leads.models.event import EPOCH
from scoring.demo import behaviour
from scoring.demo.behaviour import Act
from scoring.demo.calendar import DAYS
from scoring.demo.campaigns import campaign_of
from scoring.demo.chance import dice
from scoring.demo.companies import Firm
from scoring.demo.story import Person, Story
from scoring.demo.words import listed

CHUNK = 20_000  # leads
SOURCES = {
    behaviour.WEBSITE: ("Website", SourceKind.WEBSITE),
    behaviour.MAIL: ("E-mail campaigns", SourceKind.EMAIL),
    behaviour.CRM: ("CRM", SourceKind.CRM),
    behaviour.FILE: ("Event lists", SourceKind.IMPORT),
}
COMPANY = listed("id team_id name domain website phone industry employees revenue country city fields created_at")
LEAD = listed("""
    id team_id company_id email first_name last_name title seniority department phone country city website source
    campaign stage fields created_at
""")
EVENT = listed("occurred_at day received_at lead_id kind_id source_id quarantined properties message_id")

Say = Callable[[str], None]
_SPENT = dice("spent")


class Loader:
    def __init__(self, story: Story, teams: dict[str, Team], events_per_lead: float) -> None:
        self.story, self.teams, self.mean = story, {region: team.pk for region, team in teams.items()}, events_per_lead
        self.sources = {
            (region, key): Source.objects.named(team, name, kind)
            for region, team in teams.items()
            for key, (name, kind) in SOURCES.items()
        }
        self._kinds = dict(EventKind.objects.values_list("slug", "pk"))
        self._events = 0

    def companies(self) -> None:
        self.first_company = reserve("leads_company", len(self.story.firms))
        copy("leads_company", COMPANY, map(self._company, range(len(self.story.firms)), self.story.firms))

    def people(self, say: Say) -> Iterator[tuple[Person, int, list[Act]]]:
        """Load everybody; each person is given back with lead id and acts once they are in the database."""
        self.first_lead = reserve("leads_lead", self.story.leads)
        everybody = self.story.people()
        while people := list(islice(everybody, CHUNK)):
            acts = [behaviour.acts(person, self.story.year, self.mean) for person in people]
            copy("leads_lead", LEAD, map(self._lead, people))
            copy_text("leads_event", EVENT, self._event_lines(people, acts))
            say(f"{people[-1].number + 1:,} of {self.story.leads:,} leads, {self._events:,} events")
            for person, done in zip(people, acts, strict=True):
                person.rng = _SPENT  # whoever is kept need not keep 2,500 bytes of dice
                yield person, self.first_lead + person.number, done

    def quarantines(self) -> None:
        """Why the events of this load that do not count do not."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO leads_quarantine (event_id, rule, at) SELECT id, 'burst', received_at FROM leads_event"
                " WHERE quarantined AND lead_id >= %s",
                [self.first_lead],
            )

    def _company(self, number: int, firm: Firm) -> list[Any]:
        known = firm.known(dice("known", self.story.seed, number))
        return [
            self.first_company + number, self.teams[firm.region], firm.name, firm.domain, f"https://www.{firm.domain}",
            "", known["industry"], known["employees"], known["revenue"], firm.country, firm.city,
            json.dumps(known["fields"]), self.story.year.text(0.0),
        ]  # fmt: skip

    def _lead(self, person: Person) -> list[Any]:
        company = None if person.firm is None else self.first_company + person.firm
        return [
            self.first_lead + person.number, self.teams[person.region], company, person.email, person.first_name,
            person.last_name, person.title, person.seniority, person.department, person.phone, person.country,
            person.city, "", person.source, campaign_of(person, self.story.seed, self.story.year), first_stage(person),
            json.dumps(person.fields), self.story.year.text(person.created),
        ]  # fmt: skip

    def _event_lines(self, people: list[Person], acts: list[list[Act]]) -> Iterator[str]:
        """In order of time, as they would have come: the text of the moment stands first in the line."""
        lines = []
        year, first_day = self.story.year, (self.story.year.start - EPOCH).days
        sources = {place: source.pk for place, source in self.sources.items()}
        for person, done in zip(people, acts, strict=True):
            lead, region = self.first_lead + person.number, person.region
            for act in done:
                at = year.text(act.moment)
                lines.append(
                    f"{at}\t{first_day + int(act.moment)}\t{at}\t{lead}\t{self._kinds[act.kind]}"
                    f"\t{sources[region, act.source]}\t{'t' if act.quarantined else 'f'}\t{act.properties}\t"
                )
        lines.sort()
        for line in lines:
            self._events += 1
            yield f"{line}demo-{self._events:09d}\n"


def first_stage(person: Person) -> str:
    """A month after they came, marketing nurtures those whom sales does not have."""
    return Stage.NURTURE if person.created < DAYS - 30 else Stage.NEW


@contextmanager
def checked_afterwards(table: str) -> Iterator[None]:
    """Foreign keys of the table are checked all at once at the end: row by row they take half the time of a load."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass"
            " AND contype = 'f' ORDER BY conname",
            [table],
        )
        keys = cursor.fetchall()
        for name, _ in keys:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        yield
        for name, definition in keys:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def reserve(table: str, count: int) -> int:
    """Take `count` ids in a row from the table's sequence; returns the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        first = cursor.fetchone()[0]
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, first + max(0, count - 1)])
    return first


def copy(table: str, columns: list[str], rows: Iterable[list[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(_statement(table, columns)) as sink:
        for row in rows:
            sink.write_row(row)


def copy_text(table: str, columns: list[str], lines: Iterator[str]) -> None:
    """Lines in COPY's own text form."""
    with connection.cursor() as cursor, cursor.copy(_statement(table, columns)) as sink:
        while block := "".join(islice(lines, 5000)):
            sink.write(block)


def _statement(table: str, columns: list[str]) -> str:
    return f"COPY {table} ({', '.join(columns)}) FROM STDIN"
