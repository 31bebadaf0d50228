"""The lightbox and the slideshow in a real browser: by keyboard alone, by touch, without script."""

import gzip
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import expect

from gallery.listing import PAGE_SIZE
from tests.journeys.conftest import DEMO_PHOTOS

CARD = "[data-lightbox-list] .card"


@pytest.fixture
def dialog(page):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page.get_by_role("dialog", name="Photographs, large")
    assert not errors


def title_of(dialog) -> str:
    return dialog.get_by_role("status").inner_text()


def links_of(page) -> list[str]:
    return page.locator(f"{CARD} a.frame").evaluate_all("links => links.map((one) => one.href)")


def shown(page) -> str:
    """Return the path of the picture that is shown, without its width and format."""
    source = page.locator(".lightbox .stage img").evaluate("image => image.currentSrc")
    return urlsplit(source).path.rpartition("/")[0]


def wait_for_address(page, address: str) -> None:
    page.wait_for_function("address => location.href === address", arg=address)


def test_keyboard_alone_opens_turns_and_leaves(site, page, dialog):
    page.goto(f"{site.url}/photos/")
    links, entries = links_of(page), page.evaluate("history.length")
    slideshow = page.get_by_role("button", name="Slideshow")
    for _ in range(40):
        page.keyboard.press("Tab")
        if slideshow.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    wait_for_address(page, links[0])
    assert page.evaluate("history.length") == entries + 1
    page.keyboard.press("Space")
    expect(dialog.get_by_role("button", name="Slideshow")).to_have_attribute(
        "aria-pressed", "false"
    )
    titles = page.locator(f"{CARD} picture img").evaluate_all("all => all.map((one) => one.alt)")
    assert title_of(dialog) == titles[0]
    page.keyboard.press("ArrowRight")
    wait_for_address(page, links[1])
    assert title_of(dialog) == titles[1]
    page.keyboard.press("ArrowRight")
    wait_for_address(page, links[2])
    page.keyboard.press("ArrowLeft")
    wait_for_address(page, links[1])
    page.keyboard.press("Home")
    wait_for_address(page, links[0])
    page.keyboard.press("End")
    wait_for_address(page, links[-1])
    assert page.evaluate("history.length") == entries + 1
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    wait_for_address(page, f"{site.url}/photos/")
    public_id = links[-1].rstrip("/").rpartition("/")[2]
    page.wait_for_function("id => document.activeElement.closest('.card')?.id === id",
                           arg=f"photo-{public_id}")  # fmt: skip
    card = page.locator(f"#photo-{public_id}")
    expect(card).to_be_in_viewport()


def test_focus_stays_inside_and_typing_is_left_alone(site, page, dialog):
    page.goto(f"{site.url}/photos/")
    page.locator("input[name=q]").first.press_sequentially("f fog")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Slideshow").click()
    expect(dialog).to_be_visible()
    names = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        within = page.evaluate(
            "[document.body, document.documentElement].includes(document.activeElement) || "
            "!!document.activeElement.closest('dialog')"
        )
        assert within, "focus left the dialog"
        names.add(page.evaluate("document.activeElement.ariaLabel"))
    assert {"Slideshow", "Full screen", "Close", "Previous", "Next"} <= names
    page.get_by_role("button", name="Close").press("Space")
    expect(dialog).to_be_hidden()


def test_slideshow_goes_on_by_itself_until_it_is_stopped(site, page, dialog):
    page.clock.install(time=0)
    page.goto(f"{site.url}/photos/")
    links = links_of(page)
    page.clock.pause_at(60)  # seconds; from here on time passes only where it is run
    page.clock.run_for(20_000)
    expect(dialog).to_be_hidden()  # nothing plays unasked
    page.get_by_role("button", name="Slideshow").click()
    for link in links[:3]:
        page.clock.run_for(1000)
        wait_for_address(page, link)
        page.clock.run_for(5000)
    page.keyboard.press("Space")
    stopped = page.url
    page.clock.run_for(30_000)
    assert page.url == stopped


def test_it_goes_on_to_the_next_page_and_leads_back_to_it(site, page, dialog):
    assert DEMO_PHOTOS > PAGE_SIZE
    page.goto(f"{site.url}/photos/")
    links = links_of(page)[:PAGE_SIZE]
    page.get_by_role("button", name="Slideshow").click()
    page.keyboard.press("Space")
    page.keyboard.press("End")
    wait_for_address(page, links[-1])
    page.keyboard.press("ArrowRight")
    page.wait_for_function("known => location.pathname.startsWith('/photos/') && "
                           "location.pathname !== '/photos/' && !known.includes(location.href)",
                           arg=links)  # fmt: skip
    public_id = page.url.rstrip("/").rpartition("/")[2]
    page.keyboard.press("Escape")
    page.wait_for_function("() => location.pathname === '/photos/'")
    expect(page.locator(f"#photo-{public_id}")).to_be_in_viewport()


def test_back_closes_and_forward_opens_the_photo(site, page, dialog):
    page.goto(f"{site.url}/photos/")
    links = links_of(page)
    page.get_by_role("button", name="Slideshow").click()
    wait_for_address(page, links[0])
    page.go_back()
    expect(dialog).to_be_hidden()
    assert page.url == f"{site.url}/photos/"
    page.wait_for_function("() => document.activeElement.closest('.card')")
    page.go_forward()
    wait_for_address(page, links[0])
    expect(page.locator("figure.whole")).to_be_visible()


def test_caption_leads_to_the_photos_page_and_back_to_its_card(site, page, dialog):
    page.goto(f"{site.url}/photos/")
    links = links_of(page)
    page.get_by_role("button", name="Slideshow").click()
    page.keyboard.press("Space")
    page.keyboard.press("End")
    wait_for_address(page, links[-1])

    def answer_late(route):
        time.sleep(1.5)  # the list below has the time to grow, and to take another address
        route.continue_()

    page.route(links[-1], answer_late)
    dialog.get_by_role("link").click()
    expect(page.locator("figure.whole")).to_be_visible()
    assert page.url == links[-1]
    page.go_back()
    page.wait_for_function("() => location.pathname === '/photos/'")
    card = page.locator(f'{CARD} a.frame[href="{links[-1].removeprefix(site.url)}"]')
    expect(card).to_be_in_viewport()


def test_from_a_photos_page_through_its_list(site, page, dialog):
    page.goto(f"{site.url}/photos/")
    links = links_of(page)
    page.goto(links[1])
    page.get_by_role("button", name="Enlarge").click()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.url == links[1]
    page.wait_for_function("() => !history.state?.lightbox")
    expect(page.get_by_role("button", name="Enlarge")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    wait_for_address(page, links[2])
    page.keyboard.press("ArrowRight")
    wait_for_address(page, links[3])
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    wait_for_address(page, links[0])
    heading = title_of(dialog)
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('dialog[open]')")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.url == links[0]


def swipe(page, dx: int, dy: int = 0) -> None:
    """Drag a finger over the middle of the window."""
    cdp = page.context.new_cdp_session(page)
    size = page.viewport_size
    x, y = size["width"] / 2, size["height"] / 2
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for part in (0.3, 0.6, 1):
        point = {"x": x + dx * part, "y": y + dy * part}
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_turn_pages(site, page, dialog):
    phone = page.context.browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2
    ).new_page()
    phone.goto(f"{site.url}/photos/")
    links = links_of(phone)
    phone.get_by_role("button", name="Slideshow").tap()
    wait_for_address(phone, links[0])
    phone.locator("[data-do=play]").tap()
    swipe(phone, -150)
    wait_for_address(phone, links[1])
    swipe(phone, -150)
    wait_for_address(phone, links[2])
    swipe(phone, 150)
    wait_for_address(phone, links[1])
    swipe(phone, 10, -200)
    assert phone.url == links[1]
    for button in phone.locator("dialog button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    phone.locator("[data-do=close]").tap()
    expect(phone.locator("dialog")).to_be_hidden()


def test_picture_fits_the_window_and_is_sharp(site, page, dialog):
    page.set_viewport_size({"width": 1800, "height": 1000})
    page.goto(f"{site.url}/photos/")
    page.get_by_role("button", name="Slideshow").click()
    image = page.locator(".lightbox .stage img")
    page.wait_for_function("() => document.querySelector('.lightbox .stage img')?.complete")
    box = image.bounding_box()
    drawn, source = image.evaluate(
        "one => [one.height * one.naturalWidth / one.naturalHeight, one.currentSrc]"
    )
    assert int(re.search(r"/(\d+)\.\w+$", source)[1]) >= min(drawn, box["width"]) - 1
    assert box["x"] >= 0 and box["y"] >= 0
    assert (
        abs(box["x"] + box["width"] / 2 - 900) < 1 and abs(box["y"] + box["height"] / 2 - 500) < 1
    )
    assert box["x"] + box["width"] <= 1800 and box["y"] + box["height"] <= 1000
    overflow = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not overflow


def test_screen_is_filled_and_motion_reduced_on_demand(site, page, dialog):
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site.url}/photos/")
    page.get_by_role("button", name="Slideshow").click()
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement?.closest('dialog')")
    expect(dialog.get_by_role("button", name="Next")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.lightbox .stage picture')")
    motion = page.locator(".lightbox .stage picture").evaluate(
        "one => getComputedStyle(one).animationName"
    )
    assert motion == "none"
    page.get_by_role("button", name="Close").click()
    page.wait_for_function("() => !document.fullscreenElement && !history.state?.lightbox")
    expect(dialog).to_be_hidden()


def test_next_picture_is_there_before_it_is_asked_for(site, page, dialog):
    page.goto(f"{site.url}/photos/")
    page.get_by_role("button", name="Slideshow").click()
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.lightbox .stage img')?.complete")
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    before = shown(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => !document.querySelector('.lightbox .stage img').currentSrc.includes(before)",
        arg=before,
    )
    now = shown(page)
    assert now != before and not [one for one in asked if now in one]


def test_without_script_nothing_is_promised(site, page):
    plain = page.context.browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{site.url}/photos/")
    assert plain.locator("button[data-lightbox]:visible").count() == 0
    plain.locator(f"{CARD} a.frame").first.click()
    expect(plain.locator("figure.whole img").last).to_be_visible()
    assert plain.locator("button[data-lightbox]:visible, button[data-share]:visible").count() == 0
    following = plain.locator(".around [rel=next]")
    address = following.get_attribute("href")
    following.click()
    assert plain.url == site.url + address
    plain.locator(".place-in-list a").click()
    assert urlsplit(plain.url).path == "/photos/"


@pytest.mark.parametrize("path", ["/photos/", "photo"])
@pytest.mark.parametrize("width", [320, 1440])
def test_nothing_moves_while_it_loads(site, page, path, width):
    page.set_viewport_size({"width": width, "height": 900})
    if path == "photo":
        page.goto(f"{site.url}/photos/")
        path = urlsplit(links_of(page)[0]).path
    # A slow phone paints while the page still arrives.
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    moved = page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const one of list.getEntries()) sum += one.value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => done(sum), 500);
        })"""
    )
    assert moved == 0


def test_link_of_a_photo_can_be_copied(site, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site.url}/photos/")
    link = links_of(page)[0]
    page.goto(f"{link}?by=pictures-demo")
    page.evaluate("() => { navigator.share = undefined; }")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


def test_scripts_are_small():
    sizes = [
        len(gzip.compress((Path(settings.BASE_DIR) / "static" / name).read_bytes()))
        for name in ("lightbox.js", "share.js")
    ]
    assert sum(sizes) < 5 * 1024
    assert not re.search("https?://", (Path(settings.BASE_DIR) / "static/lightbox.js").read_text())
