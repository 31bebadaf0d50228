"""Every URL of the site."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import Http404
from django.urls import include, path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView

from config import health
from config.schema import SchemaView
from search import dashboard


def not_found(request, **kwargs):
    raise Http404


# Only GET and HEAD: it has no page for the other methods, and breaks.
api_docs = require_safe(
    SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html")
)

handler400 = "config.problems.bad_request"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"

urlpatterns = [
    # Django's own redirect to "view on site" would tell anyone in the admin any secret link.
    path("admin/r/<path:rest>", not_found),
    path("admin/dashboard/", admin.site.admin_view(dashboard.dashboard), name="dashboard"),
    path("admin/", admin.site.urls),
    path("metrics", dashboard.metrics, name="metrics"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs/", api_docs, name="api_docs"),
    path("api/v1/", include("search.api_urls")),
    path("api/v1/", include("gallery.api_urls")),
    path("", include("gallery.file_urls")),
    # Pages, in each language under its prefix. Search's come first: a slug may be anything.
    *i18n_patterns(
        path("", include("search.urls")),
        path("", include("gallery.urls")),
        prefix_default_language=False,
    ),
]
