"""The site's name, texts and pages, and that Markdown can do no harm."""

import pytest

from gallery.markdown import html_of
from gallery.models import Page, Site
from tests.pages.conftest import Page as Html
from tests.pages.conftest import make_photo


@pytest.fixture
def site(db):
    return Site.objects.create(
        name="Ana & Sons", line="Light on water", about="We *walk* a lot.", footer="", accent="sea"
    )


def test_without_a_row_the_site_is_as_shipped(as_charlie, db):
    html = as_charlie.get("/photos/").content.decode()
    assert "<title>Photographs · Pictures</title>" in html and 'data-accent="rust"' in html
    assert as_charlie.get("/about/").status_code == 404 and "/about/" not in html


def test_every_page_carries_the_name_and_the_colour(as_charlie, alice, site):
    photo = make_photo(alice)
    for path in ("/", "/photos/", photo.get_absolute_url(), "/search/?q=x", "/nowhere/", "/de/"):
        html = as_charlie.get(path).content.decode()
        assert "Ana &amp; Sons" in html and "Pictures" not in html, path
        assert 'data-accent="sea"' in html and "belong to their" not in html, path
    assert "Light on water" in as_charlie.get("/").content.decode()


def test_about_page_is_in_the_menu_once_there_is_one(as_charlie, site):
    html = as_charlie.get("/about/").content.decode()
    assert "<em>walk</em>" in html and "Contact" not in html
    links = [one for one in Html(html).all("a") if one["href"] == "/about/" and "lang" not in one]
    assert len(links) == 1 and links[0]["aria-current"] == "page"


def test_pages_are_in_the_menu_in_their_order(as_charlie, site):
    Page.objects.create(title="Prints", slug="prints", position=2, body="## Sizes")
    Page.objects.create(title="Workshops", slug="workshops", position=1)
    Page.objects.create(title="Imprint", slug="imprint", in_menu=False)
    html = as_charlie.get("/pages/prints/").content.decode()
    links = [one for one in Html(html).all("a") if "lang" not in one]
    menu = [one["href"] for one in links if one["href"].startswith("/pages/")]
    assert menu == ["/pages/workshops/", "/pages/prints/"]
    assert "<h2>Sizes</h2>" in html
    assert as_charlie.get("/pages/imprint/").status_code == 200
    assert as_charlie.get("/pages/nothing/").status_code == 404


def test_pages_are_in_the_menu_of_a_site_as_shipped(as_charlie, db):
    Page.objects.create(title="Prints", slug="prints")
    assert 'href="/pages/prints/"' in as_charlie.get("/").content.decode()


def test_site_and_menu_cost_one_query(site, django_assert_num_queries):
    for number in range(3):
        Page.objects.create(title=f"Page {number}", slug=f"page-{number}")
    with django_assert_num_queries(1):
        assert [entry["slug"] for entry in Site.current().menu] == ["page-0", "page-1", "page-2"]


def test_owner_edits_the_one_site_in_the_admin(admin_client, db):
    there = admin_client.get("/admin/gallery/site/", follow=True)
    assert there.status_code == 200 and Site.objects.get().name == "Pictures"
    fields = {"name": "Fog\x07 Works", "accent": "plum", "line": "", "about": "", "contact": ""}
    done = admin_client.post(
        "/admin/gallery/site/1/change/", fields | {"footer": "", "licence": ""}
    )
    assert done.status_code == 302
    assert (Site.objects.get().name, Site.objects.get().accent) == ("Fog Works", "plum")
    assert admin_client.get("/admin/gallery/site/add/").status_code == 403
    assert admin_client.post("/admin/gallery/site/1/delete/").status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,AAAA)",
        '<img src=x onerror="alert(1)">',
        "![x](https://elsewhere.example/x.png)",
        "<javascript:alert(1)>",
        "[x](vbscript:x)",
    ],
)
def test_markdown_cannot_do_harm(text):
    page = Html(html_of(text))
    assert not {name for name, _ in page.elements} & {"script", "img", "iframe"}
    for link in page.all("a"):
        assert link["href"].startswith(("http", "mailto", "/", "#")), link


def test_markdown_says_what_it_can():
    html = html_of("# Big\n\n**bold** [there](https://a.example/)\n\n|a|b|\n|-|-|\n|1|2|")
    for part in ("<h2>Big</h2>", "<strong>bold</strong>", 'href="https://a.example/"', "<table>"):
        assert part in html


def test_headings_skip_no_level():
    html = html_of("### One\n\n##### Two\n\n# Three\n\n#### Four\n\n# Five")
    said = [name for name, _ in Html(html).elements]
    assert said == ["h2", "h3", "h2", "h3", "h2"]
    assert html.count("</h3>") == 2
