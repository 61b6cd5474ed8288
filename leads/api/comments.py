"""What marketing and sales say to each other."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from leads import talk
from leads.api.inputs import Strict, VisibleRow, moved_errors
from leads.api.lists import ReadViewSet
from leads.models import Comment, Handoff, Lead


class CommentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Comment
        fields = (
            "id", "lead", "handoff", "topic", "by", "text", "mentioned", "created_at", "edited_at", "deleted_at",
            "earlier",
        )  # fmt: skip


class CommentChange(Strict, serializers.Serializer):
    text = serializers.CharField(max_length=5000, help_text="@name or @address of a colleague tells them.")


class CommentInput(CommentChange):
    lead = VisibleRow(Lead.objects, required=False)
    handoff = VisibleRow(Handoff.objects, required=False)
    topic = serializers.CharField(required=False, max_length=60, help_text='"criterion:12".')

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("lead", "handoff", "topic") if attrs.get(name)]
        if len(given) != 1:
            raise serializers.ValidationError("Say what it is about: one of lead, handoff and topic.")
        return attrs

    def about(self) -> talk.About:
        """What it is about, as far as the caller may see it."""
        given = self.validated_data
        if given.get("lead"):
            return talk.about_lead(given["lead"])
        if given.get("handoff"):
            return talk.about_handoff(given["handoff"])
        about = talk.about_topic(given["topic"], self.context["request"].user)
        if about is None:
            raise serializers.ValidationError({"topic": ["There is no such thing."]})
        return about


class CommentFilters(filters.FilterSet):
    lead = filters.NumberFilter(field_name="lead_id", decimal_places=0)
    handoff = filters.NumberFilter(field_name="handoff_id", decimal_places=0)
    by = filters.NumberFilter(field_name="by_id", decimal_places=0)

    class Meta:
        model = Comment
        fields = ("topic",)


class CommentViewSet(ReadViewSet):
    """Threads on leads, handoffs and criteria, last said first. A deleted one is there without its text."""

    queryset = Comment.objects.select_related("lead", "handoff").prefetch_related("mentioned")
    serializer_class = CommentSerializer
    filterset_class = CommentFilters
    ordering = "-id"

    @extend_schema(request=CommentInput, responses={201: CommentSerializer})
    def create(self, request: Request) -> Response:
        """Say something. Those mentioned and those concerned are told."""
        given = CommentInput(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        about = given.about()
        if not self.request.user.has_perm("leads.add_comment", about.row):
            raise PermissionDenied
        with moved_errors():
            made = talk.say(about, given.validated_data["text"], by=self.request.user)
        return Response(CommentSerializer(made).data, status=201)

    @extend_schema(request=CommentChange, responses=CommentSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Put otherwise what you said, within half an hour. `earlier` keeps what it said."""
        comment = self._own()
        given = CommentChange(data=request.data)
        given.is_valid(raise_exception=True)
        with moved_errors():
            changed = talk.edit(comment, given.validated_data["text"], by=self.request.user)
        return Response(CommentSerializer(changed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take back what you said, within half an hour."""
        with moved_errors():
            talk.delete(self._own(), by=self.request.user)
        return Response(status=204)

    def _own(self) -> Comment:
        comment = self.get_object()
        if comment.by_id != self.request.user.pk:
            raise PermissionDenied("Only who said it can change it.")
        return comment
