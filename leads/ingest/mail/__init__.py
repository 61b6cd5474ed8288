"""E-mail providers: what became of the mails that were sent, told to us by their webhooks."""

from leads.ingest.mail.providers import PROVIDERS, Provider
from leads.ingest.mail.receive import Unreadable, Unsigned, messages_of, verify

__all__ = ["PROVIDERS", "Provider", "Unreadable", "Unsigned", "messages_of", "verify"]
