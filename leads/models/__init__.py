from leads.models.calendar import Calendar, Promise, Step
from leads.models.change import Change
from leads.models.comment import Comment
from leads.models.company import Company
from leads.models.connection import Connection, ConnectionSecret, FieldMap, StageMap
from leads.models.crm import Deal
from leads.models.duplicates import DuplicatePair, Likeness, LikenessKey, Merge, MergeRule, MovedRow
from leads.models.endpoint import Endpoint
from leads.models.event import Event, EventKind
from leads.models.field import Claim, Field
from leads.models.handoff import Feedback, Handoff, RejectionReason
from leads.models.heartbeat import Heartbeat
from leads.models.imports import Import, ImportKept, ImportProblem, ImportTrace
from leads.models.joining import Departure, Invitation, SignIn, SignInBudget
from leads.models.lead import Lead, LeadIdentity
from leads.models.mail import MailHook
from leads.models.notice import Notice
from leads.models.nurture import NurtureList, NurtureMember
from leads.models.outbox import Attempt, Effect, Lane
from leads.models.quality import Cleanup, Problem, ProblemKind, QualityDay, Quarantine, QuarantineRule, Unchecked
from leads.models.routing import RoutingRule
from leads.models.rule import Crossing, Inside, Rule
from leads.models.segment import Segment
from leads.models.source import Source, WriteKey
from leads.models.standing import LedgerLine, Standing, top_reasons
from leads.models.sync import (
    Cursor,
    HeldEvent,
    Link,
    Nudge,
    PushAsk,
    PushDue,
)
from leads.models.synced import SyncConflict, SyncEntry, SyncProblem, SyncRun
from leads.models.team import Absence, ApiToken, Capacity, Membership, Team, User
from leads.models.tracking import Call, CompanyIdentity, LeadForm, Profile, SourceDay, VisitorEvent

__all__ = [
    "Absence", "ApiToken", "Attempt", "Calendar", "Call", "Capacity", "Change", "Claim", "Cleanup", "Comment",
    "Company", "CompanyIdentity", "Connection", "ConnectionSecret", "Crossing", "Cursor", "Deal", "Departure",
    "DuplicatePair", "Effect", "Endpoint", "Event", "EventKind", "Feedback", "Field", "FieldMap", "Handoff",
    "Heartbeat", "HeldEvent", "Import", "ImportKept", "ImportProblem", "ImportTrace", "Inside", "Invitation", "Lane",
    "Lead", "LeadForm", "LeadIdentity", "LedgerLine", "Likeness", "LikenessKey", "Link", "MailHook", "Membership",
    "Merge", "MergeRule", "MovedRow", "Notice", "Nudge", "NurtureList", "NurtureMember", "Problem", "ProblemKind",
    "Profile", "Promise", "PushAsk", "PushDue", "QualityDay", "Quarantine", "QuarantineRule", "RejectionReason",
    "RoutingRule", "Rule", "Segment", "SignIn", "SignInBudget", "Source", "SourceDay", "StageMap", "Standing", "Step",
    "SyncConflict", "SyncEntry", "SyncProblem", "SyncRun", "Team", "Unchecked", "User", "VisitorEvent", "WriteKey",
    "top_reasons",
]  # fmt: skip
