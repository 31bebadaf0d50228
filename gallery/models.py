"""Photographers, photos, albums and tags: tables, constraints, one-row behaviour."""

import random
import secrets
import uuid

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from pgvector.django import HalfVectorField, HnswIndex

from gallery.likeness import HASH_DIMENSIONS
from gallery.querysets import PhotoQuerySet, QueueQuerySet

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
KEY_LENGTH = 10  # 58 bits: too many to guess over the network


# SQL: when a photo was taken by the clock of the place; without an offset the camera's own clock.
TAKEN_BY_LOCAL_CLOCK = (
    "(taken_at AT TIME ZONE 'UTC' + coalesce(taken_offset_minutes, 0) * interval '1 minute')"
)


def new_key() -> str:
    """Return a random name for URLs that says nothing about its photo."""
    return "".join(secrets.choice(BASE58) for _ in range(KEY_LENGTH))


def new_share_token() -> str:
    """Return the secret of a share link: 22 characters, 128 bits."""
    return secrets.token_urlsafe(16)


def new_random_key() -> float:
    """Return a photo's place in random order: uniform in [0, 1)."""
    return random.random()


class Visibility(models.TextChoices):
    PUBLIC = "public", "Public"
    UNLISTED = "unlisted", "Unlisted: only with the link"
    PRIVATE = "private", "Private: only you"


# An album has no secret link: its address is its name.
ALBUM_VISIBILITY = [choice for choice in Visibility.choices if choice[0] != Visibility.UNLISTED]


# XMP's.
RATINGS = [(-1, "Rejected"), (0, "No stars"), *((stars, "★" * stars) for stars in range(1, 6))]


class Photographer(models.Model):
    """Whose photos these are. The public name; login names are never shown."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="photographer",
    )
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True, allow_unicode=True)
    bio = models.TextField(blank=True)
    shows_location = models.BooleanField(
        "show where new photos were taken",
        default=False,
        db_default=False,
        help_text="The name of the place, on its page and in search; coordinates never. "
        "Each photo can say otherwise.",
    )

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("photographer", args=[self.slug])


class Tag(models.Model):
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True, allow_unicode=True)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self):
        return self.name


class Photo(models.Model):
    """One photograph, from the moment its upload is accepted."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        PROCESSING = "processing", "Being processed"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(Photographer, on_delete=models.PROTECT, related_name="photos")
    public_id = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    file_key = models.CharField(
        max_length=16,
        default=new_key,
        editable=False,
        help_text="In the names of its renditions; changes when they leave public.",
    )
    share_token = models.CharField(
        max_length=32, unique=True, default=new_share_token, editable=False
    )

    title = models.CharField(max_length=300, blank=True)
    description = models.TextField(blank=True)
    alt = models.CharField(
        "alternative text",
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="What is to be seen, for those who cannot see it; else they hear the title.",
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="photos")

    original_name = models.TextField(blank=True, editable=False, help_text="Never shown publicly.")
    original = models.CharField(
        max_length=200, editable=False, help_text="Key in the storage of originals."
    )
    content_hash = models.CharField(max_length=64, editable=False, help_text="SHA-256, hex.")
    width = models.PositiveIntegerField(null=True, editable=False, help_text="Upright, px.")
    height = models.PositiveIntegerField(null=True, editable=False, help_text="Upright, px.")
    size_bytes = models.PositiveBigIntegerField(editable=False)
    media_type = models.CharField(max_length=50, editable=False)

    taken_at = models.DateTimeField(null=True, blank=True)
    taken_offset_minutes = models.SmallIntegerField(null=True, blank=True)
    camera = models.CharField(max_length=200, blank=True)
    lens = models.CharField(max_length=200, blank=True)
    focal_length_mm = models.FloatField(null=True, blank=True)
    f_number = models.FloatField(null=True, blank=True)
    exposure_seconds = models.FloatField(null=True, blank=True)
    iso = models.PositiveIntegerField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    place = models.CharField(
        max_length=300, blank=True, help_text="From the file, or the town at its coordinates."
    )
    location_shown = models.BooleanField(
        "show the place",
        default=False,
        db_default=False,
        help_text="Else nobody but you reads it, and no search finds the photo by it. "
        "Coordinates are never shown.",
    )
    public_place = models.GeneratedField(
        expression=Case(When(location_shown=True, then="place"), default=Value("")),
        output_field=models.CharField(max_length=300),
        db_persist=True,
        help_text="What everybody but its photographer may read instead of place.",
    )
    copyright = models.CharField(max_length=500, blank=True)
    creator = models.CharField(max_length=300, blank=True)
    licence = models.CharField(max_length=500, blank=True, help_text="An address or a text.")
    rating = models.SmallIntegerField(
        null=True, choices=RATINGS, editable=False, help_text="From the file; never public."
    )
    metadata = models.JSONField(default=dict, editable=False, help_text="All that the file said.")

    placeholder = models.TextField(blank=True, editable=False, help_text="WebP data URI, 16 px.")
    colours = ArrayField(
        models.TextField(),
        null=True,
        editable=False,
        help_text="Those that cover enough of it; null until they are named.",
    )
    renditions = models.JSONField(
        default=list,
        editable=False,
        help_text='Those that exist: [{"width", "height", "format", "size_bytes"}].',
    )
    renditions_public = models.BooleanField(
        default=False, editable=False, help_text="In which storage the renditions are now."
    )
    recipe = models.CharField(
        max_length=16,
        blank=True,
        db_default="",
        editable=False,
        help_text="By which the renditions were made, see renditions.RECIPE; empty if unknown.",
    )

    state = models.CharField(max_length=10, choices=State, default=State.PENDING, editable=False)
    failure = models.TextField(blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    embedded_at = models.DateTimeField(null=True, editable=False)
    indexed_at = models.DateTimeField(null=True, editable=False)

    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    featured = models.BooleanField(default=False)
    published_at = models.DateTimeField(default=timezone.now)
    binned_at = models.DateTimeField(null=True, editable=False)
    listed = models.BooleanField(
        default=False, editable=False, help_text="Kept true by a trigger; code never sets it."
    )
    changed_at = models.DateTimeField(
        db_default=Now(), editable=False, help_text="Kept by a trigger; what upper apps follow."
    )
    random_key = models.FloatField(default=new_random_key, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "content_hash"], name="same_file_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "processing", "ready", "failed"]),
                name="photo_state_known",
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "unlisted", "private"]),
                name="photo_visibility_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(width__gt=0, height__gt=0),
                name="ready_photo_has_size",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(failure=""), name="failed_photo_says_why"
            ),
        ]
        indexes = [
            # Newest first on pages and in the feed, and those that pass filters: these are read in
            # the index. No texts, or a row may be too long for it.
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                include=(
                    "taken_at",
                    "taken_offset_minutes",
                    "iso",
                    "f_number",
                    "focal_length_mm",
                    "width",
                    "height",
                    "owner",
                    "colours",
                ),
                condition=Q(listed=True),
                name="photo_listed_newest",
            ),
            # What an album does not show: few, and counted instead of what it shows.
            models.Index("id", condition=Q(listed=False), name="photo_not_listed"),
            # Featured ones on the home page.
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(listed=True, featured=True),
                name="photo_listed_featured",
            ),
            # Unbiased random photos.
            models.Index("random_key", condition=Q(listed=True), name="photo_listed_random"),
            # The admin's list, its dates, and how many photos are in which state.
            models.Index(
                F("created_at").desc(),
                F("id").desc(),
                include=("state",),
                condition=Q(binned_at=None),
                name="photo_newest_created",
            ),
            models.Index(F("updated_at").desc(), condition=Q(state="failed"), name="photo_failed"),
            # The bin, and what in it has expired.
            models.Index("binned_at", condition=~Q(binned_at=None), name="photo_binned"),
            # What the pixels queue claims.
            models.Index(
                "created_at",
                condition=Q(state__in=["pending", "processing"]),
                name="photo_due_for_pixels",
            ),
            # Renditions that are in the wrong storage.
            models.Index(
                "id",
                condition=Q(state="ready") & ~Q(listed=F("renditions_public")),
                name="photo_renditions_misplaced",
            ),
            # Ready before colours were named.
            models.Index(
                "id", condition=Q(state="ready", colours=None), name="photo_without_colours"
            ),
            # What upper apps have to reconcile.
            models.Index(
                "created_at",
                "id",
                condition=Q(embedded_at=None) | Q(embedded_at__lt=F("changed_at")),
                name="photo_due_for_vectors",
            ),
            models.Index(
                "created_at",
                "id",
                condition=Q(indexed_at=None) | Q(indexed_at__lt=F("changed_at")),
                name="photo_due_for_words",
            ),
            # A photographer's page.
            models.Index(
                F("owner"),
                F("published_at").desc(),
                condition=Q(listed=True),
                name="photo_listed_of_owner",
            ),
            # What became of a photographer's uploads.
            models.Index(
                F("owner"),
                F("created_at").desc(),
                F("id").desc(),
                name="photo_newest_of_owner",
            ),
            # Filters of a search.
            models.Index("camera", condition=Q(listed=True), name="photo_listed_camera"),
            models.Index("lens", condition=Q(listed=True), name="photo_listed_lens"),
            models.Index(
                "public_place", condition=Q(listed=True), name="photo_listed_public_place"
            ),
            models.Index("iso", condition=Q(listed=True), name="photo_listed_iso"),
            models.Index("f_number", condition=Q(listed=True), name="photo_listed_f_number"),
            models.Index("focal_length_mm", condition=Q(listed=True), name="photo_listed_focal"),
            models.Index(
                RawSQL(TAKEN_BY_LOCAL_CLOCK, []),
                condition=Q(listed=True),
                name="photo_listed_taken",
            ),
            GinIndex(
                fields=["colours"],
                condition=Q(listed=True),
                fastupdate=False,  # a handful of names: a list of what is pending saves nothing
                name="photo_listed_colours",
            ),
        ]

    def __str__(self):
        return self.title or f"Photo {self.public_id}"

    @property
    def is_public(self) -> bool:
        """Tell whether its owner lets everyone see it; it is listed when it is ready as well."""
        return (
            self.visibility == Visibility.PUBLIC
            and self.binned_at is None
            and self.published_at <= timezone.now()
        )

    @property
    def alt_text(self) -> str:
        """Return what a screen reader says in place of the picture."""
        return self.alt or self.title or self.description[:200] or gettext("Untitled photograph")

    def get_absolute_url(self):
        """Return the link that opens the photo for those who may see it."""
        if self.visibility == Visibility.UNLISTED:
            return reverse("share", args=[self.share_token])
        return reverse("photo", args=[self.public_id])


class PerceptualHash(models.Model):
    """How a photo looks, to find others that look like it. Derived; the row is the queue."""

    photo = models.OneToOneField(
        Photo, on_delete=models.CASCADE, primary_key=True, related_name="perceptual_hash"
    )
    owner = models.ForeignKey(Photographer, on_delete=models.CASCADE, related_name="+")
    hash = HalfVectorField(
        dimensions=HASH_DIMENSIONS, null=True, help_text="Null until taken: see gallery.likeness."
    )
    input_hash = models.CharField(max_length=64, help_text="SHA-256 of the file that was hashed.")
    is_searched = models.BooleanField(
        default=False, help_text="Photos that look like it are known."
    )

    class Meta:
        indexes = [
            # Photos that look like one.
            HnswIndex(fields=["hash"], opclasses=["halfvec_ip_ops"], name="hash_hnsw"),
            # Ready before hashes were taken.
            models.Index("photo", condition=Q(hash=None), name="hash_untaken"),
            # What has to be searched for.
            models.Index("photo", condition=Q(is_searched=False), name="hash_due_for_search"),
        ]


class DuplicatePair(models.Model):
    """Two photos of one owner that may show the same; known to be alike once compared.

    Derived, all but `dismissed_at`. Pairs that are not alike are not kept.
    """

    owner = models.ForeignKey(Photographer, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+")
    compared_at = models.DateTimeField(null=True, help_text="Null while it is only suspected.")
    detail = models.FloatField(null=True, help_text="Correlation of fine detail; 1 is the same.")
    share = models.FloatField(null=True, help_text="Of the area of one that the other shows.")
    is_mirrored = models.BooleanField(default=False)
    dismissed_at = models.DateTimeField(null=True, help_text="When a person said: not the same.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_in_order"
            ),
        ]
        indexes = [
            # What has to be compared.
            models.Index(
                "id", condition=Q(compared_at=None, dismissed_at=None), name="pair_due_for_look"
            ),
            # Those that wait for a photographer.
            models.Index(
                F("owner"),
                F("compared_at").desc(),
                F("id").desc(),
                condition=~Q(compared_at=None) & Q(dismissed_at=None),
                name="pair_waiting",
            ),
        ]

    def __str__(self):
        return f"{self.first} and {self.second}"


class Renewal(models.Model):
    """What a photo that is there waits for: pictures made anew, of another file or of its own.

    A row beside the photo, not columns of it: until it is done, the photo is as it was, ready and
    listed; a row is dropped and another put in its place, so that a worker who is at it sees that
    its own is gone; and a column of the largest table is not written for each photo of a gallery
    that is made anew.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        PROCESSING = "processing", "Being processed"
        FAILED = "failed", "Failed"

    photo = models.OneToOneField(Photo, on_delete=models.CASCADE, related_name="renewal")
    # As of a photo, of the file that replaces its own; empty and null without one.
    original_name = models.TextField(blank=True)
    original = models.CharField(max_length=200, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True)
    media_type = models.CharField(max_length=50, blank=True)

    urgent = models.BooleanField(default=False, help_text="Somebody waits for it.")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    failure = models.TextField(blank=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = QueueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["pending", "processing", "failed"]),
                name="renewal_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(failure=""), name="failed_renewal_says_why"
            ),
        ]
        indexes = [
            # What the pixels queue claims when no new photo is due.
            models.Index(
                F("urgent").desc(),
                "id",
                condition=Q(state__in=["pending", "processing"]),
                name="renewal_due_for_pixels",
            )
        ]

    def __str__(self):
        return f"Renewal of {self.photo_id}"


class Album(models.Model):
    owner = models.ForeignKey(Photographer, on_delete=models.PROTECT, related_name="albums")
    title = models.CharField(max_length=300)
    slug = models.SlugField(max_length=200, unique=True, allow_unicode=True)
    description = models.TextField(blank=True)
    cover = models.ForeignKey(
        Photo, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    visibility = models.CharField(
        max_length=10, choices=ALBUM_VISIBILITY, default=Visibility.PUBLIC
    )
    photos = models.ManyToManyField(Photo, through="AlbumPhoto", related_name="albums")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "private"]),
                name="album_visibility_known",
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("album", args=[self.slug])


class AlbumPhoto(models.Model):
    """A photo's place in an album's hand-made order."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="entries")
    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="album_entries")
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["album", "photo"], name="photo_once_in_album")
        ]
        indexes = [models.Index("album", "position", "id", name="album_in_order")]

    def __str__(self):
        return f"{self.album} {self.position}"


class Site(models.Model):
    """What makes the site its owner's: one row, edited in the admin; without it, as shipped."""

    menu = ()  # set by current()

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)

    class Accent(models.TextChoices):
        """Colours of links and marks; site.css has one for light and one for dark."""

        RUST = "rust", "Rust"
        MOSS = "moss", "Moss"
        SEA = "sea", "Sea"
        INDIGO = "indigo", "Indigo"
        PLUM = "plum", "Plum"
        GRAPHITE = "graphite", "Graphite"

    name = models.CharField(max_length=100, default="Pictures")
    line = models.CharField(
        max_length=200,
        blank=True,
        help_text="What it is, in one line: on the home page and in search engines.",
    )
    about = models.TextField(blank=True, help_text="Markdown. Shown on the About page.")
    contact = models.TextField(blank=True, help_text="Markdown. Shown below it.")
    footer = models.CharField(
        max_length=300,
        blank=True,
        default="All photographs belong to their photographers.",
        help_text="At the foot of every page.",
    )
    licence = models.CharField(
        max_length=500,
        blank=True,
        help_text="Of photos that name none: an address, or a sentence.",
    )
    accent = models.CharField(max_length=10, choices=Accent, default=Accent.RUST)
    hero = models.ForeignKey(
        Photo,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The large picture of the home page, while it is public; else one is chosen.",
    )

    class Meta:
        verbose_name_plural = "site"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_site")]

    def __str__(self):
        return self.name

    @classmethod
    def current(cls) -> "Site":
        """Return the site with its `menu`, [{"title", "slug"}], in one query."""
        entries = Page.objects.filter(in_menu=True).values(
            entry=JSONObject(title="title", slug="slug")
        )
        with_menu = cls.objects.annotate(menu=ArraySubquery(entries))
        found = with_menu.first()
        if found is None:  # the first page of a new site
            cls.objects.get_or_create()
            found = with_menu.get()
        return found

    @property
    def has_about(self) -> bool:
        return bool(self.about or self.contact)


class Page(models.Model):
    """A text of the site's own, in Markdown."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True, allow_unicode=True)
    body = models.TextField(blank=True, help_text="Markdown.")
    in_menu = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="In the menu; small ones come first."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "title", "id"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("page", args=[self.slug])


class FileTrash(models.Model):
    """A file that has to go. Written with the change that made it stale, deleted after it."""

    storage = models.CharField(max_length=50, help_text="Alias in STORAGES.")
    name = models.CharField(max_length=200)
    due_at = models.DateTimeField(
        db_default=Now(), help_text="Later for copies that a move may still need."
    )
    asked_for = models.BooleanField(
        default=False, help_text="Not being made: pages that were sent may ask for it."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["storage", "name"], name="trash_named_once")]
        indexes = [
            # What is left of a photo's earlier renditions.
            models.Index(
                fields=["name"],
                opclasses=["varchar_pattern_ops"],
                condition=Q(asked_for=True),
                name="trash_asked_for",
            ),
        ]

    def __str__(self):
        return f"{self.storage}: {self.name}"


class UploadBatch(models.Model):
    """Files that a photographer sends together, and what all their photos get."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(Photographer, on_delete=models.PROTECT, related_name="+")
    album = models.CharField(
        max_length=300, blank=True, help_text="Title; an album of yours, or a new one."
    )
    folders_as_albums = models.BooleanField(
        default=False, help_text="Photos in a folder go into the album that is called like it."
    )
    tags = models.TextField(blank=True, help_text="Separated by commas.")
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "unlisted", "private"]),
                name="upload_batch_visibility_known",
            )
        ]
        indexes = [models.Index("owner", F("created_at").desc(), name="upload_batch_newest")]

    def __str__(self):
        return f"Batch of {self.created_at:%Y-%m-%d %H:%M}"


class Upload(models.Model):
    """One file on its way, piece by piece; then what became of it. Its photo gets its id."""

    class State(models.TextChoices):
        RECEIVING = "receiving", "Not complete"
        FINISHING = "finishing", "Being taken"  # all bytes are here: it cannot get lost
        TAKEN = "taken", "Taken"
        DUPLICATE = "duplicate", "Already there"
        REFUSED = "refused", "Refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(UploadBatch, on_delete=models.CASCADE, related_name="uploads")
    path = models.TextField(help_text="As the client says: a text, never used as a path.")
    modified_ms = models.BigIntegerField(null=True, help_text="As the client says; Unix time.")
    size_bytes = models.PositiveBigIntegerField()
    offset_bytes = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    reason = models.TextField(blank=True)
    photo = models.ForeignKey(Photo, null=True, on_delete=models.SET_NULL, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["receiving", "finishing", "taken", "duplicate", "refused"]),
                name="upload_state_known",
            ),
            models.CheckConstraint(
                condition=Q(offset_bytes__lte=F("size_bytes")), name="upload_within_its_size"
            ),
        ]
        indexes = [
            # What the sweep finishes.
            models.Index(
                "created_at", condition=Q(state="finishing"), name="upload_due_for_finishing"
            ),
            # What the sweep deletes.
            models.Index("expires_at", name="upload_expiry"),
        ]

    def __str__(self):
        return self.path


class UploadPiece(models.Model):
    """Bytes of an upload from an offset on: one object in the storage of originals."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    offset_bytes = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["offset_bytes"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "offset_bytes"], name="upload_piece_once")
        ]

    def __str__(self):
        return self.name


class ApiToken(models.Model):
    """Lets a program act for a photographer, within scopes. Its secret is shown once, not kept."""

    class Scope(models.TextChoices):
        READ = "photos:read", "See your photos and albums, also those that are not public"
        UPLOAD = "photos:upload", "Upload photos"
        EDIT = "photos:edit", "Edit your photos"
        DELETE = "photos:delete", "Put your photos into the bin, and restore them"
        ALBUMS = "albums:edit", "Make, edit and delete your albums"

    owner = models.ForeignKey(
        Photographer, on_delete=models.CASCADE, related_name="api_tokens", editable=False
    )
    name = models.CharField(max_length=100, help_text="What uses it, to know it again.")
    scopes = ArrayField(models.TextField(choices=Scope), help_text="What it lets its bearer do.")
    secret_hash = models.CharField(
        max_length=64, unique=True, editable=False, help_text="SHA-256, hex."
    )
    prefix = models.CharField(max_length=20, editable=False, help_text="How its secret begins.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When it stops working; never when empty."
    )
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    scopes__contained_by=[
                        *("photos:read", "photos:upload", "photos:edit", "photos:delete"),
                        "albums:edit",
                    ]
                ),
                name="api_token_scopes_known",
            )
        ]

    def __str__(self):
        return f"{self.name} ({self.prefix}…)"
