"""No page, of visitors or of the admin, asks a third party or breaks the site's own policy."""

from contextlib import contextmanager

from playwright.sync_api import Page, expect

ADMIN_PAGES = (
    *("", "gallery/photo/", "gallery/photo/add/", "gallery/photo/upload/", "gallery/site/"),
    *("gallery/album/", "gallery/album/add/", "gallery/page/add/", "gallery/tag/add/"),
    *("gallery/photographer/", "auth/user/add/", "password_change/"),
)


# They may remember what was shown, so that it is not shown again.
PERSONAL = ("discover", "what is remembered")


@contextmanager
def watched(page: Page, site_url: str):
    """Fail when the browser asks others, or has something to complain about.

    A page that is missing on purpose is no complaint.
    """
    wrong = []

    def asked(request):
        if not request.url.startswith((site_url, "data:", "blob:")):
            wrong.append((page.url, request.url))

    def said(message):
        if message.type in ("error", "warning") and "404" not in message.text:
            wrong.append((page.url, message.text))

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append((page.url, str(error))))
    yield
    assert not wrong


def test_visitors_pages_keep_to_the_policy_and_to_this_site(site, every_page, page):
    with watched(page, site.url):
        for name, path in every_page.items():
            page.goto(site.url + path, wait_until="networkidle")
            # A photo that stays open is remembered.
            may_set = {"taste"} if name in (*PERSONAL, "photo") else set()
            assert {one["name"] for one in page.context.cookies()} <= may_set, name
            page.context.clear_cookies()


def test_admin_keeps_to_the_policy_and_to_this_site(site, every_page, page):
    username, password = site.login()
    with watched(page, site.url):
        page.goto(f"{site.url}/admin/")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        for path in ADMIN_PAGES:
            answer = page.goto(f"{site.url}/admin/{path}", wait_until="networkidle")
            assert answer.ok, path
        page.goto(f"{site.url}/admin/gallery/photo/")
        page.locator("#result_list tbody a").first.click()
        page.wait_for_load_state("networkidle")
        # What its scripts do works under the policy as well: tags are looked up as they are typed.
        page.locator(".field-tags .select2-selection").click()
        expect(page.locator(".select2-results__option").first).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.get_by_text("was changed successfully")).to_be_visible()
