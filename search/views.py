"""Home, search, similar and discover."""

import time
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config import counts
from gallery import listing
from gallery.exceptions import Busy, RefusedUpload, UnreadablePicture
from gallery.http import PRIVATE, public_page, viewer, whole_number
from gallery.models import Photo, Site
from gallery.templatetags.gallery_tags import as_query
from search import by_image, engine
from search.around import within_search, within_similar
from search.facets import Facets, facets, facets_of
from search.filter_form import chips_of, form_of, text_of
from search.query import SearchQuery, parse

HOME_NEWEST = 24
HOME_CHANGING = 5  # one row; on a phone one across and two pairs
HOME_ALBUMS = 6  # one row
CHANGES_AFTER_SECONDS = 3600
SIMILAR_PHOTOS = 48
MAX_PAGE = 1000
MOST_COUNTED = 100  # characters of a query that the dashboard shows


def page_number(text: str | None) -> int:
    """Read a page number from a link; what is none is the first page."""
    return min(max(whole_number(text), 1), MAX_PAGE)


@public_page
def home(request):
    """Show the hero, a row that changes with the hour, albums and the newest photos."""
    site = Site.current()
    newest = listing.newest_photos(HOME_NEWEST + HOME_CHANGING + 1)
    hero = listing.hero_of(site, newest)
    hour = int(time.time() // CHANGES_AFTER_SECONDS)
    drawn = engine.changing_photos(str(hour), HOME_CHANGING + 1)
    changing = [one for one in drawn if one != hero][:HOME_CHANGING]
    shown = {hero, *changing}
    context = {
        "site": site,
        "hero": hero,
        "changing": changing,
        "newest": [one for one in newest if one not in shown][:HOME_NEWEST],
        "albums": listing.with_covers(listing.public_albums()[:HOME_ALBUMS]),
    }
    return render(request, "search/home.html", context)


@public_page
def search(request):
    sort = request.GET.get("sort")
    sort = sort if sort in engine.SORTS else engine.RELEVANCE
    if (text := text_of(request.GET)) is not None:  # a submitted form: one address a search
        return redirect(f"{reverse('search')}?{urlencode({'q': text, 'sort': sort})}")
    query = parse(request.GET.get("q", ""))
    exact = "exact" in request.GET
    page = engine.search(
        query,
        page=page_number(request.GET.get("page")),
        sort=sort,
        snapshot=request.GET.get("snapshot", ""),
        exact=exact,
    )
    everywhere = facets() if query.filters or not page.ids else None
    within = facets_of(page.ids) if page.ids else None
    context = {
        "query": query,
        "page": page,
        "chips": chips_of(query),
        "form": form_of(query, sort, everywhere=everywhere, within=within),
        "within": within_search(page, exact=exact),
        "topic": _topic(request, query, within),
    }
    response = render(request, "search/search.html", context)
    if not query.is_empty and page.page == 1:
        groups = ("searched",) if page.ids else ("searched", "nothing found")
        response.counted = tuple((query.words_text[:MOST_COUNTED], group) for group in groups)
        for name, group in response.counted:  # and whenever it is sent again
            counts.add(name, group=group)
    if page.is_stale:  # for this moment only
        response["Cache-Control"] = PRIVATE
    return response


def _topic(request, query: SearchQuery, within: Facets | None) -> str | None:
    """Return the address of a search for one of the results' tags and nothing else, or None.

    Photos' pages link to it, and search engines may know it. Of other searches there is no end.
    """
    if set(request.GET) != {"q"} or within is None:
        return None
    asked = {as_query(tag).casefold(): as_query(tag) for tag in within.tag}
    text = asked.get(query.text.casefold())
    return text and f"{reverse('search')}?{urlencode({'q': text})}"


@public_page
def photo_similar(request, public_id):
    photos = Photo.objects.visible_to(viewer(request)).for_cards()
    photo = get_object_or_404(photos, public_id=public_id)
    found = engine.similar(photo, SIMILAR_PHOTOS)
    context = {"photo": photo, "photos": found, "within": within_similar(photo)}
    response = render(request, "search/similar.html", context)
    if not photo.listed:
        response["Cache-Control"] = PRIVATE
    return response


@csrf_exempt  # it changes nothing; a token would need a cookie, and public pages set none
@require_http_methods(["GET", "HEAD", "POST"])
def search_by_image(request):
    """Look at a visitor's picture, then show what is like it at an address that soon expires."""
    context, status = {}, 200
    if request.method == "POST":
        try:
            # Before the picture is read.
            by_image.check_size(whole_number(request.META.get("CONTENT_LENGTH")))
            if "picture" not in request.FILES:
                raise RefusedUpload(_("Choose a picture first."))
            key = by_image.take(request.FILES["picture"])
            response = redirect(f"{reverse('search_by_image')}?{urlencode({'picture': key})}")
            response.status_code = 303
            return response
        except (RefusedUpload, UnreadablePicture) as error:
            context, status = {"problem": str(error)}, 400
        except Busy as error:
            context, status = {"problem": str(error)}, 503
        except by_image.CannotCompare:
            context = {"problem": _("Pictures cannot be compared at the moment. Try again soon.")}
            status = 503
    elif key := request.GET.get("picture"):
        context = {"photos": by_image.photos_like(key)}
        if context["photos"] is None:
            context = {"problem": _("That search is forgotten by now. Choose the picture again.")}
    response = render(request, "search/by_image.html", context, status=status)
    response["Cache-Control"] = PRIVATE
    return response
