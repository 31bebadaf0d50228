"""The WSGI application, for gunicorn."""

import os
import re

from django.core.wsgi import get_wsgi_application

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.acquire()

READABLE_CONTENT_TYPE = re.compile(
    r"""[\w.+-]+/[\w.+-]+(\s*;\s*(boundary=("[^"]+"|[^\s;"]+)|charset="?utf-8"?))*""",
    re.ASCII | re.IGNORECASE,
)

_django = get_wsgi_application()

from gallery.middleware import KeptFirst  # noqa: E402 (it needs what Django has set up)

_site = KeptFirst(_django)


def application(request: dict, start_response):
    """Answer a request, without its Content-Type if that is odd.

    request: its WSGI environment. Django answers a charset that it cannot decode with a server
    error, also on a GET.
    """
    if not READABLE_CONTENT_TYPE.fullmatch(request.get("CONTENT_TYPE", "")):
        request.pop("CONTENT_TYPE", None)
    return _site(request, start_response)
