"""How pages are asked and answer: who is looking, caching headers, ETag.

Nothing personal on public pages.
"""

from functools import wraps

from django.conf import settings
from django.views.decorators.http import conditional_page, require_safe

PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"


def whole_number(text: str | None) -> int:
    """Read a number that a visitor sent; what is none, or longer than Python reads, is 0."""
    try:
        return int(text or 0)
    except ValueError:
        return 0


def _has_session(request) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def viewer(request):
    """Return the user who is logged in, or None.

    Without a session cookie the session is never touched: reading it would make the answer
    vary by Cookie, and no shared cache could keep it.
    """
    if _has_session(request) and request.user.is_authenticated:
        return request.user
    return None


def public_page(view):
    """Answer GET and HEAD with an ETag, shareable by caches unless somebody is logged in.

    A view that sets Cache-Control itself is left as it is.
    """

    @require_safe
    @conditional_page
    @wraps(view)
    def page(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response.setdefault("Cache-Control", PRIVATE if _has_session(request) else PUBLIC)
        return response

    return page


def secret_page(view):
    """Answer GET and HEAD with what no cache keeps, no robot lists and no referrer gives away."""

    @require_safe
    @wraps(view)
    def page(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = PRIVATE
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return page


def personal_page(view):
    """Answer GET and HEAD with what is one visitor's own: no cache keeps it, no robot lists it."""

    @require_safe
    @wraps(view)
    def page(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = PRIVATE
        response["X-Robots-Tag"] = "noindex"
        return response

    return page
