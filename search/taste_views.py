"""What the gallery remembers of a visitor, in their own cookie: hearts, what they opened."""

from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gallery.http import personal_page
from gallery.models import Photo
from search import taste
from search.recommendations import recommend
from search.taste import HEARTED, OPENED, taste_of

STRIP_PHOTOS = 10


def _from_our_pages(view):
    """Take forms of this site only. Its pages are the same for all and carry no token.

    Every browser says where a POST comes from; what says nothing is no browser, and nobody is
    tricked into sending it.
    """

    def guarded(request):
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin")
        if site != "same-origin" or (origin and urlsplit(origin).netloc != request.get_host()):
            raise PermissionDenied(_("This form belongs to another site."))
        return view(request)

    return csrf_exempt(require_POST(guarded))


@_from_our_pages
def signal(request):
    """Take a heart, take it back, or note that a photo was opened; act: heart, unheart, open."""
    public_id = request.POST.get("photo", "")
    photos = Photo.objects.listed() if public_id.isalnum() else Photo.objects.none()
    photo = get_object_or_404(photos, public_id=public_id)
    before = taste_of(request)
    after = {
        "heart": before.with_signal(HEARTED, photo.public_id),
        "unheart": before.without(photo.public_id),
        "open": before.with_signal(OPENED, photo.public_id),
    }.get(request.POST.get("act"))
    if after is None:
        return HttpResponse(_("There is nothing like that to do."), status=400)
    by_script = request.headers.get("Sec-Fetch-Mode") in ("cors", "no-cors")
    response = HttpResponse(status=204) if by_script else redirect("taste")
    taste.remember(response, after)
    return response


@_from_our_pages
def forget(request):
    response = redirect("taste")
    taste.forget(response)
    return response


@personal_page
def remembered(request):
    """Say in plain words what is remembered, show it, and offer to forget it."""
    found = taste_of(request)
    photos = (
        Photo.objects.listed()
        .for_cards()
        .filter(public_id__in=[public_id for _kind, public_id in found.signals])
    )
    by_id = {photo.public_id: photo for photo in photos}
    context = {
        "hearted": [by_id[one] for one in found.hearted if one in by_id],
        "opened": [by_id[one] for one in found.opened if one in by_id],
        "cookie": bool(request.COOKIES.get(taste.COOKIE)),
    }
    return render(request, "search/taste.html", context)


@personal_page
def discover(request):
    """A page for this visitor; each shows what the last ones did not."""
    before = taste_of(request)
    found = recommend(before)
    context = {"photos": found, "is_personal": bool(before.signals), "section": "discover"}
    response = render(request, "search/discover.html", context)
    taste.remember(response, before.having_seen(photo.pk for photo in found))
    return response


@personal_page
def for_you(request):
    """The strip that a script puts into the home page; nothing for those who liked nothing."""
    before = taste_of(request)
    found = recommend(before, STRIP_PHOTOS) if before.signals else []
    return render(request, "search/_for_you.html", {"photos": found})
