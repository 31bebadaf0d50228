"""Home, search, similar and discover."""

from django.shortcuts import get_object_or_404, render

from gallery import listing
from gallery.http import PRIVATE, public_page, viewer
from gallery.models import Photo
from search import engine
from search.query import parse

HOME_PHOTOS = 25  # one large, the others in rows
HOME_ALBUMS = 8
SIMILAR_PHOTOS = 48
DISCOVER_PHOTOS = 36
MAX_PAGE = 1000


def page_number(text: str | None) -> int:
    """Read a page number from a link; what is none is the first page."""
    return min(max(int(text), 1), MAX_PAGE) if text and text.isdecimal() else 1


@public_page
def home(request):
    photos = listing.with_hero_first(listing.featured_and_fresh(HOME_PHOTOS))
    albums = listing.with_covers(listing.public_albums()[:HOME_ALBUMS])
    return render(request, "search/home.html", {"photos": photos, "albums": albums})


@public_page
def search(request):
    query = parse(request.GET.get("q", ""))
    page = engine.search(query, page=page_number(request.GET.get("page")))
    return render(request, "search/search.html", {"query": query, "page": page})


@public_page
def photo_similar(request, public_id):
    photos = Photo.objects.visible_to(viewer(request)).for_cards()
    photo = get_object_or_404(photos, public_id=public_id)
    found = engine.similar(photo, SIMILAR_PHOTOS)
    response = render(request, "search/similar.html", {"photo": photo, "photos": found})
    if not photo.listed:
        response["Cache-Control"] = PRIVATE
    return response


@public_page
def discover(request):
    photos = engine.random_photos(DISCOVER_PHOTOS)
    return render(request, "search/discover.html", {"photos": photos, "section": "discover"})
