"""The triggers: what is listed, and what has changed, whatever writes to the database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gallery import pipeline, tags
from gallery.models import Photo
from search.models import PhotoDocument
from tests.conftest import ready

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": "private"},
        {"visibility": "unlisted"},
        {"binned_at": timezone.now()},
        {"state": "processing"},
        {"published_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_queryset_update_cannot_forget_listed(alice, change):
    photo = ready(alice, title="Harbour")
    assert photo.listed and PhotoDocument.objects.get(photo=photo).listed
    Photo.objects.filter(pk=photo.pk).update(**change)
    photo.refresh_from_db()
    assert not photo.listed
    assert not PhotoDocument.objects.get(photo=photo).listed


def test_listed_cannot_be_claimed(alice):
    photo = ready(alice, visibility="private")
    Photo.objects.filter(pk=photo.pk).update(listed=True)
    photo.refresh_from_db()
    assert not photo.listed


def test_text_and_tags_change_the_photo_and_bookkeeping_does_not(alice):
    photo = ready(alice)
    seen = photo.changed_at
    Photo.objects.filter(pk=photo.pk).update(embedded_at=timezone.now(), featured=True)
    photo.refresh_from_db()
    assert photo.changed_at == seen
    tags.set_tags(photo, ["fog"])
    photo.refresh_from_db()
    assert photo.changed_at > seen
    seen = photo.changed_at
    photo.tags.get().photos.model.tags.through.objects.filter(photo=photo).delete()
    photo.refresh_from_db()
    assert photo.changed_at > seen


def test_photo_whose_time_has_come_is_published(alice):
    photo = ready(alice)
    later = timezone.now() + timedelta(seconds=30)
    Photo.objects.filter(pk=photo.pk).update(published_at=later)
    pipeline.publish_due()
    photo.refresh_from_db()
    assert not photo.listed


@pytest.mark.django_db(transaction=True)
def test_publish_due_lists_what_is_due(alice):
    photo = ready(alice)
    Photo.objects.filter(pk=photo.pk).update(published_at=timezone.now() + timedelta(seconds=1))
    import time

    time.sleep(1.1)
    pipeline.publish_due()
    photo.refresh_from_db()
    assert photo.listed
