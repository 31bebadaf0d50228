"""From the admin's upload form to "Find similar", in a real browser on a whole site."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import expect

from embeddings.demo_model.captions import LANGUAGES, held_out
from tests.journeys.conftest import DEMO_PHOTOS
from tests.processes import wait_until


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
    expect(page.get_by_text("was added")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Quetzal moonrise")
    wait_until(
        lambda: (page.reload(), row.get_by_text("Ready", exact=True).is_visible())[1],
        timeout_seconds=60,
        what="the photo's state in the admin",
    )
    site.wait_until_done(DEMO_PHOTOS + 1, timeout_seconds=60)

    page.context.clear_cookies()
    page.goto(site.url)
    page.get_by_label("Search photographs").fill("quetzal")
    page.keyboard.press("Enter")
    results = page.get_by_role("main")
    results.get_by_role("link", name=re.compile("Quetzal moonrise")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quetzal moonrise")
    picture_shown = page.get_by_role("img", name="Quetzal moonrise").first
    expect(picture_shown).to_be_visible()
    picture_shown.evaluate("image => image.decode()")  # fails if it is none

    photo_url = page.url
    page.get_by_role("link", name=re.compile("Find similar", re.IGNORECASE)).first.click()
    expect(page).to_have_url(re.compile(r"/photos/\w+/similar/$"))
    expect(page.get_by_role("main").get_by_role("img").nth(1)).to_be_attached()
    page.go_back()
    expect(page).to_have_url(photo_url)


def test_what_is_typed_is_completed(site, page):
    page.goto(site.url)
    box = page.get_by_role("combobox").or_(page.get_by_role("searchbox")).first
    box.press_sequentially("red sunse")
    offered = page.locator("datalist option")
    expect(offered.first).to_have_attribute("value", re.compile("sunset"))
    box.fill("ligthouse")
    box.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("lighthouse")
    page.get_by_role("link", name="exactly what I typed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ligthouse")


def test_search_by_a_picture_of_ones_own(site, page, tmp_path):
    [(public_id, original)] = site.query(
        "SELECT public_id, original FROM gallery_photo WHERE original_name LIKE 'lighthouse%' "
        "ORDER BY original_name LIMIT 1"
    )
    mine = tmp_path / "Größe 1.jpg"
    with Image.open(site.data_dir / "media" / "private" / original) as photo:
        photo.reduce(4).save(mine, quality=85)
    page.goto(f"{site.url}/search/")
    page.get_by_role("link", name="Search by a picture").click()
    page.get_by_label("Picture").set_input_files(mine)
    page.get_by_role("button", name="Look for").click()
    expect(page).to_have_url(re.compile("picture="))
    first = page.get_by_role("main").locator(".card a").first
    assert public_id in first.get_attribute("href")


def test_web_processes_answered_searches_without_torch(site):
    assert site.search("mountain")["results"]
    web = site.processes("gunicorn")
    assert web
    for process in web:
        assert "libtorch" not in Path(f"/proc/{process.pid}/maps").read_text()
    worker = site.processes("celery", "vectors")
    assert any("libtorch" in Path(f"/proc/{one.pid}/maps").read_text() for one in worker)


def test_web_processes_encode_queries_themselves(site):
    def somebody_has_the_tower():
        site.search("mountain")
        return any(
            "query-towers" in Path(f"/proc/{process.pid}/maps").read_text()
            for process in site.processes("gunicorn")
        )

    wait_until(somebody_has_the_tower, timeout_seconds=60, what="the tower is loaded")
    assert "encoded by web processes, fp32" in site.manage("doctor")


def test_held_out_queries_find_their_scene_in_every_language(site):
    """Two hundred held-out queries a language, the floor on: hit@5 and agreement of languages."""
    # The demo's files are named by their scene: sunset_sea-001.jpg.
    rows = site.query("SELECT public_id, original_name FROM gallery_photo")
    scene_of = {public_id: name.rpartition("-")[0] for public_id, name in rows}
    found = {}
    with ThreadPoolExecutor(4) as pool:
        queries = held_out()
        answers = pool.map(lambda query: site.search(query.text)["results"], queries)
        for query, results in zip(queries, answers, strict=True):
            found[query.language, query.number] = (
                query.scene,
                [result["public_id"] for result in results[:10]],
            )
    numbers = sorted({number for _, number in found})
    assert len(numbers) == 200
    for language in LANGUAGES:
        hits = [
            found[language, number][0]
            in [scene_of.get(one) for one in found[language, number][1][:5]]
            for number in numbers
        ]
        assert sum(hits) / len(hits) >= 0.95, language
    for one, other in combinations(LANGUAGES, 2):
        overlaps = [
            jaccard(set(found[one, number][1]), set(found[other, number][1])) for number in numbers
        ]
        assert sum(overlaps) / len(overlaps) >= 0.6, (one, other)


def jaccard(one: set, other: set) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
