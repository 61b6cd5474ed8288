"""Where CRMs tell us of changes: /hooks/crm/<connection>/. Their signature is the key."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from leads.crm import hooks
from leads.crm.words import NotSigned
from leads.enums import ConnectionState
from leads.models import Connection
from leads.outgoing.sealing import Unreadable
from leads.views.hooks import body_of, refuse

logger = logging.getLogger(__name__)
MOST_BYTES = 1024 * 1024


@csrf_exempt
@login_not_required
def crm_hook(request: HttpRequest, connection: str) -> HttpResponse:
    """200 means it is committed, or was before. The record itself is read by the next run."""
    found = Connection.objects.filter(slug=connection).exclude(state=ConnectionState.SETUP).first()
    if found is None:
        return refuse(404, "There is no such address. Copy it from the page of the connection.")
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if not body_of(request, MOST_BYTES):
        return refuse(413, "Larger than 1 MB. Send fewer events at once.")
    try:
        news = hooks.receive(found, request=request)
    except (NotSigned, Unreadable, LookupError) as wrong:
        return refuse(403, str(wrong))
    except DatabaseError:
        logger.exception("changes of a CRM could not be stored; it was told to send them again")
        return refuse(503, "Nothing was stored. Send it again.", **{"Retry-After": "5"})
    return JsonResponse({"success": True, "news": news})


urlpatterns: list[URLPattern] = [path("hooks/crm/<slug:connection>/", crm_hook, name="crm-hook")]
