"""Tell machines how the site is: /healthz for the process, /readyz for what it stands on."""

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from embeddings.cache import encoder_is_alive
from embeddings.spaces import active_space


@never_cache
@require_safe
def healthz(request):
    """This process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request):
    """Each thing the site stands on, by name. 503 only when the site cannot serve."""
    checks = {"database": _database, "redis": _redis, "storage": _storage, "model": _model}
    states = {}
    for name, check in checks.items():
        try:
            states[name] = check()
        except Exception as error:  # whatever is raised is the answer
            states[name] = f"failed: {type(error).__name__}"
    can_serve = states["database"] == "ok" and states["storage"] == "ok"
    return JsonResponse(
        {"status": "ok" if can_serve else "failed", "checks": states},
        status=200 if can_serve else 503,
    )


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _redis() -> str:
    cache.set("readyz", 1, 10)
    return "ok" if cache.get("readyz") == 1 else "failed: the site goes on without it"


def _storage() -> str:
    storages["renditions"].exists("readyz")
    return "ok"


def _model() -> str:
    space = active_space()
    if space is None or not space.is_prepared:
        return f"failed: not loaded yet ({settings.EMBEDDING_PROFILE}); words only"
    if space.failure:
        return "failed: cannot be had; words only"
    return "ok" if encoder_is_alive(space) else "failed: no worker; words only"
