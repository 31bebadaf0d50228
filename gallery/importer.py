"""Import files and folders as photos: what `import_photos` does, one file at a time."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.files import File
from django.db import OperationalError, connection

from gallery import services
from gallery.exceptions import DuplicateUpload, RefusedUpload, StorageAway
from gallery.metadata import MAX_XMP_BYTES
from gallery.models import Photographer

PICTURE_SUFFIXES = {
    *(".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif"),
}
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What became of one file: taken, duplicate or refused, and why."""

    file: str
    outcome: str
    reason: str = ""
    public_id: str | None = None


@dataclass
class Importer:
    """Import into one owner's photos. The sidecar maps file names to texts; they go before those
    of an XMP file beside a picture, and these before those in the picture.
    """

    owner: Photographer
    album: str = ""
    folders_as_albums: bool = False
    sidecar: dict[str, dict] = field(default_factory=dict)
    location_shown: bool | None = None  # None: as the owner has it

    def take(self, path: Path) -> Outcome:
        """Import one file. Waits a while for a database or a storage that is coming back."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._take(path)
            except OperationalError:
                connection.close()
                if time.monotonic() > deadline:
                    raise
            except StorageAway as error:
                if time.monotonic() > deadline:
                    return Outcome(str(path), "refused", str(error))
            time.sleep(0.5)

    def _take(self, path: Path) -> Outcome:
        texts = self.sidecar.get(path.name, {})
        try:
            with path.open("rb") as opened:
                photo = services.upload_photo(
                    owner=self.owner,
                    file=File(opened, name=path.name),
                    title=texts.get("title") or "",
                    description=texts.get("description") or "",
                    tags=texts.get("tags") or (),
                    creator=texts.get("credit") or "",
                    sidecar=_xmp_beside(path),
                    location_shown=self.location_shown,
                )
            outcome = Outcome(str(path), "taken", "", photo.public_id)
        except DuplicateUpload as error:
            photo = error.photo
            outcome = Outcome(str(path), "duplicate", str(error), photo.public_id)
        except RefusedUpload as error:
            return Outcome(str(path), "refused", str(error))
        except OSError as error:
            return Outcome(str(path), "refused", f"The file cannot be read: {error.strerror}.")
        album = path.parent.name if self.folders_as_albums else self.album
        if album:
            services.add_to_album(services.get_album(self.owner, album), photo)
        return outcome


def find_pictures(paths: list[Path]) -> Iterator[Path]:
    """Yield the files named, and the pictures in the folders named, in order of name."""
    for path in paths:
        if path.is_dir():
            for found in sorted(path.rglob("*")):
                if found.suffix.lower() in PICTURE_SUFFIXES and found.is_file():
                    yield found
        else:
            yield path


def _xmp_beside(path: Path) -> str:
    """Return the packet in `photo.jpg.xmp` or `photo.xmp` beside photo.jpg, or ""."""
    for beside in (path.with_name(f"{path.name}.xmp"), path.with_suffix(".xmp")):
        for name in (beside, beside.with_suffix(".XMP")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if name.stat().st_size <= MAX_XMP_BYTES:
                    return name.read_text(encoding="utf-8-sig")
    return ""


def read_sidecar(path: Path) -> dict[str, dict]:
    """Read a sidecar: a JSON list of {"file", "title", "description", "tags", "credit"}.

    Raises ValueError, with a sentence, when it is not one.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {entry["file"]: entry for entry in entries}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f'The sidecar {path} must be a JSON list of objects with "file": {error}'
        ) from error
