"""A visitor's taste: what they hearted and opened, in one signed cookie. The server keeps nothing.

The cookie: `hAAAAAAAAAA.oBBBBBBBBBB~SEEN`, the newest first, h for hearted, o for opened, and
behind the ~ what the last pages of recommendations showed.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.core import signing

COOKIE = "taste"
MAX_AGE_SECONDS = 180 * 24 * 3600
MOST_SIGNALS = 30
MOST_SEEN = 96  # photos: the last four pages
MARK_BYTES = 3  # of a photo that was seen: one in 16 million others is taken for it
HEARTED, OPENED = "h", "o"

_SIGNALS = re.compile(r"(?:[ho][1-9A-HJ-NP-Za-km-z]{1,16}(?:\.|$))*")


@dataclass(frozen=True)
class Taste:
    """hearted, opened: public ids, newest first; a photo is in one of them. seen: packed marks."""

    signals: tuple[tuple[str, str], ...] = ()  # (kind, public id), newest first
    seen: bytes = b""

    @property
    def hearted(self) -> list[str]:
        return [public_id for kind, public_id in self.signals if kind == HEARTED]

    @property
    def opened(self) -> list[str]:
        return [public_id for kind, public_id in self.signals if kind == OPENED]

    def with_signal(self, kind: str, public_id: str) -> "Taste":
        """Return it with a photo as the newest. A heart is not undone by opening the photo."""
        if kind == OPENED and public_id in self.hearted:
            return self
        others = self.without(public_id).signals
        return replace(self, signals=((kind, public_id), *others)[:MOST_SIGNALS])

    def without(self, public_id: str) -> "Taste":
        kept = tuple(one for one in self.signals if one[1] != public_id)
        return replace(self, signals=kept)

    def has_seen(self, photo_id: UUID) -> bool:
        return _mark(photo_id) in self._marks

    @cached_property
    def _marks(self) -> frozenset[bytes]:
        starts = range(0, len(self.seen), MARK_BYTES)
        return frozenset(self.seen[at : at + MARK_BYTES] for at in starts)

    def remembering(self, count: int) -> "Taste":
        """Return it as if only the last `count` photos had been seen."""
        return replace(self, seen=self.seen[: max(0, count) * MARK_BYTES])

    def having_seen(self, photo_ids: Iterable[UUID]) -> "Taste":
        """Return it with photos that were shown just now."""
        marks = b"".join(map(_mark, photo_ids))
        return replace(self, seen=(marks + self.seen)[: MOST_SEEN * MARK_BYTES])


def _mark(photo_id: UUID) -> bytes:
    return photo_id.bytes[:MARK_BYTES]  # random bits of a version 4


def _signer() -> signing.Signer:
    return signing.Signer(salt="taste")


def taste_of(request) -> Taste:
    """Read a visitor's taste; of a cookie that is missing or made up, none."""
    try:
        text = _signer().unsign(request.COOKIES.get(COOKIE, ""))
        signals, _, seen = text.partition("~")
        if not _SIGNALS.fullmatch(signals):
            return Taste()
        found = tuple((one[0], one[1:]) for one in signals.split(".") if one)
        return Taste(found[:MOST_SIGNALS], base64.urlsafe_b64decode(seen))
    except (signing.BadSignature, binascii.Error):
        return Taste()


def remember(response, taste: Taste) -> None:
    """Send a taste along. Scripts may read it: pages that are the same for all show hearts so."""
    signals = ".".join(kind + public_id for kind, public_id in taste.signals)
    response.set_cookie(
        COOKIE,
        _signer().sign(f"{signals}~{base64.urlsafe_b64encode(taste.seen).decode()}"),
        max_age=MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget(response) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")
