"""A folder of photos dropped into the admin, while the line breaks and the server dies."""

import hashlib
import os
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.conftest import Site
from tests.processes import Line, wait_until

# 200 takes some minutes: PICTURES_BULK_PHOTOS=200 make test ARGS=tests/journeys/test_bulk_upload.py
PHOTOS = int(os.environ.get("PICTURES_BULK_PHOTOS", "26"))
PIECE_BYTES = 2**20
AT_ONCE = 3
HEADERS_BYTES = 12_000  # of all requests for a file, those repeated included
PAGE_BYTES = 300_000  # of all requests for pages
DONE_SECONDS = 240 + 2 * PHOTOS


@pytest.fixture
def folder(tmp_path):
    """Photos of one to three MB, one of them twice, and what is refused."""
    folder = tmp_path / "Iceland"
    folder.mkdir()
    for number in range(PHOTOS):
        noise = Image.effect_noise((1200 + 40 * (number % 20), 1100), 90)
        picture = Image.merge("RGB", [noise, noise, noise.point(lambda x, n=number: x ^ (n % 256))])
        picture.save(folder / f"IMG_{number:04}.jpg", quality=92)
    (folder / "copy of 0.jpg").write_bytes((folder / "IMG_0000.jpg").read_bytes())
    (folder / "empty.jpg").touch()
    (folder / "letter.jpg").write_text("Dear photographs, " * 1000)
    with (folder / "too large.tif").open("wb") as file:
        file.truncate(201 * 2**20)
    (folder / ".DS_Store").touch()
    return folder


@pytest.fixture
def line(make_data_dir):
    site = Site(make_data_dir(), photos=0, UPLOAD_PIECE_MB="1")
    line = None
    try:
        site.start()
        line = Line(site.port)
        line.site = site
        yield line
    finally:
        if line:
            line.close()
        site.stop()


def log_in(page, line) -> None:
    username, password = line.site.login()
    page.goto(f"{line.url}/admin/gallery/photo/upload/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def drop(page, *paths) -> None:
    """Drop files and folders as from another window."""
    zone = page.locator("[data-upload=drop]").bounding_box()
    at = {"x": zone["x"] + 20, "y": zone["y"] + 20}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    browser = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, "data": data, **at})


def test_no_photo_is_lost_or_doubled_and_no_byte_sent_twice(line, page, folder):
    files = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    sent = [path.stat().st_size for path in files if path.name != "too large.tif"]
    gunicorn = line.site.processes("gunicorn")
    line.at(sum(sent) // 4, line.cut)
    line.at(sum(sent) // 2, lambda: [process.kill() for process in gunicorn])
    line.at(sum(sent) * 3 // 4, line.cut)

    log_in(page, line)
    page.get_by_label("Folders as albums").check()
    page.get_by_label("Tags").fill("ice, sea")
    page.get_by_label("Visibility").select_option("private")
    drop(page, folder)
    page.get_by_role("button", name=f"Upload {len(files)} files").click()
    bar = page.get_by_role("progressbar", name="All files")
    moved = [0.0]

    def wait_for_the_cut():
        wait_until(lambda: line.is_cut, timeout_seconds=DONE_SECONDS, what="the cut")
        waiting = page.get_by_text("Waits for the connection")
        expect(waiting).to_have_count(AT_ONCE, timeout=90_000)
        moved.append(bar.evaluate("bar => bar.value / bar.max"))
        assert moved[-2] < moved[-1] < 1

    wait_for_the_cut()
    line.mend()
    wait_for_the_cut()
    # A laptop that was closed: the page is opened anew, and the same folder dropped again.
    line.mend()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_text("These files were uploaded before")).to_be_visible()
    drop(page, folder)
    page.get_by_role("button", name=re.compile("^Upload ")).click()

    said = f"Done: {PHOTOS} taken, 1 already there, 3 refused, 1 of the system left out."
    expect(page.get_by_role("status")).to_have_text(said, timeout=DONE_SECONDS * 1000)
    refused = page.locator("[data-upload=refused] li")
    expect(refused.filter(has_text="letter.jpg")).to_contain_text("not a picture")
    expect(refused.filter(has_text="empty.jpg")).to_contain_text("empty")
    expect(refused.filter(has_text="too large.tif")).to_contain_text("200 MB")

    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("IMG_*")}
    rows = line.site.query("SELECT content_hash, visibility FROM gallery_photo")
    assert sorted(rows) == sorted((one, "private") for one in hashes)
    in_album = (
        "SELECT title, count(*) FROM gallery_albumphoto JOIN gallery_album a ON a.id = album_id"
    )
    assert line.site.query(f"{in_album} GROUP BY title") == [("Iceland", PHOTOS)]
    again = line.bytes_up - sum(sent)
    print(f"{PHOTOS} photos, {sum(sent)} bytes; {again} more went up")
    breaks = 3 * AT_ONCE * PIECE_BYTES
    assert again < breaks + HEADERS_BYTES * len(files) + PAGE_BYTES
