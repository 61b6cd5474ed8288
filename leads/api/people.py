"""Colleagues, their roles, invitations, and who may no longer sign in."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from leads.access import teams_with
from leads.api.errors import Conflict
from leads.api.inputs import Strict, moved_errors, team_of
from leads.api.lists import ReadViewSet
from leads.api.requests import Request
from leads.enums import Role
from leads.models import Departure, Invitation, Membership, User
from leads.people import invitations, members


class UserSerializer(serializers.ModelSerializer):
    teams = serializers.SerializerMethodField(help_text="[{team, role}, …], as far as they are your teams.")

    class Meta:
        model = User
        fields = ("id", "name", "email", "is_active", "teams")

    def get_teams(self, user: User) -> list[dict[str, Any]]:
        viewer = self.context["request"].user
        return [
            {"team": membership.team_id, "role": membership.role}
            for membership in user.memberships.all()
            if viewer.is_superuser or membership.team_id in viewer.team_ids
        ]


class MembershipSerializer(serializers.ModelSerializer):
    class Meta:
        model = Membership
        fields = ("id", "user", "team", "role")


class RoleInput(Strict, serializers.Serializer):
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Invitation
        fields = ("id", "team", "email", "role", "invited_by", "created_at", "sent_at", "expires_at", "accepted_at",
                  "accepted_by", "revoked_at", "revoked_by")  # fmt: skip


class InvitationInput(Strict, serializers.Serializer):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)
    team = serializers.CharField(required=False, help_text="By id or slug. Default: the only one you administer.")


class UserViewSet(ReadViewSet):
    """The people of your teams."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    # everybody sees their colleagues' names on every lead; the list says no more
    permissions = {"GET": "leads.view_team"}

    def get_queryset(self) -> QuerySet:
        return User.objects.visible_to(self.request.user).prefetch_related("memberships")


class DeactivationViewSet(viewsets.GenericViewSet):
    """Whether a person may sign in. Only who is admin of all their teams decides."""

    request: Request
    queryset = User.objects.all()
    serializer_class = UserSerializer
    permissions = {"POST": "leads.change_user", "DELETE": "leads.change_user"}

    def _person(self, pk: str) -> User:
        person = get_object_or_404(User.objects.visible_to(self.request.user), pk=int(pk))
        if not members.administers(self.request.user, person):
            raise PermissionDenied("Only an admin of all their teams may do this.")
        return person

    def _answer(self, person: User) -> Response:
        fresh = User.objects.visible_to(self.request.user).get(pk=person.pk)
        return Response(UserSerializer(fresh, context=self.get_serializer_context()).data)

    @extend_schema(request=None, responses=UserSerializer)
    def create(self, request: Request, id: str) -> Response:
        """They may not sign in any more: sessions and tokens end, open handoffs go to the next or into the queue."""
        person = self._person(id)
        with moved_errors():
            members.deactivate(person, by=request.user)
        return self._answer(person)

    @extend_schema(responses=UserSerializer)
    def destroy(self, request: Request, id: str) -> Response:
        """They may sign in again."""
        person = self._person(id)
        with moved_errors():
            members.reactivate(person)
        return self._answer(person)


class MembershipViewSet(ReadViewSet):
    """Who has which role, in the teams that you lead."""

    queryset = Membership.objects.all()
    serializer_class = MembershipSerializer

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(team__in=teams_with(self.request.user, "leads.view_membership"))

    @extend_schema(request=RoleInput, responses=MembershipSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another role. A team keeps an admin."""
        row = self.get_object()
        form = RoleInput(data=request.data)
        form.is_valid(raise_exception=True)
        with moved_errors():
            members.change_role(row, form.validated_data["role"], by=request.user)
        row.refresh_from_db()
        return Response(MembershipSerializer(row).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """They leave the team; their open handoffs go to the next in turn or into the queue."""
        row = self.get_object()
        with moved_errors():
            members.leave_team(row, by=request.user)
        return Response(status=204)


class DepartureSerializer(serializers.ModelSerializer):
    class Meta:
        model = Departure
        fields = ("id", "user", "team", "role", "at", "by", "returned_at", "returned_by")


class DepartureViewSet(ReadViewSet):
    """Who left the teams that you administer, last first."""

    queryset = Departure.objects.all()
    serializer_class = DepartureSerializer
    ordering = "-id"
    permissions = dict.fromkeys(("GET", "POST"), "leads.change_membership")

    @extend_schema(request=None, responses={201: MembershipSerializer})
    @action(detail=True, methods=["post"], url_path="return")
    def back(self, request: Request, pk: str) -> Response:
        """They are in the team again, with the role, share and hours they had."""
        with moved_errors():
            row = members.take_back(self.get_object(), by=request.user)
        return Response(MembershipSerializer(row).data, status=201)


class InvitationViewSet(ReadViewSet):
    """Invitations to the teams you administer. The link goes by mail only."""

    queryset = Invitation.objects.all()
    serializer_class = InvitationSerializer
    ordering = "-id"

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(team__in=teams_with(self.request.user, "leads.view_invitation"))

    @extend_schema(request=InvitationInput, responses={201: InvitationSerializer})
    def create(self, request: Request) -> Response:
        """Invite an address. Whether it has an account already is not said."""
        form = InvitationInput(data=request.data)
        form.is_valid(raise_exception=True)
        said: dict[str, Any] = form.validated_data
        team = team_of(request.user, said.get("team"), "leads.add_invitation")
        with moved_errors():
            made = invitations.invite(team, email=said["email"], role=said["role"], by=request.user)
        return Response(InvitationSerializer(made).data, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke it: the link is dead. 409 when it was accepted or revoked before."""
        try:
            invitations.revoke(self.get_object(), by=request.user)
        except invitations.NotOpen:
            raise Conflict("It was accepted or revoked already.") from None
        return Response(status=204)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"], url_path="sending")
    def sending(self, request: Request, pk: str) -> Response:
        """Mail a new link; the one before is dead. 409 when it was accepted or revoked."""
        try:
            return Response(InvitationSerializer(invitations.send_again(self.get_object())).data)
        except invitations.NotOpen:
            raise Conflict("It was accepted or revoked already.") from None
