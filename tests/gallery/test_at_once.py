"""What several do at the same moment: nobody waits in a circle, and nobody is shown an error."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.urls import reverse

from gallery import services, tags
from gallery.models import Album, Photo, Photographer, Tag
from tests.processes import wait_until
from tests.search.conftest import make_photo

pytestmark = pytest.mark.django_db(transaction=True)

PhotoTag = Photo.tags.through


@contextmanager
def held_up(act, *, by) -> Iterator[Future]:
    """Do `by` in a transaction, start `act` in another, and give it once it waits for the first.

    The first is committed in the end.
    """

    def work():
        try:
            return act()
        finally:
            connection.close()

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            return cursor.fetchone()[0]

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        by()
        future = pool.submit(work)
        wait_until(lambda: future.done() or waits(), timeout_seconds=20, what="a lock")
        assert not future.done(), future.result()
        yield future


def lock(photo_id) -> None:
    """Lock a photo as those do who change it; fails at once when somebody else has."""
    Photo.objects.select_for_update(no_key=True, nowait=True).get(pk=photo_id)


@pytest.fixture
def low_and_high(alice):
    """Ids of two photos that lie in their tables against the order of ids."""
    low, high = sorted(uuid4() for _ in range(2))
    for pk, tag in ((high, "fog"), (low, "mist")):
        make_photo(alice, id=pk, tags=["sea", tag], state="failed", failure="Retry it.")
    return low, high


def tag_both(low, high) -> None:
    tag = Tag.objects.create(name="pier", slug="pier")
    PhotoTag.objects.bulk_create(PhotoTag(photo_id=pk, tag=tag) for pk in (high, low))


@pytest.mark.parametrize(
    "act",
    [
        lambda low, high: Tag.objects.filter(name="sea").delete(),
        lambda low, high: Tag.objects.exclude(name="sea").update(name="haze"),
        tag_both,
        lambda low, high: services.retry_photos(Photo.objects.all()),
    ],
    ids=["tag deleted", "tags renamed", "photos tagged", "photos retried"],
)
def test_photos_are_locked_in_the_order_of_ids(low_and_high, act):
    low, high = low_and_high
    with held_up(lambda: act(low, high), by=lambda: lock(low)) as acting:
        lock(high)
    acting.result()


@pytest.mark.parametrize("act", ["delete_selected", "delete"])
def test_tag_that_is_deleted_has_its_photos_locked_first(admin_client, low_and_high, act):
    low, _ = low_and_high
    tag = Tag.objects.get(name="sea")
    if act == "delete":
        page, form = reverse("admin:gallery_tag_delete", args=[tag.pk]), {}
    else:
        page = reverse("admin:gallery_tag_changelist")
        form = {"action": "delete_selected", "_selected_action": [tag.pk]}
    form["post"] = "yes"
    with held_up(lambda: admin_client.post(page, form), by=lambda: lock(low)) as deleting:
        # As an editor does who takes the tag from this photo.
        PhotoTag.objects.select_for_update(nowait=True).get(tag=tag, photo=low)
    assert deleting.result().status_code == 302
    assert not Tag.objects.filter(name="sea").exists()


def test_new_tags_are_made_in_one_order(low_and_high):
    photo = Photo.objects.get(pk=low_and_high[0])

    def set_tags():
        with transaction.atomic():
            tags.set_tags(photo, ["Pier", "Gull"])

    def make(name):
        Tag.objects.create(name=name, slug=name.lower())

    with held_up(set_tags, by=lambda: make("Gull")) as setting:
        make("Pier")
    setting.result()
    assert {tag.name for tag in photo.tags.all()} == {"Gull", "Pier"}


def test_first_uploads_of_a_new_user_have_one_photographer():
    user = get_user_model().objects.create_user("dora", first_name="Dora")
    first = []
    with held_up(
        lambda: services.get_photographer(user),
        by=lambda: first.append(services.get_photographer(user)),
    ) as second:
        pass
    assert second.result() == first[0] == Photographer.objects.get()


def test_new_photographers_of_one_name_have_slugs_of_their_own():
    users = [get_user_model().objects.create_user(name, first_name="Dora") for name in "ab"]
    first = []
    with held_up(
        lambda: services.get_photographer(users[1]),
        by=lambda: first.append(services.get_photographer(users[0])),
    ) as second:
        pass
    assert [first[0].slug, second.result().slug] == ["dora", "dora-2"]


def test_album_that_two_make_at_once_is_one(alice):
    first = []
    with held_up(
        lambda: services.get_album(alice, "Coves"),
        by=lambda: first.append(services.get_album(alice, "Coves")),
    ) as second:
        pass
    assert second.result() == first[0] == Album.objects.get()
