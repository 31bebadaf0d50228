"""Everything a visitor does, in a browser that runs no script."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(browser):
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def cards(page):
    page.wait_for_load_state("domcontentloaded")  # or there may be some of them
    return page.get_by_role("main").locator(".card a.frame")


def test_browse_open_and_go_on(site, page):
    page.goto(site.url)
    page.get_by_role("main").locator("a[href='/photos/']").first.click()
    expect(page).to_have_url(f"{site.url}/photos/")
    first_page = [one.get_attribute("href") for one in cards(page).all()]
    page.locator("a[rel=next]").click()
    expect(page).to_have_url(re.compile(r"\?after="))
    second_page = [one.get_attribute("href") for one in cards(page).all()]
    assert second_page and not set(first_page) & set(second_page)
    page.locator("a[rel=prev]").first.click()
    assert [one.get_attribute("href") for one in cards(page).all()] == first_page
    cards(page).first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    picture = page.get_by_role("main").get_by_role("img").first
    expect(picture).to_be_visible()
    older = page.get_by_role("main").locator("a[rel=next]").first
    there = older.get_attribute("href")
    older.click()
    expect(page).to_have_url(re.compile(re.escape(there)))
    page.get_by_role("main").locator("a[href$='/similar/']").first.click()
    expect(page).to_have_url(re.compile(r"/similar/"))
    assert cards(page).count() > 1


def test_albums_and_photographers(site, page):
    page.goto(f"{site.url}/albums/")
    page.get_by_role("main").locator("a[href^='/albums/']").first.click()
    expect(page).to_have_url(re.compile(r"/albums/[^/]+/"))
    assert cards(page).count() > 1
    page.get_by_role("main").locator("a[href^='/by/']").first.click()
    expect(page).to_have_url(re.compile(r"/by/[^/]+/"))
    assert cards(page).count() > 1


def test_search_filter_and_page(site, page):
    page.goto(site.url)
    page.get_by_role("searchbox").or_(page.locator("input[name=q]")).first.fill("sea")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=sea"))
    all_found = cards(page).count()
    assert all_found > 1
    page.locator("details.filters summary").first.click()
    page.locator("input[name=colour][value=blue]").check()
    page.locator("details.filters button[type=submit]").first.click()
    expect(page).to_have_url(re.compile(r"colour(%3A|:)blue"))
    assert cards(page).count() >= 1
    # Colours that nothing has are not offered: what is offered finds something.
    page.goto(f"{site.url}/search/?q=iso:>1")
    first_page = [one.get_attribute("href") for one in cards(page).all()]
    page.locator("a[rel=next]").click()
    expect(page).to_have_url(re.compile(r"page=2"))
    second_page = [one.get_attribute("href") for one in cards(page).all()]
    assert second_page and not set(first_page) & set(second_page)


def test_languages_are_switched_and_kept(site, page):
    page.goto(f"{site.url}/search/?q=sea")
    page.locator("a[hreflang=de]").click()
    expect(page).to_have_url(f"{site.url}/de/search/?q=sea")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    cards(page).first.click()
    expect(page).to_have_url(re.compile(r"/de/photos/"))
    page.locator("a[hreflang=en]").click()
    expect(page).to_have_url(re.compile(rf"{re.escape(site.url)}/photos/"))


def test_a_picture_of_ones_own(site, page, tmp_path):
    [(name,)] = site.query("SELECT original FROM gallery_photo ORDER BY original_name LIMIT 1")
    page.goto(f"{site.url}/search/by-image/")
    page.locator("input[type=file]").set_input_files(site.data_dir / "media" / "private" / name)
    page.locator("main button[type=submit]").click()
    expect(page).to_have_url(re.compile("picture="))
    assert cards(page).count() > 1
