"""The photographer's side: upload, see what became of it, edit, replace, hide, delete, retry."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import include, path, reverse
from django.utils.html import format_html
from django.utils.text import smart_split, unescape_string_literal

# site_admin registers itself.
from gallery import duplicate_views, services, site_admin, upload_views  # noqa: F401
from gallery.exceptions import DuplicateUpload, GalleryError
from gallery.forms import CleanForm
from gallery.models import Album, AlbumPhoto, ApiToken, Photo, Photographer, Renewal, Tag
from gallery.renditions import RECIPE, rendition_url
from gallery.tags import delete_tags
from gallery.token_admin import ApiTokenAdmin

ABOUT = ["title", "description", "alt", "tags"]
RIGHTS = ["creator", "copyright", "licence"]
TEXTS = [*ABOUT, "place", *RIGHTS]

admin.site.register(ApiToken, ApiTokenAdmin)
NAMED_PHOTOS = 20  # on the page that asks before photos go into the bin


def _own(request, rows, owner: str):
    """Keep the rows a user may see in the admin: a superuser all, a photographer their own."""
    return rows if request.user.is_superuser else rows.filter(**{owner: request.user})


class OwnPhotosOnly:
    """Let forms refer to a photographer's own photos and albums only."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.remote_field.model in (Photo, Album):
            kwargs["queryset"] = _own(
                request, db_field.remote_field.model._default_manager.all(), "owner__user"
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PictureField(forms.FileField):
    """A picture file. Only the service can tell whether it is taken."""

    def __init__(self, **kwargs):
        super().__init__(
            label="File",
            help_text="JPEG, PNG, WebP, AVIF, HEIC, TIFF or GIF; up to 200 MB and 120 megapixels.",
            **kwargs,
        )


def _refusal(error: GalleryError):
    """Return why a service took no file, with a link to the photo that has it already."""
    if not isinstance(error, DuplicateUpload):
        return str(error)
    link = reverse("admin:gallery_photo_change", args=[error.photo.pk])
    return format_html('{} <a href="{}">Open it</a>', str(error), link)


class ReplaceForm(forms.Form):
    """Take a file that is to replace a photo's."""

    file = PictureField()

    def __init__(self, *args, photo: Photo, **kwargs):
        super().__init__(*args, **kwargs)
        self.photo = photo

    def clean_file(self):
        try:
            services.replace_file(self.photo, self.cleaned_data["file"])
        except GalleryError as error:
            raise forms.ValidationError(_refusal(error)) from error
        return self.cleaned_data["file"]


class UploadForm(forms.ModelForm):
    """Take one file as a new photo. Texts left empty come from the file."""

    file = PictureField()
    tag_names = forms.CharField(label="Tags", required=False, help_text="Separated by commas.")

    class Meta:
        model = Photo
        fields = ["file", "title", "description", "tag_names", "visibility"]

    def __init__(self, *args, user=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        # Everything that can refuse the file happens here, so that the form can say so.
        try:
            with transaction.atomic():
                self.uploaded = services.upload_photo(
                    owner=services.get_photographer(self.user),
                    file=cleaned["file"],
                    title=cleaned["title"],
                    description=cleaned["description"],
                    visibility=cleaned["visibility"],
                    tags=cleaned["tag_names"].split(","),
                )
        except GalleryError as error:
            self.add_error("file", _refusal(error))
        return cleaned

    def validate_unique(self):
        """The service has checked already, with an answer that helps."""

    def _post_clean(self):
        """There is no instance to build: the service makes the photo."""

    def save(self, commit=True):
        return self.uploaded

    def save_m2m(self):
        """The service has saved the tags."""


class BinFilter(admin.SimpleListFilter):
    """Show what is not in the bin, unless the bin is asked for."""

    title = "bin"
    parameter_name = "bin"

    def lookups(self, request, model_admin):
        return [("in", "In the bin")]

    def choices(self, changelist):
        default, *others = super().choices(changelist)
        return [default | {"display": "Not in the bin"}, *others]

    def queryset(self, request, photos):
        return photos.filter(binned_at__isnull=self.value() != "in")


class RenewalFilter(admin.SimpleListFilter):
    """Show what is being made anew, what could not be, and what may be."""

    title = "made anew"
    parameter_name = "renewal"

    def lookups(self, request, model_admin):
        return [
            ("waiting", "Waiting to be"),
            ("failed", "Could not be"),
            ("stale", "Not yet: made by another recipe"),
        ]

    def queryset(self, request, photos):
        if self.value() == "stale":
            return photos.filter(state=Photo.State.READY).exclude(recipe=RECIPE)
        return photos.filter(RENEWALS[self.value()]) if self.value() else photos


RENEWALS = {
    "waiting": Q(renewal__state__in=["pending", "processing"]),
    "failed": Q(renewal__state="failed"),
}


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    form = CleanForm
    list_display = ["thumbnail", "name", "status", "embedded", "indexed", "visibility", "owner"]
    list_display_links = ["thumbnail", "name"]
    list_filter = [
        *("state", RenewalFilter, "visibility", "featured", "location_shown", "rating", BinFilter)
    ]
    list_select_related = ["owner", "renewal"]
    search_fields = ["title", "description", "original_name", "public_id"]  # and tags
    autocomplete_fields = ["tags"]
    date_hierarchy = "created_at"
    list_per_page = 50
    actions = [
        *("publish", "hide", "show_place", "hide_place", "bin", "restore", "retry", "reprocess")
    ]
    readonly_fields = [
        *("preview", "status", "embedded_at", "indexed_at", "original_name", "link", "download"),
        *("width", "height", "size_bytes", "media_type", "camera", "lens", "taken_at", "colours"),
        "rating",
    ]
    fieldsets = [
        (None, {"fields": ["preview", "status", "link"]}),
        ("What it shows", {"fields": [*ABOUT, ("place", "location_shown"), *RIGHTS]}),
        ("Who sees it", {"fields": ["visibility", "published_at", "featured"]}),
        (
            "File",
            {
                "fields": [
                    *("download", "original_name", "media_type", "size_bytes", "width", "height"),
                    *("camera", "lens", "taken_at", "colours", "rating", "embedded_at"),
                    "indexed_at",
                ]
            },
        ),
    ]

    # --- Upload, and replace ---
    def get_urls(self):
        uploads = upload_views.get_urls(self.admin_site)
        duplicates = duplicate_views.get_urls(self.admin_site)
        replace = self.admin_site.admin_view(self.replace_view)
        return [
            path("upload/", include(uploads)),
            path("duplicates/", include(duplicates)),
            path("<uuid:pk>/replace/", replace, name="gallery_photo_replace"),
            *super().get_urls(),
        ]

    def replace_view(self, request, pk):
        photo = self.get_object(request, pk)
        if photo is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_change_permission(request, photo):
            raise PermissionDenied
        form = ReplaceForm(request.POST or None, request.FILES or None, photo=photo)
        if form.is_valid():
            name = form.cleaned_data["file"].name
            self.log_change(request, photo, f"New file: “{name}”.")
            said = f"“{name}” replaces the file of “{photo}” as soon as it is processed."
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:gallery_photo_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Replace the file",
            "subtitle": str(photo),
            "photo": photo,
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/gallery/photo/replace.html", context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)

        class RequestUploadForm(UploadForm):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, user=request.user, **kwargs)

        return RequestUploadForm

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return [(None, {"fields": UploadForm.Meta.fields})]
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return []
        fixed = super().get_readonly_fields(request, obj)
        # Until then the file may still bring texts, which an empty form would wipe.
        renewal = _renewal(obj)
        is_unfinished = obj.state in (Photo.State.PENDING, Photo.State.PROCESSING) or (
            renewal and renewal.original and renewal.state != Renewal.State.FAILED
        )
        return [*fixed, *TEXTS] if is_unfinished else fixed

    def save_model(self, request, obj, form, change):
        if change:
            texts = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "tags"}
            services.edit_photo(obj, **texts)

    def save_related(self, request, form, formsets, change):
        if change:
            super().save_related(request, form, formsets, change)

    # --- Permissions: a photographer sees their own photos, a superuser all ---
    def get_queryset(self, request):
        photos = super().get_queryset(request).defer("metadata")
        return _own(request, photos, "owner__user")

    def get_search_results(self, request, queryset, search_term):
        """Keep the photos that have each word, as Django does.

        Tags are looked up apart: joined, they would make several rows of a photo, and all columns
        would be compared to find them.
        """
        for bit in smart_split(search_term):
            word = unescape_string_literal(bit) if bit[0] in "\"'" and bit[-1] == bit[0] else bit
            tagged = Photo.tags.through.objects.filter(tag__name__icontains=word)
            has_word = Q(pk__in=tagged.values("photo"))
            for name in self.search_fields:
                has_word |= Q(**{f"{name}__icontains": word})
            queryset = queryset.filter(has_word)
        return queryset, False

    # --- Progress, and what failed ---
    def changelist_view(self, request, extra_context=None):
        counts = (
            self.get_queryset(request)
            .filter(binned_at=None)
            .aggregate(
                unfinished=Count("pk", filter=Q(state__in=["pending", "processing"])),
                failed=Count("pk", filter=Q(state="failed")),
                renewed=Count("pk", filter=RENEWALS["waiting"]),
                not_renewed=Count("pk", filter=RENEWALS["failed"]),
            )
        )
        counts["alike"] = duplicate_views.pairs_for(request.user).count()
        return super().changelist_view(request, counts | (extra_context or {}))

    def response_change(self, request, obj):
        for button, act, said in (
            ("_retry", services.retry_photos, "It is processed again."),
            ("_restore", services.restore_photos, "It is back from the bin."),
            ("_keep", services.keep_file, "It stays as it is."),
            ("_reprocess", _reprocess, "Its pictures are made anew."),
        ):
            if button in request.POST:
                act([obj])
                self.message_user(request, said, messages.SUCCESS)
                return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    # --- Deleting puts into the bin; the bin is emptied later ---
    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_model(self, request, obj):
        services.bin_photos([obj])

    def get_deleted_objects(self, objs, request):
        return [f"{obj} (goes to the bin and can be restored)" for obj in objs], {}, set(), []

    # --- Columns ---
    @admin.display(description="")
    def thumbnail(self, photo):
        return self._picture(photo, "160")

    @admin.display(description="Preview")
    def preview(self, photo):
        return self._picture(photo, "320")

    def _picture(self, photo, shown_width: str):
        smallest = min(
            (one["width"] for one in photo.renditions if one["format"] == "webp"), default=None
        )
        if smallest is None:
            return "—"
        url = rendition_url(photo, smallest, "webp")
        return format_html('<img src="{}" width="{}" alt="" loading="lazy">', url, shown_width)

    @admin.display(description="Title", ordering="title")
    def name(self, photo):
        return photo.title or photo.original_name or photo.public_id

    @admin.display(description="State", ordering="state")
    def status(self, photo):
        if photo.binned_at:
            return "In the bin"
        if renewal := _renewal(photo):
            return _renewal_status(renewal)
        return photo.failure if photo.state == Photo.State.FAILED else photo.get_state_display()

    @admin.display(description="By meaning", boolean=True, ordering="embedded_at")
    def embedded(self, photo):
        return photo.embedded_at is not None

    @admin.display(description="By words", boolean=True, ordering="indexed_at")
    def indexed(self, photo):
        return photo.indexed_at is not None

    @admin.display(description="Link")
    def link(self, photo):
        url = photo.get_absolute_url()
        return format_html('<a href="{}">{}</a>', url, url)

    @admin.display(description="Original")
    def download(self, photo):
        url = reverse("original", args=[photo.public_id])
        return format_html('<a href="{}">Download</a>', url)

    def view_on_site(self, photo):
        return photo.get_absolute_url()

    # --- Actions ---
    @admin.action(description="Make public")
    def publish(self, request, photos):
        self._do(request, photos, lambda chosen: services.set_visibility(chosen, "public"))

    @admin.action(description="Make private")
    def hide(self, request, photos):
        self._do(request, photos, lambda chosen: services.set_visibility(chosen, "private"))

    @admin.action(description="Show the place")
    def show_place(self, request, photos):
        self._do(request, photos, lambda chosen: services.show_location(chosen, shown=True))

    @admin.action(description="Hide the place")
    def hide_place(self, request, photos):
        self._do(request, photos, lambda chosen: services.show_location(chosen, shown=False))

    @admin.action(description="Restore from the bin")
    def restore(self, request, photos):
        self._do(request, photos, services.restore_photos)

    @admin.action(description="Retry what failed")
    def retry(self, request, photos):
        failed = photos.filter(Q(state=Photo.State.FAILED) | RENEWALS["failed"])
        self._do(request, failed, services.retry_photos)

    @admin.action(description="Make the pictures anew")
    def reprocess(self, request, photos):
        count = services.reprocess(photos)
        self.message_user(request, f"{count} photos are made anew.", messages.SUCCESS)

    @admin.action(description="Put into the bin…")
    def bin(self, request, photos):
        if "confirmed" in request.POST:
            self._do(request, photos, services.bin_photos)
            return HttpResponseRedirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": "Put these photos into the bin?",
            "photos": photos[:NAMED_PHOTOS],
            "others": max(0, photos.count() - NAMED_PHOTOS),
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "opts": self.opts,
            "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/gallery/photo/bin.html", context)

    def _do(self, request, photos, act) -> None:
        chosen = list(photos.select_related(None).only("pk"))
        act(chosen)
        self.message_user(request, f"Done for {len(chosen)} photos.", messages.SUCCESS)


def _reprocess(photos: list[Photo]) -> None:
    services.reprocess(Photo.objects.filter(pk__in=[photo.pk for photo in photos]))


def _renewal(photo: Photo) -> Renewal | None:
    return getattr(photo, "renewal", None)


def _renewal_status(renewal: Renewal) -> str:
    """Say what becomes of a photo that is there already."""
    what = f"New file “{renewal.original_name}”" if renewal.original else "New pictures"
    if renewal.state == Renewal.State.FAILED:
        return f"{what}: failed, so that the old stays. {renewal.failure}"
    return f"{what}: {renewal.get_state_display().lower()}; the old serves until then"


@admin.register(Album)
class AlbumAdmin(OwnPhotosOnly, admin.ModelAdmin):
    form = CleanForm
    list_display = ["title", "owner", "visibility"]
    list_select_related = ["owner"]
    prepopulated_fields = {"slug": ["title"]}
    search_fields = ["title"]
    autocomplete_fields = ["cover", "owner"]
    readonly_fields = ["photos_in_order"]

    def get_queryset(self, request):
        return _own(request, super().get_queryset(request), "owner__user")

    def get_exclude(self, request, obj=None):
        return [] if request.user.is_superuser else ["owner"]

    def save_model(self, request, obj, form, change):
        if not request.user.is_superuser:
            obj.owner = services.get_photographer(request.user)
        super().save_model(request, obj, form, change)

    def view_on_site(self, album):
        return album.get_absolute_url()

    @admin.display(description="Photos")
    def photos_in_order(self, album):
        if album.pk is None:
            return "Save the album, then put photos into it."
        listing = reverse("admin:gallery_albumphoto_changelist")
        adding = reverse("admin:gallery_albumphoto_add")
        return format_html(
            '{} · <a href="{}?album__id__exact={}">put them in order</a> · '
            '<a href="{}?album={}">add one</a>',
            *(album.entries.count(), listing, album.pk, adding, album.pk),
        )


@admin.register(AlbumPhoto)
class AlbumPhotoAdmin(OwnPhotosOnly, admin.ModelAdmin):
    """The photos of an album in their order; a form with a row for each would grow with it."""

    list_display = ["photo", "album", "position"]
    list_editable = ["position"]
    list_filter = [("album", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["album", "photo"]
    list_per_page = 100
    autocomplete_fields = ["album", "photo"]
    ordering = ["-album_id", "position", "id"]  # by an album's own order it would sort all rows

    def get_queryset(self, request):
        return _own(request, super().get_queryset(request), "album__owner__user")

    def get_model_perms(self, request):
        return {}  # reached from its album; not in the menu


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    """Tags are everybody's: only superusers rename or delete them."""

    form = CleanForm
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request):
        tags = super().get_queryset(request)
        if request.user.is_superuser:
            return tags
        seen = Photo.objects.visible_to(request.user).filter(tags=OuterRef("pk"))
        return tags.filter(Exists(seen))

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser

    def delete_model(self, request, obj):
        delete_tags(Tag.objects.filter(pk=obj.pk))

    def delete_queryset(self, request, queryset):
        delete_tags(queryset)


class PhotographerForm(CleanForm):
    for_all_photos = forms.BooleanField(
        label="The same for the photos that are here already",
        required=False,
        help_text="Shows or hides the place of all of them when you save.",
    )


@admin.register(Photographer)
class PhotographerAdmin(admin.ModelAdmin):
    form = PhotographerForm
    list_display = ["name", "user"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def get_queryset(self, request):
        return _own(request, super().get_queryset(request), "user")

    def get_exclude(self, request, obj=None):
        return [] if request.user.is_superuser else ["user"]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("for_all_photos"):
            services.show_location(obj.photos.only("pk"), shown=obj.shows_location)
