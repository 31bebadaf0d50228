"""The JSON contract."""

import pytest

from gallery.models import Album, AlbumPhoto
from tests.pages.conftest import make_photos

PHOTO_FIELDS = {
    *("public_id", "title", "description", "tags", "width", "height", "taken_at", "camera"),
    *("lens", "place", "state", "renditions", "url", "image"),
}


def test_search_answers_the_contract(as_charlie, five):
    answer = as_charlie.get("/api/v1/search/", {"q": "quiet harbour"}).json()
    assert answer["query"] == "quiet harbour" and answer["corrected_query"] is None
    assert answer["count"] == 5 and answer["next"] is None and answer["semantic"] is False
    first = answer["results"][0]
    assert {"public_id", "title", "url", "image", "ranks", "score"} <= set(first)
    assert first["ranks"] == {"bm25": 1, "text": None, "image": None} and first["score"] > 0
    assert first["url"].startswith("http://testserver/photos/")
    assert first["image"]["src"].startswith("http") and first["image"]["width"] > 0


def test_search_links_to_its_next_page(as_charlie, alice):
    make_photos(alice, 30)
    answer = as_charlie.get("/api/v1/search/", {"q": "quiet harbour"}).json()
    following = as_charlie.get(answer["next"]).json()
    found = [one["public_id"] for one in answer["results"] + following["results"]]
    assert len(set(found)) == answer["count"] == 30 and following["next"] is None


def test_search_takes_a_colour(as_charlie, alice):
    make_photos(alice, 2, colours=["teal", "white"])
    red = make_photos(alice, 1, colours=["red"], creator="Alice")[0]
    answer = as_charlie.get("/api/v1/search/", {"q": "harbour colour:rouge"}).json()
    assert [one["public_id"] for one in answer["results"]] == [red.public_id]


def test_search_says_what_it_assumed_and_what_it_left_out(as_charlie, five):
    def ask(**parameters):
        return as_charlie.get("/api/v1/search/", parameters).json()

    answer = ask(q="quiet harbuor iso:many", sort="newest")
    assert answer["corrected_query"] == "quiet harbour iso:many" and answer["count"] == 5
    assert "iso:many" in answer["problems"][0]
    assert ask(q="harbuor", exact="true")["count"] == 0
    assert as_charlie.get("/api/v1/search/", {"q": "a", "sort": "best"}).status_code == 400
    page = as_charlie.get("/search/", {"q": "harbuor"}).content.decode()
    assert "exact=1" in page and "harbour" in page


def test_photos_walk_by_their_links(as_charlie, alice, monkeypatch):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 4)
    photos = make_photos(alice, 6)
    first = as_charlie.get("/api/v1/photos/").json()
    second = as_charlie.get(first["next"]).json()
    found = [one["public_id"] for one in first["results"] + second["results"]]
    assert found == [photo.public_id for photo in photos]
    assert first["previous"] is None and second["next"] is None
    assert as_charlie.get(second["previous"]).json()["results"] == first["results"]


def test_photo_tells_all(as_charlie, five):
    answer = as_charlie.get(f"/api/v1/photos/{five[0].public_id}/").json()
    assert set(answer) >= PHOTO_FIELDS
    assert answer["tags"] == ["harbour"] and answer["state"] == "ready"
    assert {one["format"] for one in answer["renditions"]} == {"webp", "avif", "jpeg"}
    text = str(answer)
    for private in ("original", "share_token", "latitude", "content_hash", "metadata"):
        assert private not in text


def test_albums_and_similar_answer(as_charlie, alice, five):
    album = Album.objects.create(owner=alice, title="Coves", slug="coves", cover=five[2])
    AlbumPhoto.objects.create(album=album, photo=five[1])
    answer = as_charlie.get("/api/v1/albums/").json()
    assert answer["count"] == 1 and answer["results"][0]["photo_count"] == 1
    assert answer["results"][0]["cover"]["public_id"] == five[2].public_id
    similar = as_charlie.get(f"/api/v1/photos/{five[0].public_id}/similar/")
    assert similar.status_code == 200 and similar.json() == {"results": []}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/photos/nothing/", 404, "not_found"),
        ("/api/v1/photos/?after=made-up", 400, "invalid"),
        ("/api/v1/search/?q=a&page=0", 400, "invalid"),
        ("/api/v1/search/?q=a&page=x", 400, "invalid"),
        ("/api/v1/albums/?page=99", 404, "not_found"),
    ],
)
def test_errors_have_one_shape(as_charlie, db, path, status, code):
    response = as_charlie.get(path)
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"code", "message", "fields"} and error["code"] == code


def test_answers_are_cacheable_and_carry_no_cookie(as_charlie, five):
    for path in ("/api/v1/photos/", "/api/v1/albums/", "/api/v1/search/?q=harbour"):
        response = as_charlie.get(path)
        assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert response["ETag"] and not response.cookies
        assert as_charlie.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_nothing_is_written_by_the_api(as_charlie, five):
    assert as_charlie.post("/api/v1/photos/").status_code == 405
    assert as_charlie.delete(f"/api/v1/photos/{five[0].public_id}/").status_code == 405


def test_schema_and_docs_answer(as_charlie, db):
    assert as_charlie.get("/api/schema/").status_code == 200
    assert as_charlie.get("/api/docs/").status_code == 200
