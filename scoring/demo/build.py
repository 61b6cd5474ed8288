"""The whole demo, in order."""

from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from leads.models import Lead, Standing
from scoring.demo import deals, learned, model, office, people, shadow, teamwork
from scoring.demo.chance import dice
from scoring.demo.ending import Ending
from scoring.demo.history import History
from scoring.demo.load import Loader, Say, checked_afterwards
from scoring.demo.story import Story
from scoring.engine.evaluate import database_clock
from scoring.engine.ledger import record
from scoring.models import Move
from scoring.pipeline import live

# More leads than this are loaded and scored, but only an even sample of them lives through handoffs and answers.
IN_HISTORY = 5_000
PAGE = 20_000


class HasLeads(Exception):
    """The demo is for an empty database."""


def make(leads: int, events_per_lead: float, seed: int, say: Say, today: date | None = None) -> None:
    """Fill an empty database, or leave it as it was. Raises HasLeads where there are leads already."""
    if Lead.objects.exists():
        raise HasLeads("This database has leads already; the demo needs an empty one.")
    with transaction.atomic():
        _check_at_once()
        _make(Story(leads, seed, today), events_per_lead, say)


def _make(story: Story, events_per_lead: float, say: Say) -> None:
    teams = people.hire()
    loader = Loader(story, teams, events_per_lead)
    model.declare_fields()
    loader.companies()
    with checked_afterwards("leads_event"):
        history, ending = _load(loader, story, say)
    loader.quarantines()
    _analyze("leads_company", "leads_lead", "leads_event", "leads_standing")
    say("a year of scoring and handoffs")
    draft = model.draft()
    history.walk(draft, ending.write_handoffs)
    say(f"{len(history.offers):,} handoffs")
    ending.of(history)
    ending.write()
    score_rest(say)
    office.open_up(teams, story.year)
    teamwork.work(teams, story.year)
    score_rest(say)
    shadow.cast(draft, story.year)
    say("rules, lists and talk")
    _analyze("leads_lead", "leads_standing", "leads_deal", "leads_handoff", "scoring_entry")
    if story.leads <= IN_HISTORY:
        learned.learn()
        say("what past leads teach")


def _check_at_once() -> None:
    """Foreign keys are checked by each statement: put off to the end, ten million checks would fill the memory."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _load(loader: Loader, story: Story, say: Say) -> tuple[History, Ending]:
    history, ending = History(story), Ending(loader)
    every = -(-story.leads // IN_HISTORY)
    for person, lead, acts in loader.people(say):
        firm = None if person.firm is None else story.firms[person.firm]
        deal = deals.unprompted(person, firm, dice("deal", story.seed, person.number))
        if person.number % every:
            ending.inbound(person, lead, deal)
        else:
            history.remember(person, lead, acts, deal)
    return history, ending


def score_rest(say: Say) -> None:
    """Score whatever is due now. Nobody is handed off: a load is no news for sales."""
    total, done = Standing.objects.due().count(), 0
    due = Standing.objects.due().order_by("pk").values_list("pk", "facts_rev")
    page = list(due[:PAGE])
    while page:
        record(page, live(), database_clock(), timezone.now())
        Move.objects.all().delete()
        done += len(page)
        say(f"{done:,} of {total:,} leads scored")
        page = list(due.filter(pk__gt=page[-1][0])[:PAGE])


def _analyze(*tables: str) -> None:
    """The planner knows nothing of what has just been loaded."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ANALYZE {table}")
