"""Every page for everyone: rules of accessibility, keyboard alone, any width of window."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from config.languages import in_language

LANGUAGES = list(dict(settings.LANGUAGES))
SCHEMES = ("light", "dark")
MOST_TABS = 400
WIDTHS = (320, 390, 768, 1440, 2560)

# What Tab should have reached by now. Of a group of radio buttons, one is reached.
MISSED = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter(one => !one.disabled && one.checkVisibility({visibilityProperty: true})
    && !one.closest("[inert]")
    && (one.type !== "radio" || one.checked) && !reached.has(one))
  .map(one => one.outerHTML.slice(0, 120))"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one.matches(".search input") ? one.form : one);
  const box = one.getBoundingClientRect();
  const before = [...(window.reached ??= new Set())].at(-1);
  const isNew = one !== before && !reached.has(one);
  reached.add(one);
  return {
    isNew,
    inOrder: !before || !before.isConnected
      || Boolean(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING),
    html: one.outerHTML.slice(0, 120),
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
    name: [one.ariaLabel, one.innerText, ...[...(one.labels ?? [])].map(x => x.innerText),
      ...[...one.querySelectorAll("img")].map(x => x.alt)].join("").trim(),
  };
}"""


def open_page(page: Page, address: str) -> None:
    page.goto(address, wait_until="load")
    # What is on its way moves colours: rules are about what stays.
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")


@pytest.mark.parametrize(
    ("language", "scheme"),
    [("en", "light"), ("en", "dark"), *((one, None) for one in LANGUAGES if one != "en")],
)
def test_no_page_breaks_a_rule(site, every_page, page, language, scheme):
    """In English each page is light and dark; in the others every second is dark."""
    broken = {}
    for number, (name, path) in enumerate(every_page.items()):
        light_or_dark = scheme or SCHEMES[(number + LANGUAGES.index(language)) % 2]
        page.emulate_media(color_scheme=light_or_dark, reduced_motion="reduce")
        open_page(page, site.url + in_language(path, language))
        for one in Axe().run(page).response["violations"]:
            nodes = [(node["html"][:200], node["failureSummary"]) for node in one["nodes"][:3]]
            broken[name, light_or_dark, one["id"]] = nodes
    assert not broken, broken


def test_keyboard_alone_reaches_and_leaves_everything(site, every_page, page):
    for name, path in every_page.items():
        open_page(page, site.url + path)
        for filters in page.locator("details").all():
            filters.evaluate("one => one.open = true")
        for _ in range(MOST_TABS):  # lists go on by themselves where the keyboard comes near
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED)
            if focused is None or not focused["isNew"]:
                break
            right = ("inOrder", "marked", "seen", "name")
            assert all(focused[one] for one in right), (name, focused)
        # None was left out, and after the last one Tab left the page or began anew.
        assert page.evaluate(MISSED) == [], name


def test_skip_link_leads_past_the_head(site, every_page, page):
    for path in (every_page["home"], every_page["photo"], every_page["results"]):
        open_page(page, site.url + path)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


WIDER = "document.documentElement.scrollWidth > innerWidth"
# Buttons whose text is broken into more than two lines.
SQUEEZED = """() => [...document.querySelectorAll("button")]
  .filter(one => one.innerText && one.clientHeight > 80).map(one => one.innerText)"""


def test_no_page_is_wider_than_its_window(site, every_page, page):
    wider = []
    for name, path in every_page.items():
        open_page(page, site.url + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate(WIDER):
                wider.append((name, width))
            wider += [(name, width, text) for text in page.evaluate(SQUEEZED)]
        page.set_viewport_size({"width": 390, "height": 844})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        if page.evaluate(WIDER):
            wider.append((name, "text of twice the size"))
    assert not wider
