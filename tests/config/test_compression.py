"""Texts are compressed for whoever asks for it, pictures are not."""

import gzip

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from tests.conftest import jpeg

ASKING = {"accept-encoding": "gzip, br"}


@pytest.mark.parametrize(
    "path", ["/", "/nowhere/", "/search/", "/api/schema/", "/robots.txt", "/static/site.css"]
)
def test_texts_are_compressed_when_asked_for(client, db, path):
    plain = client.get(path)
    answer = client.get(path, headers=ASKING)
    assert "Content-Encoding" not in plain and answer["Content-Encoding"] == "gzip"
    plain, packed = (b"".join(one) for one in (plain, answer))
    assert gzip.decompress(packed) == plain and len(packed) < len(plain)
    assert "accept-encoding" in answer["Vary"].lower()
    assert "cookie" not in answer["Vary"].lower()


def test_compressed_page_is_not_sent_again(client, db):
    first = client.get("/photos/", headers=ASKING)
    assert first["ETag"] == client.get("/photos/", headers=ASKING)["ETag"]
    again = client.get("/photos/", headers=ASKING | {"if-none-match": first["ETag"]})
    assert again.status_code == 304 and not again.content


def test_pictures_and_parts_of_files_are_sent_as_they_are(client, db):
    name = storages["renditions"].save("r/aaaaaaaaaa-bbbbbbbbbb/320.jpg", ContentFile(jpeg()))
    picture = client.get(f"/media/{name}", headers=ASKING)
    assert picture.status_code == 200 and "Content-Encoding" not in picture
    part = client.get("/static/site.css", headers=ASKING | {"range": "bytes=0-99"})
    assert part.status_code == 206 and "Content-Encoding" not in part
