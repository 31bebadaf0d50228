"""From the admin's upload form to "Find similar", in a real browser on a whole site."""

import re
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import expect


def draw_picture(path: Path) -> None:
    picture = Image.new("RGB", (900, 600), (30, 60, 120))
    ImageDraw.Draw(picture).ellipse((300, 150, 600, 450), fill=(240, 230, 180))
    picture.save(path, quality=90)


def test_upload_find_open_follow_similar_and_come_back(site, page, tmp_path):
    picture = tmp_path / "IMG_0001.jpg"
    draw_picture(picture)
    username, password = site.login()

    page.goto(f"{site.url}/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{site.url}/admin/gallery/photo/add/")
    page.get_by_label("File").set_input_files(picture)
    page.get_by_label("Title").fill("Quetzal moonrise")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added").or_(page.get_by_text("accepted")).first).to_be_visible()
    site.wait_until_done(13, timeout_seconds=60)

    page.context.clear_cookies()
    page.goto(site.url)
    page.get_by_role("searchbox").first.fill("quetzal")
    page.keyboard.press("Enter")
    results = page.get_by_role("main")
    results.get_by_role("link", name=re.compile("Quetzal moonrise")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quetzal moonrise")
    picture_shown = page.get_by_role("img", name="Quetzal moonrise").first
    expect(picture_shown).to_be_visible()
    assert picture_shown.evaluate("image => image.complete && image.naturalWidth > 0")

    photo_url = page.url
    page.get_by_role("link", name=re.compile("Find similar", re.IGNORECASE)).first.click()
    expect(page).to_have_url(re.compile(r"/photos/\w+/similar/$"))
    assert page.get_by_role("main").get_by_role("img").count() > 1
    page.go_back()
    expect(page).to_have_url(photo_url)


def test_web_processes_answered_searches_without_torch(site):
    assert site.search("mountain")["results"]
    web = site.processes("gunicorn")
    assert web
    for process in web:
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        assert "libtorch" not in maps and "_multiarray_umath" in maps or process == web[0]
        assert "libtorch" not in maps


def test_every_language_finds_by_meaning(site):
    titles = [photo["title"] for photo in site.search("Sonnenuntergang über dem Meer")["results"]]
    assert titles
