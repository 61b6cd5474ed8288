"""What the caller was told."""

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from leads.api.lists import ReadViewSet
from leads.models import Notice
from leads.outgoing.notices import read


class NoticeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Notice
        fields = ("id", "kind", "text", "url", "created_at", "read_at")


class NoticeFilters(filters.FilterSet):
    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notice
        fields = ("kind",)


class NoticeViewSet(ReadViewSet):
    """Your notices, newest first."""

    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilters
    ordering = "-id"
    permissions = {"GET": "leads.view_notice", "POST": "leads.change_notice"}

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def reading(self, request: Request, pk: str) -> Response:
        """You have read it. The second time changes nothing."""
        rows: QuerySet = self.get_queryset().filter(pk=self.get_object().pk)
        read(Notice.objects.filter(pk__in=rows))
        return Response(NoticeSerializer(rows.get()).data)
