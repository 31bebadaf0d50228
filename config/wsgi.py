"""The WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.acquire()

application = get_wsgi_application()

from search import dictionary  # noqa: E402 (it reads settings)

dictionary.warm()
