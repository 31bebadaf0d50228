"""What the public files look like, what they carry, and where they are."""

import io
import re

import pytest
from django.core.files.storage import storages
from PIL import Image, ImageColor

from gallery import pipeline, renditions, services
from gallery.metadata import exif_text
from gallery.models import FileTrash, Photo
from tests.conftest import ready

pytestmark = pytest.mark.django_db


def with_exif(size=(60, 40), **save) -> bytes:
    """Return a JPEG whose EXIF holds canaries."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "NIKON CORPORATION", "NIKON D850"
    exif[0x8298] = "© Zoë 写真".encode()
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x9011] = "2024:02:29 23:59:58", "+05:45"
    details[0xA431], details[0xA430] = "CANARY-SERIAL", "CANARY-OWNER"
    details[0x829A], details[0x829D], details[0x8827] = 0.004, 2.8, 400
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "S", (33.0, 51.0, 35.76), "W", (151.0, 12.0, 40.12)
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    image.save(buffer, "JPEG", exif=exif, quality=95, **save)
    return buffer.getvalue()


def public_files(photo) -> dict[str, bytes]:
    names = renditions.stored_names(photo)
    storage = storages[renditions.storage_alias(photo.renditions_public)]
    return {name: storage.open(name).read() for name in names}


def test_metadata_is_read_and_the_picture_is_upright(alice):
    photo = ready(alice, with_exif())
    assert (photo.camera, photo.f_number, photo.iso) == ("Nikon D850", 2.8, 400)
    assert photo.exposure_seconds == pytest.approx(1 / 250)
    assert photo.taken_at.isoformat() == "2024-02-29T18:14:58+00:00"
    assert photo.taken_offset_minutes == 345
    assert (photo.latitude, photo.longitude) == pytest.approx((-33.8599333, -151.2111444))
    assert (photo.width, photo.height) == (40, 60)
    top = renditions.open_pixels(photo, 640).getpixel((20, 5))
    assert top[0] > 200 and top[2] < 60, "orientation 6: the left half becomes the top"


def test_public_files_carry_copyright_and_profile_and_no_canary(alice):
    photo = ready(alice, with_exif(), name="CANARY-NAME.jpg")
    files = public_files(photo)
    assert files
    for name, data in files.items():
        assert b"CANARY" not in data and b"CANARY" not in name.encode()
        with Image.open(io.BytesIO(data)) as image:
            assert image.info["icc_profile"]
            assert exif_text(image.getexif()[0x8298]) == "© Zoë 写真"
            assert not image.getexif().get_ifd(0x8825)


def swapped_profile() -> bytes:
    """Return an ICC profile whose red is sRGB's blue and the other way round."""
    profile = bytearray(renditions.SRGB_PROFILE)
    count = int.from_bytes(profile[128:132], "big")
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"] + 4, entries[b"bXYZ"] + 4
    profile[red : red + 8], profile[blue : blue + 8] = (
        profile[blue : blue + 8],
        profile[red : red + 8],
    )
    return bytes(profile)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
def test_colour_profile_of_the_file_is_honoured(alice, format):
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), (40, 60, 200)).save(
        buffer, format, icc_profile=swapped_profile(), quality=100
    )
    photo = ready(alice, buffer.getvalue())
    shown = renditions.open_pixels(photo, 640).getpixel((30, 20))
    assert shown == pytest.approx((200, 60, 40), abs=8)


@pytest.mark.parametrize("size", [(1, 1), (4000, 1), (1, 3000), (2500, 1700)])
def test_no_rendition_is_empty_or_enlarged(alice, size):
    photo = ready(alice, with_exif(size))
    assert (photo.width, photo.height) == size[::-1]
    for one in photo.renditions:
        assert 1 <= one["width"] <= size[1] and 1 <= one["height"] <= size[0]
    assert len(renditions.stored_names(photo)) == len(set(renditions.stored_names(photo)))


def test_lean_set_for_a_large_picture(alice):
    photo = ready(alice, with_exif((1700, 2500)))
    made = {(one["width"], one["format"]) for one in photo.renditions}
    assert made == {
        *((2048, "webp"), (1280, "webp"), (1280, "avif"), (1280, "jpeg")),
        *((640, "webp"), (640, "avif"), (320, "webp")),
    }
    assert re.match(r"data:image/webp;base64,", photo.placeholder)
    assert len(photo.placeholder) < 600


@pytest.mark.django_db(transaction=True)
def test_hidden_photo_leaves_public_storage_at_once(alice, client):
    photo = ready(alice)
    urls = [renditions.rendition_url(photo, one["width"], one["format"])
            for one in photo.renditions]  # fmt: skip
    old_names = renditions.stored_names(photo)
    assert {client.get(url).status_code for url in urls} == {200}
    services.set_visibility([photo], "private")
    assert {client.get(url).status_code for url in urls} == {404}
    assert not any(storages["renditions"].exists(name) for name in old_names)
    photo.refresh_from_db()
    private = renditions.rendition_url(photo, photo.renditions[0]["width"], "webp")
    assert client.get(private).status_code == 200
    assert client.get(private.partition("?")[0]).status_code == 404
    services.set_visibility([photo], "public")
    photo.refresh_from_db()
    assert photo.renditions_public and public_files(photo)


@pytest.mark.django_db(transaction=True)
def test_move_that_was_cut_off_is_finished_by_the_queue(alice):
    photo = ready(alice)
    old_names = renditions.stored_names(photo)
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    pipeline.place_misplaced()
    assert FileTrash.objects.count() == len(old_names), "a crash here leaves the work known"
    pipeline.tidy()
    assert not FileTrash.objects.exists()
    assert not any(storages["renditions"].exists(name) for name in old_names)


CORNERS = ("red", "lime", "blue", "yellow")


# HEIF turns pictures by boxes of its own, which its decoder obeys; its EXIF does not count.
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", [3, 5, 6, 8])
def test_every_format_is_shown_upright(alice, format, orientation):
    upright = Image.new("RGB", (96, 64))
    for number, colour in enumerate(CORNERS):
        upright.paste(colour, (number % 2 * 48, number // 2 * 32, number % 2 * 48 + 48, 64))
    turn_back = {
        3: Image.Transpose.ROTATE_180,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    upright.transpose(turn_back).save(buffer, format, exif=exif, quality=100)
    photo = ready(alice, buffer.getvalue())
    assert (photo.width, photo.height) == (96, 64)
    shown = renditions.open_pixels(photo, 640)
    assert shown.size == (96, 64)
    for number, colour in enumerate(CORNERS):
        pixel = shown.getpixel((24 + number % 2 * 48, 16 + number // 2 * 32))
        assert pixel == pytest.approx(ImageColor.getrgb(colour), abs=40), (number, colour)
