"""THE way in: every channel (API, website, e-mail provider, file, CRM, form) ends in these verbs."""

from leads.ingest.companies import upsert_companies
from leads.ingest.deals import upsert_deals
from leads.ingest.events import record_events
from leads.ingest.leads import upsert_leads
from leads.ingest.records import CompanyRecord, DealRecord, EventRecord, LeadRecord, Outcome, Result

__all__ = [
    "CompanyRecord", "DealRecord", "EventRecord", "LeadRecord", "Outcome", "Result",
    "record_events", "upsert_companies", "upsert_deals", "upsert_leads",
]  # fmt: skip
