"""What can be wrong with something a person asked of the gallery. Messages are for people."""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class GalleryError(Exception):
    """Base of the gallery's own errors.

    message: may have places for values, as in "%(limit)s MB". Both stay apart until somebody reads
    them, in their own language.
    """

    def __init__(self, message: str, **values):
        self.message, self.values = message, values
        super().__init__(message, values)

    def __str__(self):
        message = gettext(self.message)
        return message % self.values if self.values else message


class RefusedUpload(GalleryError):
    """The file is not taken. The message says why and what to do."""


class DuplicateUpload(GalleryError):
    """The owner has this very file already, as `photo`."""

    def __init__(self, photo):
        self.photo = photo
        name = f"“{photo}”"
        if photo.binned_at:
            message = f"This file is already there, in the bin, as {name}: restore it."
        elif photo.state == photo.State.FAILED:
            message = f"This file is already there as {name}, but failed: retry it."
        else:
            message = f"This file is already there as {name}."
        super().__init__(message)


class StorageAway(GalleryError):
    """The storage cannot be reached, so nothing was taken. It may work in a moment."""

    def __init__(self):
        super().__init__("The storage cannot be reached, so nothing was taken. Try again.")


class WrongOffset(GalleryError):
    """A piece does not begin where the upload stands, at `offset_bytes`."""

    def __init__(self, offset_bytes: int):
        self.offset_bytes = offset_bytes
        super().__init__(f"The upload stands at byte {offset_bytes}: go on from there.")


class UnreadablePicture(GalleryError):
    """The file was taken, but its pixels cannot be read. The message says why."""


class Busy(GalleryError):
    """Too many ask for the same at this moment. It may work in the next."""

    def __init__(self):
        super().__init__(_("Too many pictures are looked at right now. Try again in a moment."))
