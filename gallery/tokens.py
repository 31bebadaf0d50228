"""Tokens of the API: made, shown once, looked up by their hash, revoked."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from gallery.models import ApiToken, Photographer

MARK = "pictures_"  # so that who finds one, a scanner of leaked secrets too, knows what it is
SECRET_BYTES = 32
SHOWN = len(MARK) + 4  # characters that tell one's tokens apart, of 43 more
USE_NOTED_EVERY = timedelta(hours=1)


def make_token(
    *, owner: Photographer, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token; return it and its secret, which nobody can ever read again."""
    secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        scopes=sorted(scopes),
        expires_at=expires_at,
        secret_hash=_hash(secret),
        prefix=secret[:SHOWN],
    )
    return token, secret


def token_of(secret: str) -> ApiToken | None:
    """Return the token with this secret, or None for one that does not work (any more).

    The secret is random and found by its hash: how long that takes tells nothing of others.
    """
    usable = ApiToken.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=Now()),
        revoked_at=None,
        owner__user__is_active=True,
        owner__user__is_staff=True,
    )
    return usable.select_related("owner__user").filter(secret_hash=_hash(secret)).first()


def note_use(token: ApiToken) -> None:
    """Write down that a token was used, at most once an hour."""
    past = timezone.now() - USE_NOTED_EVERY
    if token.last_used_at is None or token.last_used_at < past:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=Now())


def revoke(tokens: QuerySet[ApiToken]) -> int:
    """End tokens for good; return how many there were."""
    return tokens.filter(revoked_at=None).update(revoked_at=Now())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
