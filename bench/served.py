"""The site as bench.serving starts it, or a bare view in its place.

BENCH_BARE names a folder: then nothing but a view of the bytes of its files, and no middleware.
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import path

from config.wsgi import application

if folder := os.environ.get("BENCH_BARE"):
    bodies = {one.name: one.read_bytes() for one in Path(folder).iterdir()}

    def bare(request, name: str) -> HttpResponse:
        return HttpResponse(bodies[name], headers={"Content-Encoding": "gzip"})

    urlpatterns = [path("", lambda request: HttpResponse()), path("<name>/", bare)]
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    application = WSGIHandler()

__all__ = ["application"]
