"""Photos that look alike, side by side in the admin. Each pair is settled by a person's click."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods

from gallery import services
from gallery.models import DuplicatePair
from gallery.renditions import sources

PER_PAGE = 10
SIDES = ("first", "second")


def get_urls(admin_site) -> list:
    """Return the URL of the page, for an admin site."""

    def page(request):
        return _page(request, admin_site)

    return [path("", admin_site.admin_view(page), name="gallery_photo_duplicates")]


def pairs_for(user, *, dismissed: bool = False):
    """Return the pairs that wait for a user, or were dismissed; a superuser's are everybody's."""
    pairs = DuplicatePair.objects.filter(
        compared_at__isnull=False, dismissed_at__isnull=not dismissed
    ).filter(first__binned_at=None, second__binned_at=None)
    return pairs if user.is_superuser else pairs.filter(owner__user=user)


@require_http_methods(["GET", "HEAD", "POST"])
def _page(request, admin_site):
    if not request.user.has_perm("gallery.change_photo"):
        raise PermissionDenied
    dismissed = "dismissed" in request.GET
    pairs = pairs_for(request.user, dismissed=dismissed)
    if request.method == "POST":
        pair = pairs.filter(pk=_number(request.POST.get("pair"))).select_related(*SIDES).first()
        _settle(request, pair)
        return HttpResponseRedirect(request.get_full_path())
    pairs = (
        pairs.select_related(*SIDES, "owner")
        .defer("first__metadata", "second__metadata")
        .prefetch_related(*(f"{side}__{many}" for side in SIDES for many in ("tags", "albums")))
        .order_by(F("compared_at").desc(), F("pk").desc())
    )
    shown = Paginator(pairs, PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **admin_site.each_context(request),
        "title": "Photos that look alike",
        "page": shown,
        "pairs": [_as_shown(pair) for pair in shown],
        "dismissed": dismissed,
        "others": pairs_for(request.user, dismissed=not dismissed).count(),
    }
    return TemplateResponse(request, "admin/gallery/photo/duplicates.html", context)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


# --- What a click does ---------------------------------------------------------------------
def _settle(request, pair: DuplicatePair | None) -> None:
    wanted = request.POST.get("do")
    if pair and wanted in SIDES:
        kept, other = (pair.first, pair.second)[:: 1 if wanted == "first" else -1]
        if services.keep_one(kept, other, takes_over="take_over" in request.POST):
            link = reverse("admin:gallery_photo_change", args=[other.pk])
            said = '“{}” is in the bin, and “{}” stays. <a href="{}">Open it to restore it</a>'
            messages.success(request, format_html(said, _name(other), _name(kept), link))
            return
    elif pair and wanted in ("dismiss", "show"):
        pair.dismissed_at = timezone.now() if wanted == "dismiss" else None
        pair.save(update_fields=["dismissed_at"])
        said = "They are not shown again." if wanted == "dismiss" else "They are shown again."
        messages.success(request, said)
        return
    messages.warning(request, "That pair was settled already. Nothing was changed.")


# --- What is shown -------------------------------------------------------------------------
def _as_shown(pair: DuplicatePair) -> dict:
    rows = [(label, tell(pair.first), tell(pair.second)) for label, tell in FACTS.items()]
    better, reason = _better(pair)
    return {
        "pair": pair,
        "sides": [
            {
                "name": side,
                "photo": photo,
                "called": _name(photo),
                "picture": sources(photo),
                "why_better": reason if photo is better else "",
            }
            for side, photo in zip(SIDES, (pair.first, pair.second), strict=True)
        ],
        "kind": _kind(pair),
        "different": [row for row in rows if row[1] != row[2]],
        "same": [label.lower() for label, one, other in rows if one == other and one != NOTHING],
    }


def _name(photo) -> str:
    return photo.title or photo.original_name or photo.public_id


def _kind(pair: DuplicatePair) -> str:
    """Say how the two are alike, from what was measured."""
    parts = ["mirrored"] if pair.is_mirrored else []
    if pair.share < WHOLE:
        parts.append(f"one shows about {pair.share:.0%} of the other")
    return ", ".join(parts) or "the same view"


def _better(pair: DuplicatePair) -> tuple:
    """Return the photo that seems worth keeping, and why: pixels, then bytes, then age."""
    first, second = pair.first, pair.second
    for reason, measure in (
        ("more pixels", lambda photo: photo.width * photo.height),
        ("the larger file", lambda photo: photo.size_bytes),
        ("here for longer", lambda photo: -photo.created_at.timestamp()),
    ):
        if measure(first) != measure(second):
            return max(first, second, key=measure), reason
    return first, "either will do"


WHOLE = 0.97  # shares above it are no crop that anybody sees
NOTHING = "—"


def _date(moment) -> str:
    return formats.date_format(timezone.localtime(moment), "j F Y, H:i") if moment else NOTHING


def _names(rows) -> str:
    return ", ".join(sorted(str(one) for one in rows.all())) or NOTHING


FACTS = {
    "Size": lambda photo: f"{photo.width} × {photo.height} px",
    "Bytes": lambda photo: filesizeformat(photo.size_bytes),
    "Format": lambda photo: photo.media_type.removeprefix("image/").upper(),
    "File": lambda photo: photo.original_name or NOTHING,
    "Taken": lambda photo: _date(photo.taken_at),
    "Camera": lambda photo: ", ".join(filter(None, (photo.camera, photo.lens))) or NOTHING,
    "Title": lambda photo: photo.title or NOTHING,
    "Description": lambda photo: photo.description or NOTHING,
    "Tags": lambda photo: _names(photo.tags),
    "Albums": lambda photo: _names(photo.albums),
    "Seen by": lambda photo: photo.get_visibility_display(),
    "Uploaded": lambda photo: _date(photo.created_at),
}
