"""Answer with kept pages before anything else is done."""

import gzip

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.cache import get_conditional_response, patch_vary_headers

from gallery import cache
from gallery.http import PUBLIC

LONGEST_ADDRESS = 2000  # characters; longer ones are hardly asked twice
# No pages, or with something personal in them: not even looked for.
NEVER_KEPT = ("/admin/", "/api/", "/static/", "/media/", "/private/", "/originals/")
WARM = "home"  # name of the URL that is refreshed before it expires
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
REFRESH = "pictures.refresh"  # in the environment of a request that no visitor sent


class PageCache:
    """Keep public pages of visitors who are not logged in; answer 304 to who has one already.

    A page is kept as it leaves the whole stack, headers included, if its view calls it public and
    nobody set a cookie. In Redis and on the wire it is gzip.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not _may_be_kept(request):
            return self.get_response(request)
        rendered = None
        origin = f"{request.scheme}://{request.get_host()}"
        conditions = {name: request.META.pop(name, "") for name in CONDITIONS}

        def render(state: cache.State) -> cache.KeptPage | None:
            nonlocal rendered
            rendered = self.get_response(request)
            page = _kept(rendered, state)
            if page and request.resolver_match.url_name == WARM:
                cache.keep_warm(origin, request.path)
            return page

        make = cache.refresh if REFRESH in request.environ else cache.page
        page = make(cache.page_key(origin, request.get_full_path()), render)
        response = _answer(request, page) if page else rendered or self.get_response(request)
        request.META.update({name: value for name, value in conditions.items() if value})
        if response.status_code != 200:
            return response
        return get_conditional_response(request, etag=response.get("ETag"), response=response)


def refresh_warm_pages() -> None:
    """Render the pages that are kept warm, as visitors get them."""
    handler = BaseHandler()
    handler.load_middleware()
    for origin, path in cache.warm_pages():
        scheme, _, host = origin.partition("://")
        factory = RequestFactory(headers={"host": host})
        handler.get_response(factory.get(path, secure=scheme == "https", **{REFRESH: True})).close()


def _may_be_kept(request) -> bool:
    return (
        settings.PAGE_TTL_SECONDS > 0
        and request.method in ("GET", "HEAD")
        and request.path_info.endswith("/")
        and not request.path_info.startswith(NEVER_KEPT)
        and len(request.get_full_path()) <= LONGEST_ADDRESS
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
    )


def _kept(response, state: cache.State) -> cache.KeptPage | None:
    """Return what is to be kept of an answer; None for what is not a public page."""
    is_page = (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and response.get("Cache-Control") == PUBLIC
        and response.get("Content-Type", "").startswith("text/html")
        and "Content-Encoding" not in response
    )
    if not is_page:
        return None
    patch_vary_headers(response, ["Accept-Encoding"])
    headers = {name: value for name, value in response.items() if name != "Content-Length"}
    # Weak: the same page, compressed or not.
    headers["ETag"] = "W/" + headers["ETag"].removeprefix("W/")
    return cache.KeptPage.of(response.content, headers, state)


def _answer(request, page: cache.KeptPage) -> HttpResponse:
    takes_gzip = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    response = HttpResponse(
        page.body if takes_gzip else gzip.decompress(page.body), headers=page.headers
    )
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["Content-Length"] = len(response.content)
    return response
