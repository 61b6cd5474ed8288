"""The way in for employers: found by domain, then by name, else made."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models.functions import Upper

from leads.enums import ImportPolicy
from leads.history import attributed
from leads.ingest import merge
from leads.ingest.normalise import addresses
from leads.ingest.precedence import Claims, origin_of
from leads.ingest.records import CompanyRecord, Outcome, Result, rejected
from leads.ingest.sql import lock_making, update_rows
from leads.ingest.trace import note
from leads.models import Company, Field, Source
from leads.retry import retried
from leads.signals import leads_due

COLUMNS = ["name", "domain", "website", "phone", "industry", "employees", "revenue", "country", "city", "fields"]

# What is said of an employer, and an e-mail address of somebody who works there.
Wanted = tuple[Mapping[str, Any], str]


@retried
def upsert_companies(source: Source, records: Sequence[CompanyRecord], *, policy: str, by: Any = None) -> list[Outcome]:
    """Find or make the company of each record and put the values on it; one outcome for each, in order."""
    with attributed(by=by, origin=source.name):
        lock_making(source.team_id)
        companies = Companies(
            source.team_id, [(record.values, "") for record in records],
            {record.company for record in records if record.company}, origin_of(source),
        )  # fmt: skip
        taken = [_take(companies, record, policy) for record in records]
        companies.save()
        for company, outcome in taken:
            outcome.pk = company.pk if company else None
        if companies.changed:
            leads_due.send(sender=upsert_companies)
    return [outcome for _, outcome in taken]


def employers(team_id: int, wanted: Sequence[Wanted]) -> list[Company | None]:
    """The company of each, found or made and saved. None: nothing is known of the employer."""
    companies = Companies(team_id, wanted)
    found = [companies.find(*each) or companies.make(*each) for each in wanted]
    companies.save()
    return found


class Companies:
    """The companies a page of records speaks of, in memory: three queries to load, two statements to save.

    The caller holds lock_making(), so what is not found here does not exist.
    """

    def __init__(self, team_id: int, wanted: Sequence[Wanted], pks: Iterable[int] = (), origin: str = ""):
        self.team_id = team_id
        self.made: list[Company] = []
        self.changed: dict[int, Company] = {}
        self.by_pk: dict[int | None, Company] = {}
        self._by_domain: dict[str, Company] = {}
        self._by_name: dict[str, list[Company]] = {}
        domains = {domain for values, email in wanted for domain in (_domain(values), _guess(email)) if domain}
        names = {_name(values) for values, _ in wanted} - {""}
        team = Company.objects.filter(team_id=team_id)
        by_name = team.alias(upper=Upper("name")).filter(upper__in={name.upper() for name in names})
        found = {*team.filter(domain__in=domains).values_list("pk", flat=True), *by_name.values_list("pk", flat=True)}
        self._add(team.filter(pk__in=found | {*pks}).order_by("pk").select_for_update(no_key=True))
        self._claims = Claims(Field.COMPANY, origin, self.by_pk) if origin else None

    def find(self, values: Mapping[str, Any], email: str = "") -> Company | None:
        """By stated domain; then by name, unless that company has another domain; then by the address's domain."""
        stated, name, guess = _domain(values), _name(values), _guess(email)
        if stated in self._by_domain:
            return self._by_domain[stated]
        for company in self._by_name.get(name.casefold(), []):
            if not (stated and company.domain):
                return company
        guessed = self._by_domain.get(guess) if not stated else None
        return guessed if guessed and (not name or _nameless(guessed)) else None

    def make(self, values: Mapping[str, Any], email: str = "") -> Company | None:
        """A new company by what is known, saved with the others. None: neither name nor domain is known."""
        domain, name = _domain(values) or _guess(email), _name(values)
        if domain in self._by_domain:
            domain = ""
        if not (domain or name):
            return None
        company = Company(team_id=self.team_id, name=name or domain, domain=domain)
        self.put(company, values, ImportPolicy.FILE_WINS)
        self.made.append(company)
        self._add([company])
        return company

    def put(self, company: Company, values: Mapping[str, Any], policy: str) -> bool:
        """The values on the company, as the policy allows. Whether that changed it."""
        name, domain = _name(values), _domain(values)
        said = {**values, "name": name, "domain": "" if domain in self._by_domain else domain}
        named = bool(name) and _nameless(company) and merge.apply(company, {"name": name}, _wins_unless_left(policy))
        changed = merge.apply(company, said, policy, self._claims) or named
        if changed:
            self._add([company])
            if not merge.is_new(company):
                self.changed[company.pk] = company
        return changed

    def save(self) -> None:
        note(Company.objects.bulk_create(self.made))
        update_rows(Company, self.changed.values(), COLUMNS)
        if self._claims:
            self._claims.save()

    def _add(self, companies: Iterable[Company]) -> None:
        for company in companies:
            if company.pk:
                self.by_pk[company.pk] = company
            if company.domain:
                self._by_domain[company.domain] = company
            namesakes = self._by_name.setdefault(company.name.casefold(), [])
            if company not in namesakes:
                namesakes.append(company)


def _take(companies: Companies, record: CompanyRecord, policy: str) -> tuple[Company | None, Outcome]:
    company = companies.by_pk.get(record.company) if record.company else companies.find(record.values)
    if company:
        changed = companies.put(company, record.values, policy)
        return company, Outcome(Result.UPDATED if changed else Result.UNCHANGED)
    company = companies.make(record.values)
    if company is None:
        return None, rejected("No name and no domain: nothing to match by. Fill in one of them.")
    return company, Outcome(Result.CREATED)


def _name(values: Mapping[str, Any]) -> str:
    return " ".join(str(values.get("name") or "").split())


def _domain(values: Mapping[str, Any]) -> str:
    """The domain that the values state, by itself or as a website."""
    return addresses.company_domain(values.get("domain") or values.get("website") or "")


def _wins_unless_left(policy: str) -> str:
    return policy if policy == ImportPolicy.LEAVE else ImportPolicy.FILE_WINS


def _guess(email: str) -> str:
    return addresses.company_domain(email) if email else ""


def _nameless(company: Company) -> bool:
    """Nobody has named it yet: it goes by its domain."""
    return company.name == company.domain
