"""Serve files where no CDN does: public renditions, private ones, originals."""

import posixpath

from django.conf import settings
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.http import require_safe

from gallery.files import STORAGE_ERRORS, local_path
from gallery.models import Photo
from gallery.renditions import MEDIA_TYPES, token_opens


def _file_response(alias: str, name: str, cache_control: str) -> FileResponse:
    media_type = MEDIA_TYPES.get(posixpath.splitext(name)[1].removeprefix("."))
    if media_type is None:
        raise Http404
    try:
        file = storages[alias].open(name)
    except (*STORAGE_ERRORS, ValueError) as error:
        raise Http404 from error
    return FileResponse(file, content_type=media_type, headers={"Cache-Control": cache_control})


@require_safe
def rendition(request, folder, filename):
    """A public rendition, from the embedded folder. The name changes when the bytes do."""
    return _file_response("renditions", f"r/{folder}/{filename}", settings.IMMUTABLE)


@require_safe
def private_rendition(request, folder, filename):
    """A rendition of a photo that is not public: with a token, or for those who may see it."""
    if not token_opens(folder, request.GET.get("token", "")):
        public_id, _, file_key = folder.partition("-")
        photos = Photo.objects.visible_to(request.user)
        get_object_or_404(photos, public_id=public_id, file_key=file_key)
    return _file_response("private_renditions", f"r/{folder}/{filename}", "private, max-age=3600")


@require_safe
def original(request, public_id):
    """The original, for its owner and superusers only; from remote storage by a signed URL."""
    if not request.user.is_authenticated:
        raise Http404
    photos = Photo.objects.all()
    if not request.user.is_superuser:
        photos = photos.filter(owner__user=request.user)
    photo = get_object_or_404(photos, public_id=public_id)
    storage = storages["originals"]
    path = local_path(storage, photo.original)
    if path is None:
        return HttpResponseRedirect(storage.url(photo.original))
    if not path.exists():
        raise Http404
    extension = posixpath.splitext(photo.original)[1]
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=photo.original_name or f"{photo.public_id}{extension}",
        content_type="application/octet-stream",
        headers={"Cache-Control": "private, no-store"},
    )


urlpatterns = [
    path("media/r/<name:folder>/<name:filename>", rendition, name="rendition"),
    path("private/r/<name:folder>/<name:filename>", private_rendition, name="private_rendition"),
    path("originals/<name:public_id>/", original, name="original"),
]
