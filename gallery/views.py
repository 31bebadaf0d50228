"""Pages of photos, albums and photographers."""

from functools import partial

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from gallery import listing
from gallery.around import around, within_album, within_photographer
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
    user = viewer(request)
    photos = listing.with_tags_and_albums(Photo.objects.visible_to(user), user)
    found = get_object_or_404(photos.defer("metadata"), public_id=public_id)
    context = {"photo": found, "albums": found.in_albums if found.listed else []}
    # Called where the template asks for it: upper apps may know of another list.
    context["around"] = partial(around, found, request.GET, found.in_albums)
    response = render(request, "gallery/photo.html", context)
    if not found.listed:
        response["Cache-Control"] = PRIVATE
    return response


@secret_page
def share(request, token):
    """An unlisted photo, for whoever has its link."""
    photos = Photo.objects.filter(state=Photo.State.READY, binned_at=None)
    photos = listing.with_tags_and_albums(photos, None).defer("metadata")
    found = get_object_or_404(photos, share_token=token)
    if found.listed:
        return redirect(found)
    if found.visibility != Visibility.UNLISTED:
        raise Http404("No such link.")
    return render(request, "gallery/photo.html", {"photo": found, "by_link": True})


@public_page
def album_list(request):
    pages = Paginator(listing.public_albums(), ALBUMS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "albums": listing.with_covers(page.object_list),
        "is_first": page.number == 1,
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
        "cover": listing.cover_of(found, page),
        "indexable": page.is_first and found.visibility == Visibility.PUBLIC,
        "count": listing.count_up_to(MOST_COUNTED + 1, found),
        "most": MOST_COUNTED,
        "within": within_album(found),
    }
    return render(request, "gallery/album.html", context)


@public_page
def photographer(request, slug):
    found = get_object_or_404(Photographer, slug=slug)
    try:
        page = listing.photo_page(request.GET, found.photos.all())
    except WrongCursor as error:
        raise Http404("No such page.") from error
    albums = []
    if page.is_first:
        albums = listing.with_covers(listing.public_albums(found)[:ALBUMS_PER_PAGE])
    context = {"photographer": found, "page": page, "albums": albums}
    context["within"] = within_photographer(found)
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
