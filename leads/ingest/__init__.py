"""THE way in: every channel (API, file, CRM, by hand) ends in these verbs, or in receive() of tracking/ beside them."""

from leads.ingest.companies import upsert_companies
from leads.ingest.deals import upsert_deals
from leads.ingest.events import record_events
from leads.ingest.leads import upsert_leads
from leads.ingest.records import CompanyRecord, DealRecord, EventRecord, LeadRecord, Outcome, Result

__all__ = [
    "CompanyRecord", "DealRecord", "EventRecord", "LeadRecord", "Outcome", "Result",
    "record_events", "upsert_companies", "upsert_deals", "upsert_leads",
]  # fmt: skip
