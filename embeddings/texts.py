"""The text of a photo that its text vector stands for."""

from gallery.models import Photo


def photo_text(photo: Photo) -> str:
    """Return title, description, tags and shown place as sentences; empty if there are none.

    Tags are read from the prefetched relation, if it is there. The most telling comes first:
    a text tower cuts what is too long for it.
    """
    tags = ", ".join(sorted(tag.name for tag in photo.tags.all()))
    parts = (photo.title, photo.description, tags, photo.public_place)
    return " ".join(f"{part.strip().rstrip('.')}." for part in parts if part and part.strip())
