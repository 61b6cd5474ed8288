"""What every installation begins with. A list is filled while it is empty; from then on it is the company's."""

from typing import Any

from leads.models import EventKind, RejectionReason

# slug, how it reads in a sentence, done by the lead
EVENT_KINDS = [
    ("page_viewed", "viewed a page", True),
    ("form_submitted", "submitted a form", True),
    ("demo_requested", "requested a demo", True),
    ("pricing_requested", "asked for pricing", True),
    ("trial_started", "started a trial", True),
    ("content_downloaded", "downloaded content", True),
    ("webinar_registered", "registered for a webinar", True),
    ("webinar_attended", "attended a webinar", True),
    ("email_sent", "was sent an e-mail", False),
    ("email_delivered", "received an e-mail", False),
    ("email_opened", "opened an e-mail", False),
    ("email_clicked", "clicked an e-mail", True),
    ("email_replied", "replied to an e-mail", True),
    ("email_bounced", "e-mail bounced", False),
    ("email_unsubscribed", "unsubscribed", True),
    ("email_complained", "complained about an e-mail", True),
    ("social_reaction", "reacted on social media", True),
    ("call_held", "held a call", True),
    ("meeting_held", "held a meeting", True),
    ("note_taken", "note was taken", False),
    ("task_set", "task was set", False),
]

REJECTION_REASONS = [
    ("wrong_person", "Not the right person", "No say in the purchase"),
    ("wrong_fit", "Wrong fit", "Industry, size or need does not match"),
    ("no_budget", "No budget", ""),
    ("no_authority", "No authority", "Someone else decides"),
    ("not_now", "Not now", "Interested, but later"),
    ("unreachable", "Cannot be reached", ""),
    ("bad_data", "Bad data", "Name, number or company is wrong"),
    ("duplicate", "Duplicate", "We know this person already"),
    ("competitor", "Competitor", ""),
    ("customer", "Already a customer", ""),
]


def seed(**_: Any) -> None:
    """Fill empty lists. Runs after every migrate."""
    if not EventKind.objects.exists():
        EventKind.objects.bulk_create(EventKind(slug=s, label=label, by_lead=by) for s, label, by in EVENT_KINDS)
    if not RejectionReason.objects.exists():
        RejectionReason.objects.bulk_create(
            RejectionReason(slug=slug, label=label, help=text, position=i)
            for i, (slug, label, text) in enumerate(REJECTION_REASONS)
        )
