"""Many files at once in the admin: the page, and tus 1.0 for the bytes.

Protocol: https://tus.io/protocols/resumable-upload, with creation, termination and expiration.
"""

import base64
import binascii
import tempfile
from functools import wraps

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import http_date
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gallery import services, uploads
from gallery.exceptions import RefusedUpload, StorageAway, WrongOffset
from gallery.formats import MAX_UPLOAD_BYTES, TAKEN
from gallery.metadata import without_controls
from gallery.models import Album, Upload, UploadBatch

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
READ_BYTES = 2**16
SHOWN_BATCHES = 5


class BatchForm(forms.ModelForm):
    """What all photos of a batch get."""

    class Meta:
        model = UploadBatch
        fields = ["album", "folders_as_albums", "tags", "visibility"]
        widgets = {
            "album": forms.TextInput(attrs={"list": "albums"}),
            "tags": forms.TextInput(),
        }

    def clean(self):
        cleaned = super().clean()
        for name in ("album", "tags"):
            cleaned[name] = without_controls(cleaned.get(name)).strip()
        return cleaned


def _may_upload(view):
    """Let in who may add photos; the others get a sentence, which a script can show."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        user = request.user
        if not (user.is_active and user.is_staff and user.has_perm("gallery.add_photo")):
            return _plain(403, "You are logged out, or may not add photos. Log in again.")
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return guarded


def _own_batches(request):
    return UploadBatch.objects.filter(owner__user=request.user)


def _own_uploads(request):
    return Upload.objects.filter(batch__owner__user=request.user)


# --- The page ------------------------------------------------------------------------------
def get_urls(admin_site) -> list:
    """Return the URLs of uploading, for an admin site."""

    def page(request):
        return _page(request, admin_site)

    return [
        path("", admin_site.admin_view(page), name="gallery_photo_upload"),
        path("batches/", _may_upload(create_batch), name="gallery_upload_batches"),
        path("batches/<uuid:pk>/", _may_upload(show_batch), name="gallery_upload_batch"),
        path("files/", _may_upload(tus_files), name="gallery_uploads"),
        path("files/<uuid:pk>/", _may_upload(tus_file), name="gallery_upload"),
    ]


@require_GET
def _page(request, admin_site):
    if not request.user.has_perm("gallery.add_photo"):
        raise PermissionDenied
    counts = {
        state: Count("uploads", filter=Q(uploads__state=state)) for state in Upload.State.values
    }
    batches = _own_batches(request).annotate(files=Count("uploads"), **counts).filter(files__gt=0)
    context = {
        **admin_site.each_context(request),
        "title": "Upload photos",
        "form": BatchForm(),
        "albums": Album.objects.filter(owner__user=request.user).order_by("title"),
        "batches": batches.order_by("-created_at")[:SHOWN_BATCHES],
        "taken": TAKEN,
        "max_bytes": MAX_UPLOAD_BYTES,
        "piece_bytes": settings.UPLOAD_PIECE_BYTES,
        "days": settings.UPLOAD_LIFETIME.days,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
    }
    return TemplateResponse(request, "admin/gallery/photo/upload.html", context)


@require_POST
def create_batch(request):
    form = BatchForm(request.POST)
    if not form.is_valid():
        sentences = [str(one) for errors in form.errors.values() for one in errors]
        return _plain(400, " ".join(sentences))
    form.instance.owner = services.get_photographer(request.user)
    return JsonResponse(_batch_as_json(form.save()), status=201)


@require_http_methods(["GET", "DELETE"])
def show_batch(request, pk):
    """What became of each file of a batch; DELETE forgets those that are not complete."""
    batch = _own_batches(request).filter(pk=pk).first()
    if batch is None:
        return _plain(404, "There is no such batch.")
    if request.method == "DELETE":
        uploads.discard(batch.uploads.filter(state=Upload.State.RECEIVING))
    return JsonResponse(_batch_as_json(batch))


def _batch_as_json(batch: UploadBatch) -> dict:
    rows = batch.uploads.order_by("created_at", "pk")
    return {"id": batch.pk, "files": [_upload_as_json(upload) for upload in rows]}


def _upload_as_json(upload: Upload) -> dict:
    photo = upload.photo_id and reverse("admin:gallery_photo_change", args=[upload.photo_id])
    return {
        "url": _address(upload),
        "path": upload.path,
        "size": upload.size_bytes,
        "modified": upload.modified_ms,
        "offset": upload.offset_bytes,
        "state": upload.state,
        "reason": upload.reason,
        "photo": photo,
    }


def _address(upload: Upload) -> str:
    return reverse("admin:gallery_upload", args=[upload.pk])


# --- tus -----------------------------------------------------------------------------------
class Answer(Exception):
    """An answer that ends a request early: status and a sentence."""


def _tus(*methods: str):
    """Answer OPTIONS, and only requests of our version; GET is ours, not of the protocol."""

    def decorate(view):
        @require_http_methods([*methods, "OPTIONS"])
        @wraps(view)
        def answer(request, *args, **kwargs):
            method = request.method
            if method == "POST":  # only there: a GET that deletes would need no CSRF token
                method = request.headers.get("X-HTTP-Method-Override", method)
            if method == "OPTIONS":
                response = HttpResponse(status=204)
                response["Tus-Extension"] = "creation,termination,expiration"
                response["Tus-Max-Size"] = str(MAX_UPLOAD_BYTES)
                response["Tus-Version"] = VERSION
            elif method != "GET" and request.headers.get("Tus-Resumable") != VERSION:
                response = _plain(412, f"Only version {VERSION} of tus is spoken here.")
                response["Tus-Version"] = VERSION
            else:
                try:
                    response = view(request, method, *args, **kwargs)
                except Answer as early:
                    response = _plain(*early.args)
                except StorageAway as error:
                    response = _plain(503, str(error))
            response["Tus-Resumable"] = VERSION
            return response

        return answer

    return decorate


@_tus("POST")
def tus_files(request, method):
    """Make room for a file: creation."""
    if method != "POST":
        return _plain(405, "Files are created here by POST.")
    size_bytes = _whole_number(request, "Upload-Length")
    metadata = _read_metadata(request.headers.get("Upload-Metadata", ""))
    try:
        batch = _own_batches(request).filter(pk=metadata.get("batch")).first()
    except ValidationError:
        batch = None
    if batch is None:
        raise Answer(400, "Upload-Metadata must name a batch of yours as “batch”.")
    modified = metadata.get("lastModified", "")
    try:
        upload = uploads.open_upload(
            batch,
            path=metadata.get("relativePath") or metadata.get("filename", ""),
            size_bytes=size_bytes,
            modified_ms=int(modified) if modified.isdecimal() and len(modified) < 19 else None,
        )
    except RefusedUpload as error:
        raise Answer(413 if size_bytes else 400, str(error)) from error
    response = _state(upload, 201)
    response["Location"] = request.build_absolute_uri(_address(upload))
    return response


@_tus("GET", "HEAD", "POST", "PATCH", "DELETE")
def tus_file(request, method, pk):
    upload = _own_uploads(request).filter(pk=pk).first()
    if upload is None:
        raise Answer(404, "There is no such upload: it was finished long ago, or discarded.")
    if method == "GET":
        return JsonResponse(_upload_as_json(upload))
    if method == "HEAD":
        response = _state(upload, 200)
        response["Upload-Length"] = str(upload.size_bytes)
        return response
    if method == "DELETE":
        this = _own_uploads(request).filter(pk=pk)
        uploads.discard(this.filter(state=Upload.State.RECEIVING))
        if this.exists():
            raise Answer(409, "The file is complete: it cannot be cancelled any more.")
        return HttpResponse(status=204)
    if method == "PATCH":
        return _receive(request, upload)
    raise Answer(405, "Files are created elsewhere.")


def _receive(request, upload: Upload) -> HttpResponse:
    """Take the bytes of a PATCH, piece by piece; what came before a connection broke counts."""
    if request.content_type != PIECE_TYPE:
        raise Answer(415, f"A piece must come as {PIECE_TYPE}.")
    offset_bytes = _whole_number(request, "Upload-Offset")
    left = _whole_number(request, "Content-Length")
    if offset_bytes != upload.offset_bytes or upload.state != Upload.State.RECEIVING:
        raise Answer(409, str(WrongOffset(upload.offset_bytes)))
    if offset_bytes + left > upload.size_bytes:
        raise Answer(413, f"The file was to have {upload.size_bytes} bytes; more is not taken.")
    while left:
        wanted = min(left, settings.UPLOAD_PIECE_BYTES)
        with tempfile.TemporaryFile() as piece:
            got = _read_into(piece, request, wanted)
            if got:
                upload = _add_piece(upload, offset_bytes, piece, got)
        offset_bytes += got
        left -= got
        if got < wanted:
            break
    if upload.state == Upload.State.FINISHING:
        # Now, so that its sender can be told; whatever goes wrong here, the sweep does it again.
        uploads.finish_next(Upload.objects.filter(pk=upload.pk))
    return _state(upload, 204)


def _read_into(piece, request, wanted: int) -> int:
    """Copy a number of bytes of a request's body; return how many there were."""
    got = 0
    try:
        while got < wanted and (data := request.read(min(READ_BYTES, wanted - got))):
            piece.write(data)
            got += len(data)
    except OSError:  # the connection broke
        pass
    piece.flush()
    return got


def _add_piece(upload: Upload, offset_bytes: int, piece, size_bytes: int) -> Upload:
    try:
        return uploads.add_piece(upload, offset_bytes, piece, size_bytes)
    except WrongOffset as error:
        raise Answer(409, str(error)) from error
    except Upload.DoesNotExist as error:
        raise Answer(404, "The upload was discarded.") from error
    except RefusedUpload as error:
        raise Answer(413, str(error)) from error


def _state(upload: Upload, status: int) -> HttpResponse:
    response = HttpResponse(status=status)
    response["Upload-Offset"] = str(upload.offset_bytes)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


def _whole_number(request, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Answer(400, f"{header} must be a whole number of bytes.")
    return int(value)


def _read_metadata(header: str) -> dict[str, str]:
    """Read Upload-Metadata: pairs of a key and a value in Base64, separated by commas."""
    metadata = {}
    for pair in filter(None, (pair.strip() for pair in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            metadata[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise Answer(400, f"Upload-Metadata: “{key}” is not UTF-8 in Base64.") from error
    return metadata


def _plain(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
