"""The Segment tracking protocol: messages of websites, apps and servers → leads, companies and events."""

from leads.ingest.tracking.body import BodyError, TooLargeError, read_body
from leads.ingest.tracking.calls import TYPES, Message, messages_of
from leads.ingest.tracking.receive import Receipt, receive

__all__ = ["TYPES", "BodyError", "Message", "Receipt", "TooLargeError", "messages_of", "read_body", "receive"]
