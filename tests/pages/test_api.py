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
        ("/api/v1/photos/?page_size=101", 400, "invalid"),
        ("/api/v1/photos/?filter=shoe:brown", 400, "invalid"),
        ("/api/v1/search/?q=a&page=0", 400, "invalid"),
        ("/api/v1/search/?q=a&page=x", 400, "invalid"),
        ("/api/v1/albums/?page=99", 404, "not_found"),
        ("/api/v1/albums/nothing/", 404, "not_found"),
        ("/api/v2/photos/", 404, "not_found"),
        ("/api/", 404, "not_found"),
        ("/api/v1/me/photos/", 401, "not_authenticated"),
    ],
)
def test_problems_have_one_shape(as_charlie, db, path, status, code):
    response = as_charlie.get(path)
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert set(found) == {"type", "title", "status", "detail", "code", "fields"}
    assert (response.status_code, found["status"], found["code"]) == (status, status, code)
    assert bool(found["fields"]) == (code == "invalid") and found["detail"].endswith((".", "is."))


def test_problems_of_the_request_itself_have_the_shape(as_charlie, alice, monkeypatch):
    def ask(method, path, **options):
        response = as_charlie.generic(method, path, **options)
        assert response["Content-Type"] == "application/problem+json", path
        assert response.json()["status"] == response.status_code
        return response

    not_allowed = ask("DELETE", "/api/v1/photos/")
    assert not_allowed.status_code == 405 and "GET" in not_allowed["Allow"]
    assert ask("OPTIONS", "/api/v1/search/").status_code == 405
    html = ask("GET", "/api/v1/photos/", headers={"accept": "text/html"})
    assert html.status_code == 406
    assert ask("GET", "/api/v1/photos/?" + "a&" * 1500).status_code == 400
    as_charlie.raise_request_exception = False
    monkeypatch.setattr("search.engine.search", None)
    assert ask("GET", "/api/v1/search/?q=a").status_code == 500
    # Pages for people stay pages.
    assert as_charlie.get("/photos/nothing/")["Content-Type"].startswith("text/html")


def test_answers_are_cacheable_and_carry_no_cookie(as_charlie, five):
    for path in ("/api/v1/photos/", "/api/v1/albums/", "/api/v1/search/?q=harbour"):
        response = as_charlie.get(path)
        assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert response["ETag"] and not response.cookies
        assert as_charlie.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_photos_are_filtered_as_in_search(as_charlie, alice):
    wide = make_photos(alice, 3, camera="FUJIFILM X100V", iso=200)
    fast = make_photos(alice, 2, camera="FUJIFILM X100V", iso=3200, creator="Alice")
    make_photos(alice, 1, camera="NIKON Z 6", iso=3200, creator="A. L.")

    def ask(*filters, **more):
        answer = as_charlie.get("/api/v1/photos/", {"filter": filters} | more).json()
        return {one["public_id"] for one in answer["results"]}, answer

    assert ask("camera:x100v")[0] == {photo.public_id for photo in wide + fast}
    assert ask("camera:x100v", "iso:>800")[0] == {photo.public_id for photo in fast}
    assert ask("camera:x100v", "-iso:>800")[0] == {photo.public_id for photo in wide}
    assert ask("camera:leica")[0] == set() and ask("camera:leica")[1]["problems"]
    found, first = ask("camera:x100v", page_size=3)
    following = as_charlie.get(first["next"]).json()
    found |= {one["public_id"] for one in following["results"]}
    assert len(found) == 5 and following["next"] is None


def test_album_shows_its_listed_photos_in_order(as_charlie, alice, five):
    album = Album.objects.create(owner=alice, title="Coves", slug="coves")
    for position, photo in enumerate(reversed(five)):
        AlbumPhoto.objects.create(album=album, photo=photo, position=position)
    hidden = make_photos(alice, 1, visibility="private", creator="Alice")[0]
    AlbumPhoto.objects.create(album=album, photo=hidden, position=9)
    first = as_charlie.get("/api/v1/albums/coves/?page_size=3").json()
    second = as_charlie.get(first["photos"]["next"]).json()
    found = first["photos"]["results"] + second["photos"]["results"]
    assert [one["public_id"] for one in found] == [one.public_id for one in reversed(five)]
    assert first["photo_count"] == 5 and "visibility" not in first
    Album.objects.update(visibility="private")
    assert as_charlie.get("/api/v1/albums/coves/").status_code == 404


def test_answers_vary_by_nothing_for_strangers(as_alice, five):
    """Also with a session: the API looks at none."""
    for path in ("/api/v1/photos/", "/api/v1/search/?q=harbour"):
        response = as_alice.get(path)
        assert response.get("Vary", "Accept-Encoding") == "Accept-Encoding"
        assert "public" in response["Cache-Control"]


def test_schema_and_docs_answer(as_charlie, db):
    assert as_charlie.get("/api/schema/").status_code == 200
    assert as_charlie.get("/api/docs/").status_code == 200


def test_recommendations_follow_what_is_liked_and_leave_out_what_was_seen(as_charlie, alice):
    photos = make_photos(alice, 60)
    asked = {"liked": photos[0].public_id}
    first = as_charlie.get("/api/v1/recommendations/", asked)
    assert first["Cache-Control"] == "private, no-store" and not first.cookies
    found = {one["public_id"] for one in first.json()["results"]}
    assert len(found) == 24 and photos[0].public_id not in found
    second = as_charlie.get("/api/v1/recommendations/", asked | {"seen": sorted(found)})
    assert not found & {one["public_id"] for one in second.json()["results"]}
    assert as_charlie.get("/api/v1/recommendations/", {"liked": "0"}).status_code == 400
