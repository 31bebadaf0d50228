"""The language is in the path, and no page varies by anything a visitor sends."""

import pytest
from django.conf import settings

from config.languages import in_language, language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        *(("/", "en"), ("/de/", "de"), ("/de/photos/", "de"), ("/zh-hans/", "zh-hans")),
        *(("/photos/", "en"), ("/en/", "en"), ("/de-at/", "en"), ("/dex/", "en"), ("", "en")),
    ],
)
def test_language_is_what_the_path_begins_with(path, language):
    assert language_of(path) == language


@pytest.mark.parametrize("path", ["/", "/photos/", "/photos/de/", "/albums/fr/"])
def test_every_path_has_its_like_in_each_language(path):
    for one in dict(settings.LANGUAGES):
        for other in dict(settings.LANGUAGES):
            assert in_language(in_language(path, one), other) == in_language(path, other)
    assert in_language(path, "de") == f"/de{path}"
    assert in_language(in_language(path, "fr"), "en") == path


def test_pages_speak_the_language_of_their_path_whatever_the_browser_prefers(client, db):
    for path, language in (("/", "en"), ("/fr/", "fr"), ("/zh-hans/photos/", "zh-hans")):
        response = client.get(
            path, headers={"accept-language": "de"}, HTTP_COOKIE="django_language=es"
        )
        assert response["Content-Language"] == language
        assert f'<html lang="{language}"'.lower() in response.content.decode().lower()
        assert "language" not in response.get("Vary", "").lower()


def test_a_language_that_is_not_offered_has_no_pages(client, db):
    assert client.get("/it/photos/").status_code == 404
    assert client.get("/en/photos/").status_code == 404


def test_policy_lets_a_page_load_nothing_foreign_and_nothing_inline(client, db):
    for path in ("/", "/nowhere/", "/admin/login/", "/api/v1/photos/"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy
        assert "unsafe" not in policy and "*" not in policy
