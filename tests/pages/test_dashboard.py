"""What the owner sees of the site's health, and what machines read."""

import pytest
from django.core.cache import cache as redis

from config import counts
from config.cache import BreakerRedisCache
from tests.pages.conftest import make_photo, make_photos


@pytest.fixture(autouse=True)
def counted(settings):
    counts.flush()
    redis.clear()
    settings.PAGE_TTL_SECONDS = 60


def test_owner_sees_photos_caches_and_searches(client, admin_user, alice):
    make_photos(alice, 3)
    make_photo(alice, 9, state="failed", failure="The file is damaged.", title="Broken one")
    for _ in range(3):
        client.get("/search/?q=quiet+harbour")
    client.get("/search/?q=zzqqxx")
    client.force_login(admin_user)
    html = client.get("/admin/dashboard/").content.decode()
    for text in ("Broken one", "The file is damaged.", "quiet harbour", "zzqqxx", "Hit rate"):
        assert text in html, text
    nothing = html.partition("that found nothing")[2]
    assert "zzqqxx" in nothing and "quiet harbour" not in nothing
    assert "/admin/dashboard/" in client.get("/admin/").content.decode()


def test_searches_are_counted_though_their_pages_are_kept(client, settings, alice):
    settings.PAGE_TTL_SECONDS = 60
    make_photos(alice, 30)
    first = client.get("/search/?q=harbour")
    client.get("/search/?q=harbour")
    client.get(f"/search/?q=harbour&page=2&snapshot={first.context['page'].snapshot}")
    client.get("/search/?q=zzqqxx")
    client.get("/search/?q=zzqqxx")
    assert dict(counts.most("searched", 9)) == {"harbour": 2, "zzqqxx": 2}
    assert dict(counts.most("nothing found", 9)) == {"zzqqxx": 2}


def test_photographers_and_strangers_do_not(client, alice):
    assert client.get("/admin/dashboard/").status_code == 302
    alice.user.is_staff = True
    alice.user.save()
    client.force_login(alice.user)
    assert client.get("/admin/dashboard/").status_code == 403
    assert "/admin/dashboard/" not in client.get("/admin/").content.decode()


def test_machines_read_counts(client, alice):
    make_photos(alice, 2)
    client.get("/photos/")
    client.get("/photos/")
    counts.flush()
    text = client.get("/metrics").content.decode()
    assert 'pictures_photos{state="ready"} 2.0' in text
    assert 'pictures_cache_total{layer="page",outcome="hits"} 1.0' in text
    assert 'pictures_cache_total{layer="page",outcome="misses"} 1.0' in text
    assert 'pictures_queue{queue="pixels"}' in text


def test_token_keeps_them_to_who_has_it(client, settings, db):
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403
    assert client.get("/metrics", headers={"authorization": "Bearer secret"}).status_code == 200


def test_without_redis_both_answer(client, admin_user):
    BreakerRedisCache.open_breaker(ConnectionError("stopped"))
    client.force_login(admin_user)
    assert b"Redis cannot be reached" in client.get("/admin/dashboard/").content
    assert client.get("/metrics").status_code == 200
