"""What addresses that other programs send to have in common: a body of bounded size, and refusals as JSON."""

from django.http import HttpRequest, JsonResponse


def body_of(request: HttpRequest, most: int) -> bool:
    """Read the body into the request. False: it is larger than so many bytes."""
    raw = request.read(most + 1)
    request._body = raw
    return len(raw) <= most


def refuse(status: int, message: str, **headers: str) -> JsonResponse:
    """Why it is not taken, and what to do."""
    return JsonResponse({"success": False, "message": message}, status=status, headers=headers)
