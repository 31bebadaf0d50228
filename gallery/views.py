"""Pages of photos, albums and photographers."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from gallery import listing
from gallery.http import PRIVATE, public_page, secret_page, viewer
from gallery.models import Page, Photo, Photographer, Site, Visibility
from gallery.paging import WrongCursor

ALBUMS_PER_PAGE = 24
MOST_COUNTED = 1000  # photos of an album; more are said to be more


@public_page
def photo_list(request):
    try:
        page = listing.photo_page(request.GET)
    except WrongCursor as error:
        raise Http404("No such page.") from error
    return render(request, "gallery/photo_list.html", {"page": page, "section": "photos"})


@public_page
def photo(request, public_id, slug=""):
    """A photo's page: for everyone when it is listed, else for its owner and superusers."""
    photos = Photo.objects.visible_to(viewer(request)).for_page()
    found = get_object_or_404(photos, public_id=public_id)
    response = render(request, "gallery/photo.html", _photo_context(found))
    if not found.listed:
        response["Cache-Control"] = PRIVATE
    return response


@secret_page
def share(request, token):
    """An unlisted photo, for whoever has its link."""
    photos = Photo.objects.filter(state=Photo.State.READY, binned_at=None).for_page()
    found = get_object_or_404(photos, share_token=token)
    if found.listed:
        return redirect(found)
    if found.visibility != Visibility.UNLISTED:
        raise Http404("No such link.")
    return render(request, "gallery/photo.html", _photo_context(found) | {"by_link": True})


def _photo_context(found: Photo) -> dict:
    return {
        "photo": found,
        "albums": listing.albums_of(found) if found.listed else [],
        "neighbours": listing.neighbours(found),
    }


@public_page
def album_list(request):
    pages = Paginator(listing.public_albums(), ALBUMS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "albums": listing.with_covers(page.object_list),
        "section": "albums",
    }
    return render(request, "gallery/album_list.html", context)


@public_page
def album(request, slug):
    """An album's listed photos; one that is not public opens for its owner and superusers."""
    albums = listing.albums_visible_to(viewer(request)).select_related("owner")
    found = get_object_or_404(albums, slug=slug)
    try:
        page = listing.album_photos(found, request.GET)
    except WrongCursor as error:
        raise Http404("No such page.") from error
    context = {
        "album": found,
        "page": page,
        "count": listing.count_up_to(MOST_COUNTED + 1, found),
        "most": MOST_COUNTED,
    }
    return render(request, "gallery/album.html", context)


@public_page
def photographer(request, slug):
    found = get_object_or_404(Photographer, slug=slug)
    try:
        page = listing.photo_page(request.GET, found.photos.all())
    except WrongCursor as error:
        raise Http404("No such page.") from error
    albums = listing.with_covers(listing.public_albums(found)[:ALBUMS_PER_PAGE])
    context = {"photographer": found, "page": page, "albums": albums}
    return render(request, "gallery/photographer.html", context)


@public_page
def about(request):
    site = Site.current()
    if not site.has_about:
        raise Http404("The site says nothing about itself.")
    return render(request, "gallery/about.html", {"site": site, "section": "about"})


@public_page
def page(request, slug):
    found = get_object_or_404(Page, slug=slug)
    return render(request, "gallery/page.html", {"page": found, "section": f"page {found.slug}"})


@public_page
def robots(request):
    sitemap = request.build_absolute_uri(reverse("sitemap"))
    return render(request, "robots.txt", {"sitemap": sitemap}, content_type="text/plain")
