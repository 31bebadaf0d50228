"""Files in storage: what may go wrong with it, what is durable, and how files go for good."""

import json
import logging
import os
import urllib.request
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db.models.functions import Now

from gallery.models import FileTrash

# What a storage raises while it is away; FileNotFoundError, an OSError too, says more.
STORAGE_ERRORS = (OSError, BotoCoreError, ClientError)
PURGE_BATCH = 30  # URLs a call; Cloudflare takes no more
PURGE_TIMEOUT_SECONDS = 10
REFUSED_PAUSE = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def local_path(storage: Storage, name: str) -> Path | None:
    """Return where a file lies on this machine, or None for remote storage."""
    try:
        return Path(storage.path(name))
    except NotImplementedError:
        return None


def make_durable(storage: Storage, name: str) -> None:
    """Flush a local file to its disk, so that no commit outlives the bytes it speaks of.

    Remote storage has done so when it answers.
    """
    path = local_path(storage, name)
    if path is None:
        return
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def trash(
    alias: str, names: list[str], *, after: timedelta = timedelta(0), asked_for: bool = False
) -> None:
    """Note files that have to go, in the transaction that makes them stale.

    asked_for: pages that were sent may ask for them until then, see `hurry`.
    """
    due_at = Now() + after
    FileTrash.objects.bulk_create(
        [FileTrash(storage=alias, name=name, due_at=due_at, asked_for=asked_for) for name in names],
        ignore_conflicts=True,
    )


def keep(alias: str, names: list[str]) -> None:
    """Take files out of the trash, in the transaction that makes them needed."""
    FileTrash.objects.filter(storage=alias, name__in=names).delete()


def hurry(prefix: str) -> None:
    """Have the files whose names begin so deleted now, although pages may ask for them."""
    FileTrash.objects.filter(name__startswith=prefix, asked_for=True).update(due_at=Now())


def empty_trash(*, most: int | None = None) -> None:
    """Delete the files in the trash and have the CDN forget them. What is gone already is fine.

    What storage or CDN refuses is tried again later and holds up nothing else.
    most: how many files at most, for callers whom somebody waits for.
    """
    due = list(FileTrash.objects.filter(due_at__lte=Now()).order_by("due_at", "pk")[:most])
    for start in range(0, len(due), PURGE_BATCH):
        batch = due[start : start + PURGE_BATCH]
        refused = {entry.pk for entry in batch if not delete(entry.storage, entry.name)}
        public = [one for one in batch if one.storage == "renditions" and one.pk not in refused]
        try:
            purge([storages["renditions"].url(entry.name) for entry in public])
        except (OSError, HTTPException) as error:
            logger.warning("The CDN was not told to forget %s files: %s", len(public), error)
            refused |= {entry.pk for entry in public}
        FileTrash.objects.filter(pk__in=refused).update(due_at=Now() + REFUSED_PAUSE)
        FileTrash.objects.filter(pk__in={entry.pk for entry in batch} - refused).delete()


def delete(alias: str, name: str) -> bool:
    """Delete a file; return False when storage refuses. What is gone already is fine."""
    try:
        storages[alias].delete(name)
    except STORAGE_ERRORS as error:
        logger.warning("%s: %s could not be deleted: %s", alias, name, error)
        return False
    return True


def purge(urls: list[str]) -> None:
    """Ask the CDN to forget these URLs; does nothing without CDN_PURGE_URL.

    Raises OSError or HTTPException when it does not take the request.
    """
    if not urls or not settings.CDN_PURGE_URL:
        return
    request = urllib.request.Request(
        settings.CDN_PURGE_URL,
        data=json.dumps({"files": urls}).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {settings.CDN_PURGE_TOKEN}",
        },
    )
    with urllib.request.urlopen(request, timeout=PURGE_TIMEOUT_SECONDS):
        pass
