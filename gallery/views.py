"""Pages of photos, albums and photographers."""

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from gallery.models import Album, Photo, Photographer
from gallery.pages import private_page, public_page

PAGE_SIZE = 48


def visitor(request):
    """Return the logged-in user, or None without touching the session of a stranger."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if request.user.is_authenticated else None


@require_safe
@public_page
def photo_list(request):
    photos = Photo.objects.listed().for_cards().newest()
    page = Paginator(photos, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "gallery/photo_list.html", {"page": page})


@require_safe
@public_page
def photo(request, public_id, slug=""):
    user = visitor(request)
    photos = Photo.objects.visible_to(user) if user else Photo.objects.listed()
    shown = get_object_or_404(_with_page_relations(photos), public_id=public_id)
    response = render(request, "gallery/photo.html", {"photo": shown})
    return response if shown.listed else private_page(response)


@require_safe
def share(request, token):
    """An unlisted photo, for those who have its link."""
    photos = _with_page_relations(Photo.objects.filter(visibility="unlisted", binned_at=None))
    shown = get_object_or_404(photos, share_token=token, state=Photo.State.READY)
    return private_page(render(request, "gallery/photo.html", {"photo": shown, "shared": True}))


def _with_page_relations(photos):
    albums = Album.objects.filter(visibility="public")
    return photos.select_related("owner").prefetch_related(
        "tags", Prefetch("albums", queryset=albums, to_attr="public_albums")
    )


@require_safe
@public_page
def album_list(request):
    albums = public_albums()
    page = Paginator(albums, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "gallery/album_list.html", {"page": page})


def public_albums():
    """Return public albums that have something to show, with counts and a cover."""
    listed = Photo.objects.listed().filter(albums=OuterRef("pk"))
    first = Photo.objects.listed().for_cards().order_by("album_entries__position")
    return (
        Album.objects.filter(Exists(listed), visibility="public")
        .select_related("owner")
        .annotate(photo_count=Count("photos", filter=Q(photos__listed=True)))
        .prefetch_related(Prefetch("photos", queryset=first, to_attr="listed_photos"))
    )


@require_safe
@public_page
def album(request, slug):
    shown = get_object_or_404(Album.objects.select_related("owner"), slug=slug)
    user = visitor(request)
    is_own = user and (user.is_staff or shown.owner.user_id == user.pk)
    if shown.visibility != "public" and not is_own:
        raise Http404
    photos = (
        Photo.objects.listed()
        .for_cards()
        .filter(album_entries__album=shown)
        .order_by("album_entries__position", "album_entries__id")
    )
    page = Paginator(photos, PAGE_SIZE).get_page(request.GET.get("page"))
    response = render(request, "gallery/album.html", {"album": shown, "page": page})
    return response if shown.visibility == "public" else private_page(response)


@require_safe
@public_page
def photographer(request, slug):
    shown = get_object_or_404(Photographer, slug=slug)
    photos = Photo.objects.listed().for_cards().newest().filter(owner=shown)
    page = Paginator(photos, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "gallery/photographer.html", {"photographer": shown, "page": page})


@require_safe
def robots(request):
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /search/",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
