"""Addresses of this app's API. Each subject lists its own; `router` takes viewsets."""

from django.urls import URLPattern, URLResolver, re_path

from leads.api import (
    absences,
    comments,
    companies,
    connections,
    deals,
    docs,
    duplicates,
    events,
    handoffs,
    imports,
    leads,
    lists,
    notices,
    nurture,
    people,
    quality,
    rules,
    segments,
    selling,
    webhooks,
)
from leads.api.routers import Router

router = Router()
router.register("leads", leads.LeadViewSet, basename="lead")
router.register("companies", companies.CompanyViewSet)
router.register("events", events.EventViewSet)
router.register("segments", segments.SegmentViewSet)
router.register("alert-rules", rules.RuleViewSet)
router.register("crossings", rules.CrossingViewSet)
router.register("handoffs", handoffs.HandoffViewSet)
router.register("feedback", handoffs.FeedbackViewSet)
router.register("deals", deals.DealViewSet)
router.register("imports", imports.ImportViewSet)
router.register("fields", lists.FieldViewSet)
router.register("problems", quality.ProblemViewSet)
router.register("cleanups", quality.CleanupViewSet)
router.register("duplicates", duplicates.DuplicateViewSet)
router.register("merges", duplicates.MergeViewSet)
router.register("teams", lists.TeamViewSet)
router.register("users", people.UserViewSet)
router.register("memberships", people.MembershipViewSet)
router.register("departures", people.DepartureViewSet)
router.register("invitations", people.InvitationViewSet)
router.register("notices", notices.NoticeViewSet)
router.register("comments", comments.CommentViewSet)
router.register("nurture-lists", nurture.NurtureListViewSet)
router.register("nurture-members", nurture.NurtureMemberViewSet)
router.register("calendars", selling.CalendarViewSet)
router.register("capacities", selling.CapacityViewSet)
router.register("routing-rules", selling.RoutingRuleViewSet)
router.register("absences", absences.AbsenceViewSet)
router.register("webhooks", webhooks.WebhookViewSet, basename="webhook")
router.register("connections", connections.ConnectionViewSet)
router.register("sources", lists.SourceViewSet)

quarantine = events.QuarantineViewSet.as_view({"post": "create", "delete": "destroy"})

deactivation = people.DeactivationViewSet.as_view({"post": "create", "delete": "destroy"})

urlpatterns: list[URLPattern | URLResolver] = [
    *docs.urlpatterns,
    re_path(r"^events/(?P<id>[0-9]+)/quarantine/?$", quarantine, name="api-event-quarantine"),
    re_path(r"^users/(?P<id>[0-9]+)/deactivation/?$", deactivation, name="api-user-deactivation"),
    re_path(r"^data-quality/?$", quality.QualityView.as_view(), name="api-data-quality"),
    *router.urls,
]
