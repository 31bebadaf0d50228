"""How the site does: photos, queues, caches, searches. For its superusers, and for machines."""

import hmac
from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from redis.exceptions import RedisError

from config import counts
from gallery.models import Photo, Renewal
from search.index_state import read_index

LAYERS = {"page": "Pages", "results": "Results", "vectors": "Query vectors"}
KEYS = {"page": "page:*", "results": "results:*", "vectors": "query_vector:*"}
# Of Layer -> as they are counted.
OUTCOMES = {"hits": "hit", "stale": "stale", "renewed": "renewed", "misses": "miss"}
MOST_KEYS = 2000  # that are looked at for the size of a layer
MOST_WORDS = 20
FAILURES = 20
QUEUES = ("pixels", "vectors", "index", "queries")


@dataclass(frozen=True)
class Layer:
    """One cache layer. bytes: None while Redis is away.

    stale: answers that lacked additions. renewed: found to lack none, and kept on.
    """

    name: str
    hits: int
    stale: int
    renewed: int
    misses: int
    keys: int | None = None
    bytes: int | None = None
    oldest_seconds: int | None = None

    @property
    def hit_rate(self) -> float:
        kept = self.hits + self.stale + self.renewed
        return kept / (kept + self.misses) if kept else 0.0


def layers(*, with_sizes: bool = False) -> dict[str, Layer]:
    """Return each layer's counts, and what it holds where it is asked for: that scans Redis."""
    counted = dict(counts.most("caches", 100))
    found = {}
    for layer in LAYERS:
        sizes = _sizes(KEYS[layer]) if with_sizes else {}
        outcomes = (counted.get(f"{layer} {what}", 0) for what in OUTCOMES.values())
        found[layer] = Layer(LAYERS[layer], *outcomes, **sizes)
    return found


def _sizes(pattern: str) -> dict:
    """Return keys, bytes and the age of the oldest key of a pattern, over MOST_KEYS at most."""
    if cache.breaker_is_open():
        return {}
    redis = get_redis_connection("default")
    names = []
    for name in redis.scan_iter(cache.make_key(pattern), count=1000):
        names.append(name)
        if len(names) == MOST_KEYS:
            break
    with redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.memory_usage(name)
            pipeline.object("idletime", name)
        answers = pipeline.execute(raise_on_error=False)
    sizes = [one for one in answers[::2] if isinstance(one, int)]
    ages = [one for one in answers[1::2] if isinstance(one, int)]
    return {"keys": len(names), "bytes": sum(sizes), "oldest_seconds": max(ages, default=0)}


def queues() -> dict[str, int]:
    """Return how many messages wait in each queue; none while Redis is away."""
    if cache.breaker_is_open():
        return {}
    try:
        redis = get_redis_connection("default")
        return {name: redis.llen(name) for name in QUEUES}
    except (RedisError, OSError) as error:
        cache.open_breaker(error)
        return {}


def photos_by_state() -> dict[str, int]:
    counted = dict(Photo.objects.filter(binned_at=None).values_list("state").annotate(Count("pk")))
    return {state: counted.get(state, 0) for state in Photo.State.values}


# --- For people ----------------------------------------------------------------------------
@never_cache
def dashboard(request):
    if not request.user.is_superuser:
        raise PermissionDenied
    failed = Photo.objects.filter(state=Photo.State.FAILED, binned_at=None).order_by("-updated_at")
    context = {
        **admin.site.each_context(request),
        "title": "How the site does",
        "layers": layers(with_sizes=True).values(),
        "queues": queues(),
        "states": [(Photo.State(state).label, count) for state, count in photos_by_state().items()],
        "renewals": Renewal.objects.count(),
        "failed": failed.select_related("owner")[:FAILURES],
        "searched": counts.most("searched", MOST_WORDS),
        "nothing": counts.most("nothing found", MOST_WORDS),
        "index": read_index()[0],
        "search_url": reverse("search"),
    }
    return TemplateResponse(request, "admin/dashboard.html", context)


# --- For machines --------------------------------------------------------------------------
class _Site:
    """What prometheus collects, read when it asks."""

    def collect(self):
        photos = GaugeMetricFamily("pictures_photos", "Photos not in the bin.", labels=["state"])
        for state, count in photos_by_state().items():
            photos.add_metric([state], count)
        yield photos
        waiting = GaugeMetricFamily("pictures_queue", "Messages that wait.", labels=["queue"])
        for name, length in queues().items():
            waiting.add_metric([name], length)
        yield waiting
        asked = CounterMetricFamily(
            "pictures_cache", "Answers of the cache layers.", labels=["layer", "outcome"]
        )
        for name, layer in layers().items():
            for outcome in OUTCOMES:
                asked.add_metric([name, outcome], getattr(layer, outcome))
        yield asked


_registry = CollectorRegistry(auto_describe=False)
_registry.register(_Site())


@require_safe
@never_cache
def metrics(request):
    """Answer in prometheus' format; only to who has METRICS_TOKEN, where one is set."""
    token = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given.encode(), token.encode()):
        raise PermissionDenied("This needs METRICS_TOKEN.")
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)
