"""Pages that rank: home, search, similar, discover."""

from django.db.models import F
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from gallery.models import Photo
from gallery.pages import public_page
from gallery.views import public_albums
from search import engine
from search.query import parse

FRESH = 24
HOME_ALBUMS = 6


@require_safe
@public_page
def home(request):
    photos = Photo.objects.listed().for_cards().order_by(F("featured").desc(), "-published_at")
    context = {"photos": list(photos[:FRESH]), "albums": list(public_albums()[:HOME_ALBUMS])}
    return render(request, "search/home.html", context)


@require_safe
@public_page
def search(request):
    query = parse(request.GET.get("q", ""))
    number = request.GET.get("page", "1")
    page = engine.search(query, page=int(number) if number.isdecimal() and int(number) else 1)
    return render(request, "search/search.html", {"page": page, "query": query})


@require_safe
@public_page
def similar(request, public_id):
    photo = get_object_or_404(Photo.objects.listed().for_cards(), public_id=public_id)
    context = {"photo": photo, "photos": engine.similar(photo)}
    return render(request, "search/similar.html", context)


@require_safe
def discover(request):
    response = render(request, "search/discover.html", {"photos": engine.random_photos()})
    response["Cache-Control"] = "no-store"
    return response
