"""Photos that show the same are found, whatever was done to the file, and settled by a click."""

import io
import tarfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image, ImageEnhance, ImageOps

from embeddings.demo_model import scenes
from gallery import duplicates, pipeline, renditions, services
from gallery.duplicates import find_due
from gallery.likeness import compare, mirrored, perceptual_hash
from gallery.models import DuplicatePair, PerceptualHash, Photo
from gallery.tasks import process_pixels
from tests.conftest import ready

pytestmark = pytest.mark.django_db

PAGE = "admin:gallery_photo_duplicates"
SHARED = Path(__file__).resolve().parents[3] / "shared/data"
SIZE = (720, 480)


def scene(name="lake", seed=1, variant=None) -> Image.Image:
    return scenes.render(name, *SIZE, seed=seed, variant=variant)


def as_jpeg(image: Image.Image, quality=90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def cropped(image, left, top, right, bottom):
    width, height = image.size
    return image.crop((left * width, top * height, right * width, bottom * height))


VERSIONS = {
    "half": lambda image: as_jpeg(image.resize((360, 240))),
    "recompressed": lambda image: as_jpeg(image, 40),
    "mirrored": lambda image: as_jpeg(ImageOps.mirror(image)),
    "cropped": lambda image: as_jpeg(cropped(image, 0.05, 0.05, 0.95, 0.95)),
    "cropped at the top left": lambda image: as_jpeg(cropped(image, 0.1, 0.1, 1, 1)),
    "cropped and mirrored": lambda image: as_jpeg(
        ImageOps.mirror(cropped(image, 0.05, 0.05, 0.95, 0.95))
    ),
    "cropped to a square": lambda image: as_jpeg(cropped(image, 0.1, 0, 0.9, 1)),
    "brighter": lambda image: as_jpeg(ImageEnhance.Brightness(image).enhance(1.2)),
    "darker": lambda image: as_jpeg(ImageEnhance.Brightness(image).enhance(0.8)),
    "grey": lambda image: as_jpeg(image.convert("L")),
}


def work() -> None:
    """Do what the pixels worker does once all photos are ready."""
    for _ in range(100):
        if not (pipeline.look_at_older() or find_due()):
            return
    raise AssertionError("it never ends")


def alike() -> list[DuplicatePair]:
    work()
    return list(DuplicatePair.objects.exclude(compared_at=None).order_by("pk"))


@pytest.fixture
def two(alice):
    """A photo of Alice and a smaller, mirrored copy; and the pair that they are."""
    image = scene()
    original = ready(alice, as_jpeg(image), title="Lake", tags=["water"])
    copy = ready(alice, as_jpeg(ImageOps.mirror(image).resize((360, 240))), tags=["copy"])
    (pair,) = alike()
    return original, copy, pair


def side_of(pair, photo) -> str:
    return "first" if pair.first_id == photo.pk else "second"


# --- What is found -------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "comes_first"), [("lake", True), ("city_night", False)])
def test_versions_of_a_photo_are_found_whichever_came_first(alice, name, comes_first):
    image = scene(name)
    files = {"original": as_jpeg(image)} | {key: make(image) for key, make in VERSIONS.items()}
    for key in files if comes_first else reversed(files):
        ready(alice, files[key], name=key)
    found = {}
    for pair in alike():
        both = {pair.first.original_name, pair.second.original_name}
        if "original" in both:
            (version,) = both - {"original"}
            found[version] = pair
    assert found.keys() == VERSIONS.keys()
    for version, pair in found.items():
        assert pair.is_mirrored == ("mirrored" in version), version
        assert (pair.share < 0.9) == ("cropped" in version), (version, pair.share)


def test_other_scenes_are_not_alike(alice):
    for name in ("sunset_sea", "lighthouse", "road", "beach", "moon_sea", "misty_hills"):
        for seed in (1, 2, 3):
            ready(alice, as_jpeg(scene(name, seed, variant=0)))
    assert alike() == []


def test_flat_and_tiny_pictures_are_not_compared(alice):
    for image in (
        *(Image.new("RGB", SIZE, shade) for shade in ("black", "white", "red")),
        *(scene(seed=seed).resize((320, 2)) for seed in (1, 2)),
    ):
        ready(alice, as_jpeg(image))
    assert alike() == [] and not PerceptualHash.objects.exists()


def test_hash_of_a_mirrored_picture_is_known_without_it():
    image = scene()
    expected = perceptual_hash(ImageOps.mirror(image))
    assert mirrored(perceptual_hash(image)) @ expected > 0.999 > perceptual_hash(image) @ expected


def test_likeness_is_the_same_from_either_side():
    image = scene()
    part = cropped(image, 0.1, 0.1, 0.9, 0.9)
    one, other = compare(image, part), compare(part, image)
    assert one.is_same and other.is_same and one.share == pytest.approx(other.share, abs=0.02)
    assert one.share == pytest.approx(0.64, abs=0.03)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared files are not here")
def test_copies_in_the_edge_set_are_found_and_nothing_else_with_them(alice):
    kinds = ("dup_", "shape_", "icc_", "flat_", "mode_gray", "anim.gif", "polyglot", "exif_full")
    with tarfile.open(SHARED / "edge/files.tar") as archive:
        for member in archive.getmembers():
            if Path(member.name).name.startswith(kinds):
                data = archive.extractfile(member).read()
                ready(alice, data, name=Path(member.name).name)
    for path in sorted((SHARED / "photos").glob("*.*")):
        if path.suffix in (".jpg", ".png"):
            ready(alice, path.read_bytes(), name=path.name)
    work()
    found = {frozenset((pair.first.original_name, pair.second.original_name)) for pair in alike()}
    copies = {"dup_crop90.jpg", "dup_half.jpg", "dup_mirror.jpg", "dup_q40.jpg"}
    of_original = {other for one in found if "dup_original.jpg" in one for other in one}
    assert of_original == copies | {"dup_original.jpg"}
    others = [one for one in found if not all(name.startswith("dup_") for name in one)]
    assert all(one <= SAME_IN_EDGE or one <= ICC for one in others), others


SAME_IN_EDGE = {"mode_gray.jpg", "polyglot_html_in_com.jpg", "polyglot_zip.jpg", "exif_full.jpg"}
ICC = {"icc_adobergb.jpg", "icc_p3.jpg", "icc_prophoto.jpg"}


# --- How it is kept ------------------------------------------------------------------------
def test_done_twice_is_done_once(two):
    PerceptualHash.objects.update(is_searched=False)
    assert alike() == [two[2]] and find_due() == 0


def test_photos_of_before_are_hashed_and_compared(two):
    duplicates.rebuild()
    assert not DuplicatePair.objects.exists()
    PerceptualHash.objects.all().delete()
    duplicates.rebuild()
    process_pixels()
    assert len(alike()) == 1


def test_storage_that_is_away_costs_no_pair(two, monkeypatch):
    duplicates.rebuild()
    while pipeline.look_at_older():
        pass
    with monkeypatch.context() as away:
        away.setattr(
            renditions, "open_pixels", lambda *args: (_ for _ in ()).throw(OSError("away"))
        )
        for _ in range(3):
            find_due()
        assert DuplicatePair.objects.get().compared_at is None
    assert len(alike()) == 1


def test_lost_rendition_ends_no_worker(two):
    original, *_ = two
    duplicates.rebuild()
    while pipeline.look_at_older():
        pass
    for name in renditions.stored_names(original):
        storages["renditions"].delete(name)
    assert alike() == []


def test_photo_with_another_file_is_another_photo(two):
    copy = two[1]
    Photo.objects.filter(pk=copy.pk).update(content_hash="f" * 64)
    copy.refresh_from_db()
    duplicates.store_hash(copy, perceptual_hash(scene("beach")))
    assert not DuplicatePair.objects.exists()


def test_candidates_come_from_the_index(alice):
    ready(alice, as_jpeg(scene()))
    hashed = PerceptualHash.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = duplicates.nearest(hashed, hashed.hash).explain()
    assert "hash_hnsw" in plan


# --- Whose they are ------------------------------------------------------------------------
def test_bob_is_told_nothing_of_alice(two, client, bob):
    original, _, pair = two
    ready(bob, as_jpeg(scene(), 60))
    assert alike() == [pair], "photos of two owners are no pair"
    _as_staff(client, bob)
    page = client.get(reverse(PAGE)).content.decode()
    assert original.title not in page and "No photos look alike" in page
    answer = client.post(reverse(PAGE), {"pair": pair.pk, "do": "first"}, follow=True)
    assert "settled already" in answer.content.decode()
    assert not Photo.objects.exclude(binned_at=None).exists()


def test_page_is_for_those_who_edit_photos(client, as_charlie, bob):
    assert as_charlie.get(reverse(PAGE)).status_code == 302
    bob.user.is_staff = True
    bob.user.save()
    client.force_login(bob.user)
    assert client.get(reverse(PAGE)).status_code == 403


# --- What a click does ---------------------------------------------------------------------
def _as_staff(client, photographer):
    photographer.user.is_staff = True
    photographer.user.save()
    photographer.user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="gallery")
    )
    client.force_login(photographer.user)
    return client


@pytest.fixture
def staff(client, alice):
    return _as_staff(client, alice)


def test_page_shows_both_and_what_differs(staff, two):
    original, copy, _ = two
    page = staff.get(reverse(PAGE)).content.decode()
    assert "720 × 480 px" in page and "360 × 240 px" in page and "mirrored" in page
    assert page.count("Suggested: more pixels") == 1
    for photo in (original, copy):
        assert reverse("admin:gallery_photo_change", args=[photo.pk]) in page
    assert "Duplicates (1)" in staff.get(reverse("admin:gallery_photo_changelist")).content.decode()


@pytest.mark.parametrize("takes_over", [True, False])
def test_the_one_that_stays_takes_over_if_asked(staff, two, takes_over):
    original, copy, pair = two
    album = services.get_album(original.owner, "Best")
    services.add_to_album(album, original)
    chosen = {"pair": pair.pk, "do": side_of(pair, copy)}
    answer = staff.post(reverse(PAGE), chosen | ({"take_over": "on"} if takes_over else {}))
    page = staff.get(answer.url).content.decode()
    assert reverse("admin:gallery_photo_change", args=[original.pk]) in page, "to restore it"
    original.refresh_from_db()
    copy.refresh_from_db()
    assert original.binned_at and not copy.binned_at
    assert copy.title == ("Lake" if takes_over else "")
    assert {tag.name for tag in copy.tags.all()} == {"copy"} | ({"water"} if takes_over else set())
    assert list(copy.albums.all()) == ([album] if takes_over else [])
    assert {tag.name for tag in original.tags.all()} == {"water"} and original.albums.get() == album
    assert "No photos look alike" in page, "a pair in the bin is hidden"
    services.restore_photos([original])
    assert "1 pair to settle" in staff.get(reverse(PAGE)).content.decode()


def test_text_that_is_there_is_kept(staff, two):
    _, copy, pair = two
    Photo.objects.filter(pk=copy.pk).update(title="Mine")
    staff.post(reverse(PAGE), {"pair": pair.pk, "do": side_of(pair, copy), "take_over": "on"})
    copy.refresh_from_db()
    assert copy.title == "Mine"


def test_opposite_clicks_never_bin_both(staff, two):
    original, copy, _ = two
    assert services.keep_one(original, copy, takes_over=True)
    assert not services.keep_one(copy, original, takes_over=True)
    original.refresh_from_db()
    assert original.binned_at is None


def test_dismissed_stays_dismissed_and_can_come_back(staff, two):
    pair = two[2]
    staff.post(reverse(PAGE), {"pair": pair.pk, "do": "dismiss"})
    assert "No photos look alike" in staff.get(reverse(PAGE)).content.decode()
    call_command("find_duplicates")
    assert alike() == [pair]
    assert "No photos look alike" in staff.get(reverse(PAGE)).content.decode()
    away = reverse(PAGE) + "?dismissed"
    assert f'id="pair-{pair.pk}"' in staff.get(away).content.decode()
    staff.post(away, {"pair": pair.pk, "do": "show"})
    assert f'id="pair-{pair.pk}"' in staff.get(reverse(PAGE)).content.decode()


@pytest.mark.parametrize("pair", ["", "x", "-1", "9" * 30, "1 OR 1"])
def test_odd_answers_change_nothing(staff, two, pair):
    for do in ("first", "dismiss", "", "burn"):
        answer = staff.post(reverse(PAGE), {"pair": pair, "do": do}, follow=True)
        assert "settled already" in answer.content.decode()
    assert staff.post(reverse(PAGE), {"pair": two[2].pk, "do": "burn"}).status_code == 302
    assert staff.get(reverse(PAGE) + "?p=x").status_code == 200
    assert not Photo.objects.exclude(binned_at=None).exists()


def test_queries_of_the_page_do_not_grow(staff, alice, two, django_assert_num_queries):
    with CaptureQueriesContext(connection) as before:
        staff.get(reverse(PAGE))
    for quality in (50, 60, 70):
        ready(alice, as_jpeg(scene(), quality), tags=["more"])
    assert len(alike()) == 10
    with django_assert_num_queries(len(before)):
        staff.get(reverse(PAGE))
