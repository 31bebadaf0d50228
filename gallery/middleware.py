"""Answer with kept pages before anything else is done."""

import gzip
import re
from contextlib import suppress
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.http.request import split_domain_port
from django.test import RequestFactory
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_etags, parse_http_date_safe

from config.compression import CompressTexts
from config.languages import in_language
from gallery import cache
from gallery.http import PUBLIC

LONGEST_ADDRESS = 2000  # characters; longer ones are hardly asked twice
# No pages, or with something personal in them: not even looked for.
NEVER_KEPT = (
    *("/admin/", "/api/", "/static/", "/media/", "/private/", "/originals/"),
    *("/discover/", "/for-you/", "/taste/", "/share/", "/search/by-image/"),
)
WARM = "home"  # name of the URL that is refreshed before it expires
OF_A_VISITOR = (
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_ACCEPT_ENCODING"),
    *("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"),
)
OF_A_NOT_MODIFIED = ("Cache-Control", "ETag", "Vary")
TAKES_GZIP = re.compile(r"(^|,)\s*gzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
# In the environment of a request:
REFRESH = "pictures.refresh"  # no visitor sent it
FOUND = "pictures.found"  # what KeptFirst saw in Redis


class PageCache:
    """Keep public pages of visitors who are not logged in; answer 304 to who has one already.

    A page is kept as it leaves the whole stack, headers included, if its view calls it public and
    nobody set a cookie. In Redis and on the wire it is gzip.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.compress = CompressTexts(get_response).process_response

    def __call__(self, request):
        if not _may_be_kept(request):
            return self.get_response(request)
        key, rendered, is_refresh = _key(request), None, REFRESH in request.environ
        # The page is made whole and plain, whoever asks for it, and how.
        method, request.method = request.method, "GET"
        sent = {name: request.META.pop(name) for name in OF_A_VISITOR if name in request.META}

        def render(state: cache.State) -> cache.KeptPage | None:
            nonlocal rendered
            rendered = self.get_response(request)
            page = _kept(rendered, state)
            if page and not is_refresh and request.resolver_match.url_name == WARM:
                host, _ = split_domain_port(request.get_host())
                cache.keep_warm(host, _origin(request), request.path)
            # After an error there may well be one: let one try at a time.
            if not page and rendered.status_code < 500:
                cache.note_no_page(key)
            return page

        if is_refresh:
            page = cache.refresh(key, render)
        else:
            page = cache.page(key, render, request.environ.get(FOUND))
        request.META.update(sent)
        request.method = method
        if page:
            status, headers, body = _reply(request, page)
            return HttpResponse(body, status=status, headers=headers)
        response = rendered or self.get_response(request)
        if response.status_code == 200:
            etag, modified = response.get("ETag"), response.get("Last-Modified")
            modified = modified and parse_http_date_safe(modified)
            response = get_conditional_response(request, etag, modified, response)
        return self.compress(request, response)


class KeptFirst:
    """Answer with pages that are kept before Django sees the request, in half the time.

    Whatever Django would refuse is never kept, and so is not found here. PageCache has the rest:
    pages that are made, waited for, or only almost new.
    """

    def __init__(self, application):
        self.application = application

    def __call__(self, environ: dict, start_response):
        page = None
        with suppress(DisallowedHost, UnicodeDecodeError):
            request = WSGIRequest(dict(environ))  # it writes a decoded path into what it is given
            if _may_be_kept(request):
                environ[FOUND] = cache.look(_key(request))
                page = environ[FOUND].hit()
        if page is None:
            return self.application(environ, start_response)
        status, headers, body = _reply(request, page)
        start_response(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [] if request.method == "HEAD" else [body]


def refresh_warm_pages() -> None:
    """Render the pages that are kept warm, as visitors get them."""
    handler = BaseHandler()
    handler.load_middleware()
    for origin, path in cache.warm_pages():
        scheme, _, host = origin.partition("://")
        factory = RequestFactory(headers={"host": host})
        handler.get_response(factory.get(path, secure=scheme == "https", **{REFRESH: True})).close()


def _origin(request) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _key(request) -> str:
    return cache.page_key(_origin(request), request.get_full_path())


def _may_be_kept(request) -> bool:
    return (
        settings.PAGE_TTL_SECONDS > 0
        and request.method in ("GET", "HEAD")
        and request.path_info.endswith("/")
        and not in_language(request.path_info, settings.LANGUAGE_CODE).startswith(NEVER_KEPT)
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
        and "ETag" in response
    )
    if not is_page:
        return None
    patch_vary_headers(response, ["Accept-Encoding"])
    headers = {name: value for name, value in response.items() if name != "Content-Length"}
    # Weak: the same page, compressed or not.
    headers["ETag"] = "W/" + headers["ETag"].removeprefix("W/")
    counted = getattr(response, "counted", ())
    return cache.KeptPage.of(response.content, headers, state, counted=counted)


def _reply(request, page: cache.KeptPage) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a kept page, as this visitor takes it."""
    known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    if known and (known == ["*"] or page.is_any_of(known)):
        return 304, {name: page.headers[name] for name in OF_A_NOT_MODIFIED}, b""
    if TAKES_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
        body, encoding = page.body, {"Content-Encoding": "gzip"}
    else:
        body, encoding = gzip.decompress(page.body), {}
    return 200, page.headers | encoding | {"Content-Length": str(len(body))}, body
