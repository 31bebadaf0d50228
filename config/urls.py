"""Every URL of the site."""

from django.contrib import admin
from django.http import Http404
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config import health


def not_found(request, **kwargs):
    raise Http404


urlpatterns = [
    # Django's own redirect to "view on site" would tell anyone in the admin any secret link.
    path("admin/r/<path:rest>", not_found),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api_docs"),
    path("", include("search.urls")),
    path("", include("gallery.urls")),
]
