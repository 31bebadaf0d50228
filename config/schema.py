"""The API's schema: the same for everyone, generated once a process."""

from functools import cache
from threading import Lock

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response

_lock = Lock()  # the generator loads parts of itself as it goes, and is not thread-safe


@cache
def generated() -> dict:
    return SchemaGenerator().get_schema(public=True)


class SchemaView(SpectacularAPIView):
    """Answers as YAML or JSON, and takes neither version nor language."""

    @extend_schema(exclude=True)
    def get(self, request):
        with _lock:
            return Response(generated())
