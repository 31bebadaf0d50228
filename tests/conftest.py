"""The cast: Alice owns photos, Bob shares the site with her, Charlie is a stranger."""

import io
import itertools

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from PIL import Image

from config.cache import BreakerRedisCache
from gallery import pipeline, services
from search import reconcile as words
from search import vocabulary

_shades = itertools.count(1)


def pytest_configure():
    """Wait for Redis: an answer that a busy machine gives late would open the breaker."""
    settings.CACHES["default"]["OPTIONS"] |= {"SOCKET_CONNECT_TIMEOUT": 5, "SOCKET_TIMEOUT": 5}


def jpeg(size=(60, 40), colour=None, **save) -> bytes:
    """Return a small JPEG file; each call draws another colour unless one is given."""
    if colour is None:
        shade = next(_shades)
        colour = (shade * 37 % 256, shade * 11 % 256, shade * 5 % 256)
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", quality=95, **save)
    return buffer.getvalue()


def upload(owner, data: bytes | None = None, *, name="photo.jpg", **fields):
    """Upload a file for an owner; the photo is pending."""
    file = ContentFile(data if data is not None else jpeg(), name=name)
    return services.upload_photo(owner=owner, file=file, **fields)


def ready(owner, data: bytes | None = None, **fields):
    """Upload a file and work the pixels and index queues, like the workers do."""
    photo = upload(owner, data, **fields)
    while pipeline.process_next():
        pass
    while words.index_due():
        pass
    photo.refresh_from_db()
    assert photo.state == "ready", photo.failure
    return photo


def _photographer(username: str):
    user = get_user_model().objects.create_user(username)
    return services.get_photographer(user, name=username.capitalize())


def may_use_admin(photographer):
    """Give a photographer's user what photographers have, and return the user."""
    user = photographer.user
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="gallery"))
    return user


@pytest.fixture
def alice(db):
    return _photographer("alice")


@pytest.fixture
def bob(db):
    return _photographer("bob")


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice.user)
    return client


@pytest.fixture
def as_charlie(client):
    """A stranger: not logged in."""
    return client


@pytest.fixture(autouse=True)
def empty_cache(settings, monkeypatch):
    """Begin with nothing cached, and look at every change: tests write rows behind its back."""
    from django.core.cache import cache

    settings.PAGE_TTL_SECONDS = 0
    monkeypatch.setattr("gallery.cache.ADDITIONS_SECONDS", 0)
    monkeypatch.setattr("search.index_state.ADDITIONS_SECONDS", 0)

    BreakerRedisCache.close_breaker()
    cache.clear()
    vocabulary.forget()
    yield
