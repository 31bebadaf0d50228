"""What no browser sends: it is answered, never with a server error, and helpfully."""

import subprocess
import sys

import httpx
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from config.wsgi import READABLE_CONTENT_TYPE, application
from search.query import MAX_QUERY_LENGTH
from tests.conftest import jpeg
from tests.processes import BASE_DIR, free_port, wait_until


# --- Headers ---
@pytest.mark.parametrize("key", ['"abcdefgh\\000"', '"\\000bcdefgh"', '"abc\\377\\012\\"efgh"'])
def test_odd_session_cookie_is_no_session(as_charlie, five, key):
    as_charlie.cookies.load(f"{settings.SESSION_COOKIE_NAME}=x")
    morsel = as_charlie.cookies[settings.SESSION_COOKIE_NAME]
    morsel.set(morsel.key, key, key)
    for path in (five[0].get_absolute_url(), f"/originals/{five[0].public_id}/", "/admin/login/"):
        assert as_charlie.get(path).status_code in (200, 404), path


def status_of(method: str, path: str, content_type: str) -> int:
    """Ask the WSGI application as a server does."""
    lines = []
    environ = RequestFactory().generic(method, path, b"a=%ff").environ
    application(
        environ | {"CONTENT_TYPE": content_type}, lambda line, headers: lines.append(line)
    ).close()
    return int(lines[0].split()[0])


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain; charset=base64", "application/x-www-form-urlencoded; charset=undefined"),
        *("text/plain; charset*=nope''a", "multipart/form-data; boundary*=nope''a"),
        *("multipart/form-data; boundary=", "a;" * 2000, "\xff\xfe", "x/y;" + " " * 8000),
    ],
)
def test_odd_content_type_is_none(transactional_db, content_type):
    assert status_of("GET", "/photos/?after=made-up", content_type) == 404
    assert status_of("GET", "/api/v1/photos/?after=made-up", content_type) == 400
    assert status_of("POST", "/search/by-image/", content_type) == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
        'Multipart/Form-Data;charset=UTF-8;boundary="a b_c=d"',
        *("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"),
        *("application/json", "application/vnd.api+json"),
    ],
)
def test_ordinary_content_type_is_kept(content_type):
    assert READABLE_CONTENT_TYPE.fullmatch(content_type)


@pytest.mark.parametrize("length", ["abc", "9" * 5000])
def test_odd_content_length_holds_no_picture(as_charlie, db, length):
    response = as_charlie.post("/search/by-image/", {"picture": "x"}, CONTENT_LENGTH=length)
    assert response.status_code == 400 and b"Choose a picture first" in response.content


# --- Long lines ---
def test_longest_query_passes_the_web_server():
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=BASE_DIR)

    def answer():
        assert server.poll() is None
        try:
            return httpx.get(
                f"http://127.0.0.1:{port}/healthz", params={"q": "\U0001f33b" * MAX_QUERY_LENGTH}
            )
        except httpx.HTTPError:
            return None

    try:
        response = wait_until(lambda: answer() or None, timeout_seconds=60, what="an answer")
        assert response.status_code == 200
    finally:
        server.terminate()
        server.wait(30)


# --- Numbers ---
@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "²", "٣" * 5000, "1e400", "\x00"])
def test_odd_page_number_is_a_page(as_charlie, five, number):
    for path in ("/search/?q=harbour", "/albums/"):
        join = "&" if "?" in path else "?"
        assert as_charlie.get(f"{path}{join}page={number}").status_code == 200, path
    for path in ("/api/v1/search/", "/api/v1/albums/"):
        assert as_charlie.get(path, {"q": "harbour", "page": number}).status_code == 400, path
    assert as_charlie.get("/sitemap-photos.xml", {"p": number}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        *("iso:999999999999999999999", "iso:9999999", "iso:>9999999,999", "f:0-9999999.999"),
        *(
            "year:99999",
            "year:2999",
            "year:1000",
            "year:0000",
            "date:2999-12-31",
            "date:1000-01-01",
        ),
        *("date:2024-02-30", "date:1000..2999-12", "year:٢٠٢٤", "focal:" + "9" * 400, "iso:²"),
    ],
)
def test_odd_filter_values_are_answered(as_charlie, five, query):
    for path in ("/search/", "/api/v1/search/"):
        assert as_charlie.get(path, {"q": query}).status_code == 200, path


# --- What errors say ---
def test_unreadable_request_is_told_what_to_do(as_charlie, db):
    wrong_host = as_charlie.get("/", headers={"host": "elsewhere.example"})
    too_many = as_charlie.get("/search/?" + "a&" * 1500)
    for response in (wrong_host, too_many):
        assert response.status_code == 400 and b'href="/"' in response.content
        assert b"could not be read" in response.content and b"<h1" in response.content


def test_form_without_its_token_is_told_what_to_do(db):
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "alice"})
    assert response.status_code == 403
    assert b"reload" in response.content and b"DEBUG" not in response.content


def test_picture_that_cannot_be_compared_is_told_what_to_do(as_charlie, db):
    file = SimpleUploadedFile("picture.jpg", jpeg())
    response = as_charlie.post("/search/by-image/", {"picture": file})
    assert response.status_code == 503 and b"Try again soon" in response.content
