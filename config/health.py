"""Is the process alive, and can the site serve? For supervisors and load balancers."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

from django.core.files.storage import storages
from django.db import connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection

from embeddings import cache as query_vectors
from embeddings import spaces, towers

LIMIT_SECONDS = 0.4
OK, DEGRADED, FAILED = "ok", "degraded", "failed"
STORAGE_ALIASES = ("originals", "renditions", "private_renditions")


def database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def redis() -> str:
    get_redis_connection("default").ping()
    return OK


def storage() -> str:
    for alias in STORAGE_ALIASES:
        storages[alias].exists("readyz")
    return OK


def model() -> str:
    """Without it the site serves, and searches by words."""
    space = spaces.active_space()
    if space is None or space.failure:
        return DEGRADED
    return OK if towers.encoder_of(space) or query_vectors.encoder_is_alive(space) else DEGRADED


CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "redis": redis,
    "storage": storage,
    "model": model,
}

_pool = ThreadPoolExecutor(max_workers=len(CHECKS), thread_name_prefix="readyz")
_running: dict[str, Future] = {}
_lock = Lock()


def _run(check: Callable[[], str]) -> str:
    try:
        return check()
    finally:
        connection.close()  # of this thread; Django closes those of requests only


def _answers() -> dict[str, str]:
    """Run all checks at once, for LIMIT_SECONDS.

    A check that still hangs from an earlier call is not started again, so that threads never
    pile up behind a server that is away.
    """
    with _lock:
        for name, check in CHECKS.items():
            if name not in _running or _running[name].done():
                _running[name] = _pool.submit(_run, check)
        running = dict(_running)
    wait(running.values(), timeout=LIMIT_SECONDS)
    return {
        name: FAILED if not future.done() or future.exception() else future.result()
        for name, future in running.items()
    }


@require_safe
@never_cache
def healthz(request):
    """The process answers; nothing else is looked at."""
    return JsonResponse({"status": OK})


@require_safe
@never_cache
def readyz(request):
    """Name what is well and what is not; 200 while pages can be served, else 503."""
    answers = _answers()
    if answers["database"] != OK:
        status = FAILED
    else:
        status = OK if set(answers.values()) == {OK} else DEGRADED
    return JsonResponse({"status": status, **answers}, status=503 if status == FAILED else 200)
