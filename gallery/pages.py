"""How pages may be cached, in one place."""

from functools import wraps

from django.conf import settings
from django.utils.cache import get_conditional_response, set_response_etag

PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "private, no-store"


def public_page(view):
    """Let anyone cache a page, to be revalidated by its ETag; a logged-in visitor's never."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            return private_page(response)
        if response.has_header("Cache-Control"):
            return response
        response["Cache-Control"] = PUBLIC
        set_response_etag(response)
        return get_conditional_response(request, etag=response["ETag"], response=response)

    return wrapped


def private_page(response):
    """Keep a page out of every cache and search engine, and its address out of Referer."""
    response["Cache-Control"] = PRIVATE
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
