"""Which colours a picture is said to have, and how photos of before come to theirs."""

import io

import numpy as np
import pytest
from django.core.files.storage import storages
from PIL import Image, ImageColor, ImageDraw

from embeddings.demo_model import scenes
from gallery import pipeline, renditions
from gallery.colours import COLOURS, LEAST_DULL_SHARE, LEAST_SHARE, dominant_colours
from gallery.models import Photo
from gallery.tasks import process_pixels
from tests.conftest import ready

pytestmark = pytest.mark.django_db

# By their CSS names, which is what they are called.
CALLED = {
    "red": "red firebrick crimson darkred indianred",
    "orange": "orange darkorange coral",
    "yellow": "yellow gold khaki",
    "green": "green darkgreen olive lime palegreen darkolivegreen seagreen",
    "teal": "teal turquoise cyan darkcyan aquamarine",
    "blue": "blue navy skyblue lightblue steelblue royalblue",
    "purple": "purple indigo orchid mediumpurple darkviolet",
    "pink": "pink hotpink lightpink deeppink",
    "brown": "saddlebrown sienna rosybrown",
    "black": "black",
    "white": "white snow ivory whitesmoke",
    "grey": "grey silver slategrey dimgrey darkgrey",
}


def as_jpeg(image: Image.Image, quality=75) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def seen(image: Image.Image, quality=75) -> list[str]:
    """Return the colours of a picture that was saved as JPEG."""
    return dominant_colours(Image.open(io.BytesIO(as_jpeg(image, quality))).convert("RGB"))


@pytest.mark.parametrize(
    ("name", "shade"), [(name, shade) for name in CALLED for shade in CALLED[name].split()]
)
def test_a_colour_has_its_everyday_name_and_no_other(name, shade):
    for size in ((300, 200), (1, 1), (320, 1), (1, 640)):
        found = seen(Image.new("RGB", size, shade))
        assert [one for one in found if one != "monochrome"] == [name], size


@pytest.mark.parametrize("grey", [0, 40, 90, 128, 200, 255])
def test_grey_is_no_colour_however_badly_it_is_saved(grey):
    noise = np.random.default_rng(grey).normal(grey, 12, (200, 300, 1)).clip(0, 255)
    image = Image.fromarray(np.repeat(noise, 3, axis=2).astype(np.uint8))
    for quality in (30, 95):
        found = seen(image, quality)
        assert "monochrome" in found and set(found) <= {"black", "white", "grey", "monochrome"}


@pytest.mark.parametrize(
    ("scene", "shown", "not_shown"),
    [
        ("autumn", {"orange", "brown"}, {"green", "blue", "monochrome"}),
        ("beach", {"blue", "teal"}, {"red", "purple"}),
        ("aurora", {"teal"}, {"red", "yellow", "orange"}),
        ("desert", {"orange"}, {"green", "teal"}),
        ("flower_field", {"red", "green"}, {"teal", "yellow", "brown"}),
        ("forest_path", {"green"}, {"red", "blue", "purple"}),
        ("lightning", {"purple"}, {"red", "green", "yellow"}),
        ("misty_hills", {"grey"}, {"red", "orange", "yellow", "green", "purple"}),
        ("moon_sea", {"blue", "black"}, {"red", "green", "brown"}),
    ],
)
def test_scenes_have_the_colours_that_they_show(scene, shown, not_shown):
    image = scenes.render(scene, 480, 320, seed=77, variant=1)
    found = set(seen(image))
    assert shown <= found and not found & not_shown, found
    grey = set(seen(image.convert("L").convert("RGB")))
    assert "monochrome" in grey and grey <= {"black", "white", "grey", "monochrome"}


@pytest.mark.parametrize(
    ("colour", "background", "share"),
    [("red", "green", LEAST_SHARE), ("white", "green", LEAST_DULL_SHARE)],
)
def test_a_colour_counts_from_its_share_on(colour, background, share):
    for times, counts in ((0.8, False), (1.2, True)):
        image = Image.new("RGB", (320, 200), background)
        ImageDraw.Draw(image).rectangle((0, 0, 320 * share * times, 200), ImageColor.getrgb(colour))
        assert (colour in seen(image, 95)) == counts


def test_colours_are_in_one_order_and_the_commonest_words():
    image = Image.new("RGB", (300, 200), "blue")
    image.paste("red", (150, 0, 300, 200))
    assert seen(image) == ["red", "blue"]
    assert set(CALLED) | {"monochrome"} == set(COLOURS)


def test_an_upload_has_colours_once_it_is_ready(alice):
    image = Image.new("RGB", (300, 200), "orange")
    photo = ready(alice, as_jpeg(image))
    assert photo.colours == ["orange"]


def test_photos_of_before_get_their_colours_from_a_rendition(alice):
    photos = [ready(alice, as_jpeg(Image.new("RGB", (300, 200), one))) for one in ("red", "blue")]
    hidden = ready(alice, as_jpeg(Image.new("RGB", (300, 200), "green")), visibility="private")
    lost = ready(alice, as_jpeg(Image.new("RGB", (300, 200), "yellow")))
    for name in renditions.stored_names(lost):
        storages["renditions"].delete(name)
    Photo.objects.update(colours=None)
    changed = dict(Photo.objects.values_list("pk", "changed_at"))
    assert [pipeline.look_at_older(limit=3) for _ in range(3)] == [3, 1, 0]
    named = dict(Photo.objects.values_list("pk", "colours"))
    assert [named[photo.pk] for photo in (*photos, hidden, lost)] == [
        *(["red"], ["blue"], ["green"], []),
    ]
    assert dict(Photo.objects.values_list("pk", "changed_at")) == changed, "nothing to index anew"


def test_storage_that_is_away_costs_no_colours(alice, monkeypatch):
    photo = ready(alice, as_jpeg(Image.new("RGB", (300, 200), "red")))
    Photo.objects.update(colours=None)
    with monkeypatch.context() as away:
        away.setattr(
            renditions, "open_pixels", lambda *args: (_ for _ in ()).throw(OSError("away"))
        )
        assert pipeline.look_at_older() == 0
    assert Photo.objects.get().colours is None
    process_pixels()
    photo.refresh_from_db()
    assert photo.colours == ["red"]
