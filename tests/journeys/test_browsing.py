"""Lists, filters and rows in a real browser, on photos that have no files."""

import re

import pytest
from playwright.sync_api import expect

from gallery.models import Album, AlbumPhoto
from tests.pages.conftest import make_photos
from tests.processes import wait_until

PAGE = 8
USUAL_MS, SLOW_MS = 5_000, 30_000  # the latter on a busy machine
SHAPES = [(3000, 2000), (2000, 3000), (2000, 2000), (6500, 2000), (1600, 4000), (1920, 1080)]


@pytest.fixture(scope="session", autouse=True)
def demo():
    """Leave the demo site alone: these tests need none."""


@pytest.fixture
def address(live_server, transactional_db, monkeypatch, request):
    """The address of a site with a hundred photos of all shapes, PAGE of them a page."""
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", PAGE)
    alice = request.getfixturevalue("alice")
    photos = []
    for number, (width, height) in enumerate(SHAPES):
        shape = {"width": width, "height": height, "camera": f"Camera {number}"}
        photos += make_photos(alice, 17, **shape)
    for count in (1, 2, 3):
        album = Album.objects.create(owner=alice, title=f"Of {count}", slug=f"of-{count}")
        for photo in photos[:count]:
            AlbumPhoto.objects.create(album=album, photo=photo)
    expect.set_options(timeout=SLOW_MS)
    yield live_server.url
    expect.set_options(timeout=USUAL_MS)


def scroll_to_the_foot(page, times=1) -> None:
    for _ in range(times):
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(300)


def scroll_until(page, done) -> None:
    def is_done():
        scroll_to_the_foot(page)
        return done()

    wait_until(is_done, timeout_seconds=30, what="the list")


def cards(page) -> int:
    return page.locator("main .card").count()


def test_list_goes_on_by_itself_and_then_waits(address, page):
    page.goto(f"{address}/photos/")
    scroll_until(page, lambda: cards(page) == 6 * PAGE)
    scroll_to_the_foot(page, 2)
    assert cards(page) == 6 * PAGE
    hrefs = page.eval_on_selector_all("main .card a", "all => all.map(one => one.href)")
    assert len(set(hrefs)) == len(hrefs)
    expect(page.get_by_role("contentinfo")).to_be_in_viewport()
    page.get_by_role("link", name="Show more").click()
    expect(page.locator("main .card").nth(6 * PAGE)).to_be_visible()
    first_new = page.locator("main .card a").nth(6 * PAGE)
    expect(first_new).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("More was added.")
    expect(page.locator("nav.pages [aria-busy]")).to_have_count(0)  # nothing is being asked for


@pytest.mark.parametrize("tabs", [0, 1])
def test_nothing_comes_unasked_before_who_is_at_the_foot(address, page, tabs):
    """Neither on the link nor behind it, although it was asked for before they came there."""
    held = []
    page.route("**/photos/?after=*", lambda route: held.append(route), times=1)
    page.goto(f"{address}/photos/")
    scroll_until(page, lambda: held)
    link = page.locator("nav.pages a[rel=next]")
    link.focus()
    for _ in range(tabs):
        page.keyboard.press("Tab")
    held[0].continue_()
    expect(page.locator("nav.pages [aria-busy]")).to_have_count(0)
    assert cards(page) == PAGE
    link.press("Enter")
    expect(page.locator("main .card a").nth(PAGE)).to_be_focused()


@pytest.mark.parametrize("press", [lambda link: link.press("Enter"), lambda link: link.click()])
def test_link_that_is_pressed_while_a_page_is_on_its_way_is_heard(address, page, press):
    held = []
    page.route("**/photos/?after=*", lambda route: held.append(route), times=1)
    page.goto(f"{address}/photos/")
    scroll_until(page, lambda: held)
    press(page.locator("nav.pages a[rel=next]"))
    held[0].continue_()
    expect(page.locator("main .card a").nth(PAGE)).to_be_focused()


def test_who_goes_back_from_the_foot_finds_the_list_going_on(address, page):
    held = []
    page.route("**/photos/?after=*", lambda route: held.append(route), times=1)
    page.goto(f"{address}/photos/")
    scroll_until(page, lambda: held)
    page.locator("nav.pages a[rel=next]").focus()
    held[0].continue_()
    expect(page.locator("nav.pages [aria-busy]")).to_have_count(0)
    page.keyboard.press("Shift+Tab")
    expect(page.locator("main .card").nth(PAGE)).to_be_attached()


def test_address_is_that_of_the_page_in_view(address, page):
    page.goto(f"{address}/photos/")
    scroll_until(page, lambda: "?after=" in page.url)
    page.evaluate("scrollTo(0, 0)")
    expect(page).to_have_url(f"{address}/photos/")
    scroll_until(page, lambda: "?after=" in page.url)
    page.reload()
    expect(page.get_by_role("link", name="Previous").first).to_be_attached()
    assert page.evaluate("history.length") <= 2


def test_back_from_a_photo_leads_to_it(address, page):
    page.goto(f"{address}/photos/")
    scroll_to_the_foot(page, 2)
    card = page.locator("main .card a").nth(2 * PAGE + 1)
    there = card.get_attribute("href")
    card.click()
    expect(page).to_have_url(re.compile(there))
    page.go_back()
    again = page.locator(f'main .card a[href="{there}"]')
    expect(again).to_be_in_viewport()
    expect(again).to_be_focused()


ROWS = """() => {
  const rows = new Map();
  for (const grid of document.querySelectorAll('main .grid')) {
    const box = grid.getBoundingClientRect();
    for (const card of grid.querySelectorAll('.card')) {
      const frame = card.querySelector('.frame').getBoundingClientRect();
      const key = `${box.top} ${Math.round(card.getBoundingClientRect().top)}`;
      rows.set(key, [...(rows.get(key) ?? []), [frame.left, frame.right, frame.height]]);
    }
    rows.set(`end ${box.top}`, [[box.left, box.right, 0]]);
  }
  return [...rows.values()];
}"""


@pytest.mark.parametrize("width", [320, 768, 1440, 2560, 3840])
def test_rows_have_no_hole(address, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/photos/", "/albums/of-1/", "/albums/of-2/", "/albums/of-3/"):
        page.route("**/*.js", lambda route: route.abort())
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        *rows, [(left, right, _)] = page.evaluate(ROWS)
        for number, row in enumerate(rows, start=1):
            heights = [height for _, _, height in row]
            assert max(heights) - min(heights) < 2 and min(heights) > 50, (path, row)
            assert abs(row[0][0] - left) < 2, (path, row)
            empty = right - row[-1][1]
            may_end_early = number == len(rows) and empty > 0.35 * (right - left)
            assert empty < 2 or may_end_early or "albums" in path, (path, row)


def test_without_script_all_can_be_reached(address, page):
    context = page.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/photos/")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(r"\?after="))
    expect(page.locator("main .card")).to_have_count(PAGE)
    page.get_by_text("Filter and sort").click()
    page.get_by_label("Camera").select_option("Camera 3")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Photographs")
    expect(page.get_by_text("17 photographs")).to_be_visible()
    page.get_by_role("link", name="Camera: Camera 3").click()
    page.get_by_role("searchbox").fill("harbour")
    page.keyboard.press("Enter")
    expect(page.get_by_text("102 photographs")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    page.get_by_role("link", name="Deutsch").click()
    expect(page).to_have_url(re.compile("/de/search/.*page=2"))
    context.close()


def test_keyboard_reaches_the_photographs_first(address, page):
    page.goto(f"{address}/photos/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the photographs")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_filter_form_is_sent_by_what_stands_below_it(address, page):
    page.goto(f"{address}/search/")
    page.get_by_text("Filter and sort").click()
    form = page.locator(".filters form")
    tops = "all => all.map(one => one.getBoundingClientRect().top)"
    fields = form.locator("input:not([type=hidden]), select").evaluate_all(tops)
    (button,) = form.get_by_role("button").evaluate_all(tops)
    assert len(fields) > 5 and button > max(fields)
