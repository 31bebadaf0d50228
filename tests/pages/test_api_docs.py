"""What is said of the API is so: the page with its operations, and the example in docs/api.md."""

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright

from gallery import pipeline, tokens
from gallery.models import ApiToken, Photo
from tests.conftest import jpeg, may_use_admin
from tests.processes import BASE_DIR

STRICT = "default-src 'self'; img-src 'self' data:; script-src 'self'; style-src 'self'"


def test_page_works_under_a_strict_policy_and_asks_nobody_else(live_server):
    said, asked = [], []

    def strictly(route):
        asked.append(route.request.url)
        response = route.fetch()
        headers = {**response.headers, "content-security-policy": STRICT}
        route.fulfill(response=response, headers=headers)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PICTURES_BROWSER", "/usr/bin/chromium"),
            args=["--headless", "--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page()
        page.route("**/*", strictly)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{live_server.url}/api/docs/")
        page.locator("#operations-photos-photos_upload").click()
        page.get_by_text("Upload a photo. From this answer on").wait_for()
        operations = page.locator(".opblock").count()
        browser.close()
    assert operations == 19 and said == []
    assert all(url.startswith((live_server.url, "data:")) for url in asked)


@pytest.fixture
def token(transactional_db, alice):
    may_use_admin(alice)
    return tokens.make_token(owner=alice, name="test", scopes=ApiToken.Scope.values)[1]


def test_example_runs(live_server, token, tmp_path):
    (example,) = re.findall(r"```python\n(.+?)```", (BASE_DIR / "docs/api.md").read_text(), re.S)
    (tmp_path / "pier.jpg").write_bytes(jpeg())
    environment = {**os.environ, "PICTURES_URL": live_server.url, "PICTURES_TOKEN": token}

    def run() -> str:
        program = subprocess.Popen(
            [sys.executable, "-c", example],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        while program.poll() is None:  # what the workers do
            pipeline.process_next()
        assert program.returncode == 0
        return program.stdout.read()

    printed = run()
    photo = Photo.objects.get()
    assert photo.listed and {tag.name for tag in photo.tags.all()} == {"fog", "low tide"}
    assert printed.splitlines() == [
        "ready ",
        f"Pier {live_server.url}/photos/{photo.public_id}/",
    ]
    assert "already there" in run() and Photo.objects.count() == 1
