"""What a file says of its camera, its owner and where it was taken: in no byte that is public."""

import io

import pytest
from django.core.files.storage import storages
from PIL import Image

from embeddings.texts import photo_text
from gallery import renditions, services
from gallery.models import Photo
from search import reconcile as words
from tests.conftest import ready
from tests.gallery.test_metadata import iptc, with_segment, xmp

# Of Sydney too: what lies at the coordinates is named, for the photographer only.
SECRETS = ("CANARY", "33.85993", "151.2111", "-33.8", "33,51", "201.51", "Sydney", "Australia")


def full_of_canaries() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "NIKON CORPORATION", "NIKON D850", "Zoë"
    exif[0x013C], exif[0x0131], exif[0xC62F] = "CANARY-HOST", "CANARY-SOFTWARE", "CANARY-SERIAL"
    details = exif.get_ifd(0x8769)
    details[0xA430], details[0xA431], details[0xA435] = "CANARY-OWNER", "CANARY-BODY", "CANARY-LENS"
    details[0xA420], details[0x9286] = "CANARY-UNIQUE", b"ASCII\0\0\0CANARY-COMMENT"
    details[0x927C] = b"CANARY-MAKER-NOTE"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "S", (33.0, 51.0, 35.76), "E", (151.0, 12.0, 40.12)
    gps[6], gps[27], gps[29] = 201.51, b"CANARY-GPS", "2024:02:29"
    packet = xmp(
        "<dc:title><rdf:Alt><rdf:li>The pier</rdf:li></rdf:Alt></dc:title>"
        "<cc:license rdf:resource='https://creativecommons.org/licenses/by/4.0/'/>"
        "<aux:SerialNumber>CANARY-XMP</aux:SerialNumber><aux:OwnerName>CANARY</aux:OwnerName>"
        "<exif:GPSLatitude>33,51.596S</exif:GPSLatitude>"
    )
    buffer = io.BytesIO()
    Image.new("RGB", (700, 500), "teal").save(buffer, "JPEG", exif=exif, xmp=packet.encode(),
                                              comment=b"CANARY-JPEG")  # fmt: skip
    data = with_segment(buffer.getvalue(), 0xED, iptc(d103="CANARY-REFERENCE", d40="CANARY"))
    return data + b"CANARY-TRAILER"


@pytest.mark.django_db(transaction=True)
def test_no_public_byte_tells(alice, client):
    photo = ready(alice, full_of_canaries(), name="CANARY name.jpg")
    album = services.get_album(alice, "Coast")
    services.add_to_album(album, photo)
    said = str(photo.metadata)
    assert "CANARY-OWNER" in said and photo.latitude, "it is read, and kept for its photographer"
    storage = storages["renditions"]
    for name in renditions.stored_names(photo):
        data = storage.open(name).read()
        for secret in SECRETS:
            assert secret.encode() not in data and secret not in name
        with Image.open(io.BytesIO(data)) as image:
            assert set(image.getexif()) == {0x013B}
            assert b"creativecommons.org/licenses/by/4.0/" in image.info["xmp"]
    paths = [
        *("/", "/photos/", "/discover/", "/albums/", album.get_absolute_url(), "/feed/"),
        *("/by/alice/", photo.get_absolute_url(), f"/photos/{photo.public_id}/similar/"),
        *("/search/?q=pier", "/sitemap.xml", "/sitemap-photos.xml", "/api/v1/albums/"),
        *("/api/v1/photos/", f"/api/v1/photos/{photo.public_id}/", "/api/v1/search/?q=pier"),
        f"/api/v1/photos/{photo.public_id}/similar/",
    ]
    seen = 0
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200, path
        page = response.content.decode()
        seen += photo.public_id in page
        assert not [secret for secret in SECRETS if secret in page], path
    assert seen > 8, "the photo is on those pages"


# --- Where it was taken: told where the photographer says so, and no longer than that ---------
def at_whitby(owner):
    packet = xmp(
        "<dc:title><rdf:Alt><rdf:li>The pier</rdf:li></rdf:Alt></dc:title>"
        "<photoshop:City>Whitby</photoshop:City><photoshop:Country>England</photoshop:Country>"
        "<xmp:Rating>3</xmp:Rating>"
    )
    buffer = io.BytesIO()
    Image.new("RGB", (700, 500), "teal").save(buffer, "JPEG", xmp=packet.encode())
    photo = ready(owner, buffer.getvalue())
    assert (photo.place, photo.rating) == ("Whitby, England", 3)
    return photo


def tellers(client, photo) -> set[str]:
    """Return the public addresses that tell of Whitby, and what finds the photo by its place."""
    one = photo.public_id
    pages = [
        *("/", "/photos/", "/discover/", "/feed/", "/sitemap.xml", "/sitemap-photos.xml"),
        *(f"/photos/{one}/", f"/photos/{one}/similar/", "/by/alice/", "/search/?q=pier"),
        *(f"/api/v1/photos/{one}/", f"/api/v1/photos/{one}/similar/", "/api/v1/photos/"),
        *("/api/v1/search/?q=pier", "/api/v1/search/suggestions/?q=whi", "/search/?q=camera:none"),
    ]
    queries = ["whitby", "whitbi", '"whitby england"', "place:whitby", "pier place:whitby"]
    told = set()
    for path in pages:
        response = client.get(path)
        assert response.status_code == 200, path
        page = response.content.decode().replace("q=whi", "")
        if "whitby" in page.lower() or "England" in page:
            told.add(path)
    for query in queries:
        for path in ("/search/", "/api/v1/search/"):
            if one in client.get(path, {"q": query}).content.decode():
                told.add(f"{path} {query}")
    return told


TELLERS = {
    # Forms offer it, and so does the box.
    *("/photos/", "/search/?q=pier", "/search/?q=camera:none", "/api/v1/search/suggestions/?q=whi"),
    *(f"{path} {query}" for path in ("/search/", "/api/v1/search/")
      for query in ("whitby", "whitbi", '"whitby england"', "place:whitby", "pier place:whitby")),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_place_is_told_nowhere_unless_its_photographer_says_so(alice, client):
    photo = at_whitby(alice)
    assert tellers(client, photo) == set()
    assert photo_text(Photo.objects.get()) == "The pier."
    found = client.get("/search/?q=pier+-whitby").content.decode()
    assert photo.public_id in found, "what is hidden leaves nothing out"


@pytest.mark.django_db(transaction=True)
def test_a_place_that_is_hidden_is_gone_with_the_next_request(alice, client):
    alice.shows_location = True
    alice.save()
    photo = at_whitby(alice)
    own = {f"/photos/{photo.public_id}/", f"/api/v1/photos/{photo.public_id}/"}
    assert tellers(client, photo) == TELLERS | own
    # No worker comes: neither the index nor what was cached a moment ago may tell.
    services.show_location([photo], shown=False)
    assert tellers(client, photo) == set()
    while words.index_due():
        pass
    assert tellers(client, photo) == set()
    assert photo.public_id in client.get("/search/?q=pier").content.decode()
    services.show_location([photo], shown=True)
    while words.index_due():
        pass
    assert tellers(client, photo) == TELLERS | own


@pytest.mark.django_db(transaction=True)
def test_a_place_hidden_stays_so_while_its_photo_is_hidden_and_shown_again(alice, client):
    alice.shows_location = True
    alice.save()
    photo = at_whitby(alice)
    services.show_location([photo], shown=False)
    services.set_visibility([photo], "private")
    services.set_visibility([photo], "public")
    assert tellers(client, photo) == set()
