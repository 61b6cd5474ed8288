"""The admin: people and teams, the company's own lists, sources and their keys, and a look at the facts."""

from django.contrib import admin
from django.contrib.auth import admin as auth_admin  # registers groups, before they are taken away

from leads.admin.facts import CompanyAdmin, DealAdmin, LeadAdmin
from leads.admin.lists import EventKindAdmin, FieldAdmin, RejectionReasonAdmin
from leads.admin.merging import MergeRuleAdmin
from leads.admin.people import ApiTokenAdmin, TeamAdmin, UserAdmin
from leads.admin.sales import CalendarAdmin, CapacityAdmin, RoutingRuleAdmin
from leads.admin.sources import SourceAdmin, WriteKeyAdmin

# What a role may do is code (leads/access.py), so there are no groups to fill in.
admin.site.unregister(auth_admin.Group)  # type: ignore[attr-defined]

__all__ = [
    "ApiTokenAdmin", "CalendarAdmin", "RoutingRuleAdmin", "CapacityAdmin", "CompanyAdmin",
    "DealAdmin", "EventKindAdmin", "FieldAdmin",
    "LeadAdmin",
    "ApiTokenAdmin", "CalendarAdmin", "CapacityAdmin", "CompanyAdmin", "DealAdmin", "EventKindAdmin", "FieldAdmin",
    "LeadAdmin", "MergeRuleAdmin",
    "RejectionReasonAdmin",
    "SourceAdmin", "TeamAdmin", "UserAdmin", "WriteKeyAdmin",
]  # fmt: skip
