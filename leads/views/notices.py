"""What a person was told, newest first, and that they have read it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from leads.asked import page_asked
from leads.models import Notice
from leads.outgoing.notices import read
from leads.requests import Request, whole

PAGE = 50


@require_safe
def notices(request: Request) -> HttpResponse:
    """Unread ones only with ?unread=1."""
    mine, only = Notice.objects.visible_to(request.user), request.GET.get("unread") == "1"
    rows = mine.unread() if only else mine
    page = page_asked(request, rows, order="-id", size=PAGE)
    last = page.rows[0].pk if page.rows else 0
    return render(request, "leads/notices.html", {"page": page, "only": only, "last": last})


@require_POST
def reading(request: Request, pk: int) -> HttpResponse:
    """This one is read; on to what it is about."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    read(Notice.objects.filter(pk=notice.pk))
    return redirect(notice.url if notice.url and "open" in request.POST else reverse("notices"))


@require_POST
def reading_all(request: Request) -> HttpResponse:
    """Everything up to the newest that was shown is read; what came since is not."""
    read(Notice.objects.visible_to(request.user).filter(pk__lte=whole(request.POST.get("last", ""))))
    return redirect("notices")


urlpatterns: list[URLPattern] = [
    path("notices/", notices, name="notices"),
    path("notices/reading/", reading_all, name="notices-reading"),
    path("notices/<int:pk>/reading/", reading, name="notice-reading"),
]
