"""The town at coordinates: the right one, or none."""

import os
import subprocess
import sys

import pytest

from config.settings import BASE_DIR
from gallery import pipeline
from gallery.models import Photo
from gallery.places import town_at
from tests.conftest import ready, upload
from tests.gallery.test_metadata import a_jpeg, xmp


@pytest.mark.parametrize(
    ("latitude", "longitude", "town"),
    [
        (64.146, -21.94, "Reykjavík, Iceland"),  # nearest in degrees: Kópavogur
        (64.112, -21.913, "Kópavogur, Iceland"),
        (48.8584, 2.2945, "Paris, France"),  # the tower is nearer to Neuilly
        (-33.8568, 151.2153, "Sydney, Australia"),
        (40.6892, -74.0445, "New York City, United States"),
        (54.4863, -0.6133, "Whitby, United Kingdom"),
        (37.5796, 126.977, "Seoul, South Korea"),
        (47.5596, 7.5886, "Basel, Switzerland"),
        (41.9022, 12.4539, "Vatican City"),
        (1.2868, 103.8545, "Singapore"),
        (-16.78, 179.99, ""),  # beside the date line, at sea
        (43.08, -79.075, ""),  # Niagara Falls: two countries have one
        (63.53, -19.51, ""),  # Skógafoss: the nearest town is on an island
        (30.0, -40.0, ""),
        (90.0, 0.0, ""),
        (-90.0, 180.0, ""),
    ],
)
def test_the_town_is_right_or_none(latitude, longitude, town):
    assert town_at(latitude, longitude) == town


def test_coordinates_bring_a_place_where_the_file_names_none(alice):
    position = (
        "<exif:GPSLatitude>64,8.76N</exif:GPSLatitude>"
        "<exif:GPSLongitude>21,56.4W</exif:GPSLongitude>"
    )
    named = position + "<photoshop:City>Vesturbær</photoshop:City>"
    photo = ready(alice, a_jpeg(xmp=xmp(position)))
    assert (photo.place, photo.public_place) == ("Reykjavík, Iceland", "")
    assert ready(alice, a_jpeg(xmp=xmp(named))).place == "Vesturbær"
    written = upload(alice, a_jpeg(xmp=xmp(position + "<xmp:Rating>1</xmp:Rating>")))
    Photo.objects.filter(pk=written.pk).update(place="My garden")
    assert pipeline.process_next()
    written.refresh_from_db()
    assert (written.place, written.rating) == ("My garden", 1)


def test_nothing_is_fetched_and_the_web_loads_nothing():
    code = (
        "import socket, sys\n"
        "import config.wsgi, config.urls\n"
        "from gallery.places import town_at\n"
        "assert 'gallery.pipeline' in sys.modules and 'scipy' not in sys.modules\n"
        "socket.socket.connect = socket.getaddrinfo = None\n"
        "assert town_at(64.146, -21.94) == 'Reykjavík, Iceland'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, env=os.environ, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
