"""The closed lists of the domain. Open lists (kinds of event, reasons, custom fields) are rows."""

from django.db.models import TextChoices


class Role(TextChoices):
    """What a person does in a team. What each role may do: leads/access.py."""

    MARKETING = "marketing", "Marketing"
    REP = "rep", "Rep"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"


class Axis(TextChoices):
    """Fit: who they are. Engagement: what they do."""

    FIT = "fit", "Fit"
    ENGAGEMENT = "engagement", "Engagement"


class Label(TextChoices):
    """The word for a grade, best first. Empty means not scored, or outside every audience."""

    HOT = "hot", "Hot"
    WARM = "warm", "Warm"
    COOL = "cool", "Cool"
    COLD = "cold", "Cold"
    DISQUALIFIED = "disqualified", "Disqualified"


class Cause(TextChoices):
    """Why a standing changed."""

    ACTIVITY = "activity", "Activity"
    DECAY = "decay", "Decay"
    RULES = "rules", "Rules"
    CORRECTION = "correction", "Correction"
    OVERRIDE = "override", "Override"


class Stage(TextChoices):
    """Where a lead is on its way from marketing through sales."""

    NEW = "new", "New"
    NURTURE = "nurture", "Nurture"
    HANDED_OFF = "handed_off", "Handed off"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    RESTING = "resting", "Resting"
    OPPORTUNITY = "opportunity", "Opportunity"
    CUSTOMER = "customer", "Customer"


class HandoffState(TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"
    RECYCLED = "recycled", "Recycled"
    EXPIRED = "expired", "Expired"
    MERGED = "merged", "Merged"  # its lead became part of one whose older handoff goes on


DECIDED = (HandoffState.ACCEPTED, HandoffState.REJECTED)  # yes or no: what rests or expired was answered with neither


class DealState(TextChoices):
    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class FieldType(TextChoices):
    """The types a field may have; each has its operators in conditions/operators.py."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    BOOLEAN = "boolean", "Yes / no"
    CHOICE = "choice", "Choice"
    LIST = "list", "List"


class SourceKind(TextChoices):
    """How facts of a source reach us."""

    API = "api", "API"
    WEBSITE = "website", "Website"
    EMAIL = "email", "E-mail"
    FORM = "form", "Form"
    IMPORT = "import", "File"
    CRM = "crm", "CRM"
    MANUAL = "manual", "By hand"


class Seniority(TextChoices):
    C_LEVEL = "c_level", "C-level"
    VP = "vp", "VP"
    DIRECTOR = "director", "Director"
    HEAD = "head", "Head"
    MANAGER = "manager", "Manager"
    SENIOR = "senior", "Senior"
    STAFF = "staff", "Staff"
    TRAINEE = "trainee", "Student or trainee"


class ImportKind(TextChoices):
    """What the rows of a file are."""

    LEADS = "leads", "Leads"
    COMPANIES = "companies", "Companies"
    DEALS = "deals", "Deals"
    EVENTS = "events", "Activities"


class ImportState(TextChoices):
    READING = "reading", "Reading the workbook"
    UPLOADED = "uploaded", "Uploaded"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


class ImportPolicy(TextChoices):
    """What happens when a row meets a lead that is already here."""

    FILL = "fill", "Fill empty fields only"
    FILE_WINS = "file_wins", "File wins"
    LEAVE = "leave", "Leave as it is"


class Direction(TextChoices):
    """Which crossings of its condition a rule acts on."""

    ENTERING = "entering", "Enters"
    LEAVING = "leaving", "Leaves"


class RulePhase(TextChoices):
    """Priming: who is inside is being recorded, and nothing happens yet."""

    PRIMING = "priming", "Looking who is inside"
    WATCHING = "watching", "On"


class CrossingState(TextChoices):
    """What became of an entering or leaving."""

    DUE = "due", "To be done"
    DONE = "done", "Done"
    REVIEW = "review", "To be reviewed"
    DISMISSED = "dismissed", "Dismissed"
    WITHDRAWN = "withdrawn", "Came back by itself"
    QUIET = "quiet", "Quiet"
    NOTED = "noted", "Noted"


class PairState(TextChoices):
    """What became of two leads that look alike."""

    OPEN = "open", "To decide"
    DIFFERENT = "different", "Not the same"
    MERGED = "merged", "Merged"
    GONE = "gone", "No longer alike"


class CrmKind(TextChoices):
    """What the records of a CRM are. A contact and a lead of a CRM are both a lead here."""

    OWNERS = "owners", "Owners"
    COMPANIES = "companies", "Companies"
    CONTACTS = "contacts", "Contacts"
    LEADS = "leads", "Leads"
    DEALS = "deals", "Deals"
    ACTIVITIES = "activities", "Activities"


class ConnectionState(TextChoices):
    SETUP = "setup", "Being set up"
    ON = "on", "On"
    PAUSED = "paused", "Paused"


class Flow(TextChoices):
    """Which way a field goes between a CRM and us."""

    PULL = "pull", "From the CRM"
    PUSH = "push", "To the CRM"
    BOTH = "both", "Both ways"


class Wins(TextChoices):
    """Whose value stays when both sides changed a field."""

    OURS = "ours", "Ours"
    THEIRS = "theirs", "The CRM's"
    LATEST = "latest", "The latest"


class Creates(TextChoices):
    """Which leads are made in the CRM when they are not there."""

    ASKED = "asked", "Only those a rule or a person sends there"
    HANDED_OFF = "handed_off", "Leads that are handed off"
    ALL = "all", "Every lead of the team"


class SyncWhat(TextChoices):
    """What a sync did with one record."""

    MADE_HERE = "made_here", "Came from the CRM"
    PULLED = "pulled", "Changed here"
    MADE_THERE = "made_there", "Made in the CRM"
    PUSHED = "pushed", "Changed in the CRM"
    CONFLICT = "conflict", "Both had changed it"
    GONE = "gone", "Deleted in the CRM"
    MERGED = "merged", "Merged in the CRM"
    LEFT = "left", "Went to another team"
    BACK = "back", "Came back to the team"
    FAILED = "failed", "Could not be done"
