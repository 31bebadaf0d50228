"""What a visitor may like: photos near those they liked, and others by chance."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import numpy as np

from embeddings import spaces
from embeddings.models import RRF_K, EmbeddingSpace, ImageVector
from gallery.models import Photo
from search import cache, engine, retrievers
from search.index_state import read_index
from search.taste import Taste

PAGE_SIZE = 24
SEEDS = 6  # drawn anew for each page
NEIGHBOURS = 40  # of each seed; more diverse than those of a mean vector (measured)
SERENDIPITY = 0.4  # share of a page that taste does not choose
HEART, LOOK = 3.0, 1.0  # weights of signals
FADING = 0.95  # of a signal's weight with each newer one
POOL_RANDOM, POOL_FRESH, POOL_FEATURED = 240, 60, 60
THEMES = 36  # that the pool is divided into; more than a page has places


@dataclass(frozen=True)
class Recommended:
    """Why a photo is recommended: because of a photo that it is near to; None: by chance."""

    because: Photo | None


def recommend(
    taste: Taste, limit: int = PAGE_SIZE, *, chance: random.Random | None = None
) -> list[Photo]:
    """Return photos for a visitor, none of them seen on the last pages nor liked already.

    With a taste they carry why they are `recommended`.
    In a gallery of less than two pages a page is half of it, so that the next can be another.
    """
    chance = chance or random.Random()
    index, space = read_index()
    documents = index.documents
    limit = min(limit, max(1, documents // 2))
    liked = _liked(taste)
    near = _near(space, liked, taste, chance)
    known = {photo.pk for photo in liked}
    # In a small gallery older pages come again, else nothing would be left.
    taste = taste.remembering(documents - limit - len(known))

    def is_new(photo_id: UUID) -> bool:
        return photo_id not in known and not taste.has_seen(photo_id)

    near = {one: found for one, found in near.items() if is_new(one)}
    chosen = _sample(near, math.floor(limit * (1 - SERENDIPITY)), chance)
    pool = (one for one in _mixed(varied_pool(), chance) if is_new(one) and one not in chosen)
    others = list(islice(pool, limit - len(chosen)))
    if len(others) + len(chosen) < limit:  # all of the pool is known: whatever there is
        more = engine.random_ids(2 * limit)
        others += [one for one in more if is_new(one) and one not in {*chosen, *others}]
        others = others[: limit - len(chosen)]
    order = [*chosen, *others]
    chance.shuffle(order)
    photos = engine.photos_in_order(order)
    for photo in photos if taste.signals else ():
        photo.recommended = Recommended(near[photo.pk][1] if photo.pk in chosen else None)
    return photos


def _liked(taste: Taste) -> list[Photo]:
    """Return the photos of a taste that are listed still, the newest signal first."""
    ids = [public_id for _, public_id in taste.signals]
    if not ids:
        return []
    photos = Photo.objects.listed().filter(public_id__in=ids)
    photos = photos.only("public_id", "title", "visibility")
    found = {photo.public_id: photo for photo in photos}
    return [found[one] for one in ids if one in found]


def _near(
    space: EmbeddingSpace | None, liked: Sequence[Photo], taste: Taste, chance: random.Random
) -> dict[UUID, tuple[float, Photo]]:
    """Return {photo id: (score, the seed that it is nearest to)} around a few liked photos."""
    if not liked or space is None or not space.is_prepared:
        return {}
    hearted = set(taste.hearted)
    weights = {
        photo.pk: (HEART if photo.public_id in hearted else LOOK) * FADING**age
        for age, photo in enumerate(liked)
    }
    seeds = _weighted_sample(weights, SEEDS, chance)
    by_id = {photo.pk: photo for photo in liked}
    near: dict[UUID, tuple[float, Photo]] = {}
    for seed_id, found in retrievers.neighbours(space, seeds, NEIGHBOURS).items():
        seed = by_id[seed_id]
        for rank, packed in enumerate(found, start=1):
            photo_id, score = UUID(bytes=packed), weights[seed.pk] / (RRF_K + rank)
            before, best = near.get(photo_id, (0.0, seed))
            near[photo_id] = (before + score, best if before >= score else seed)
    return near


def _sample(near: dict[UUID, tuple[float, Photo]], count: int, chance: random.Random) -> list[UUID]:
    """Draw the better ones more often, and of no seed more than twice its share."""
    seeds = {seed.pk for _, seed in near.values()}
    most = math.ceil(2 * count / len(seeds)) if seeds else 0
    drawn: list[UUID] = []
    taken: dict[UUID, int] = {}
    scores = {photo_id: score for photo_id, (score, _) in near.items()}
    for photo_id in _weighted_sample(scores, len(scores), chance):
        seed = near[photo_id][1].pk
        if len(drawn) < count and taken.get(seed, 0) < most:
            drawn.append(photo_id)
            taken[seed] = taken.get(seed, 0) + 1
    return drawn


def _weighted_sample(weights: dict, count: int, chance: random.Random) -> list:
    """Draw without replacement, each as likely as its weight among those left.

    Source: Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006.
    """
    keys = {one: chance.random() ** (1 / weight) for one, weight in weights.items()}
    return sorted(keys, key=keys.__getitem__, reverse=True)[:count]


# --- A mix for those of whom nothing is known ----------------------------------------------
def varied_pool() -> list[tuple[UUID, int]]:
    """Return (photo id, theme) of some listed photos: by chance, fresh, featured. Cached."""
    return cache.recommendation_pool(_pool)


def _pool() -> list[tuple[UUID, int]]:
    listed = Photo.objects.listed().newest()
    fresh = listed.values_list("pk", flat=True)[:POOL_FRESH]
    featured = listed.filter(featured=True).values_list("pk", flat=True)[:POOL_FEATURED]
    ids = list(dict.fromkeys([*engine.random_ids(POOL_RANDOM), *fresh, *featured]))
    themes = _themes(ids, spaces.active_space())
    # What has no vector yet is a theme of its own.
    return [(one, themes.get(one, THEMES + number)) for number, one in enumerate(ids)]


def _themes(ids: Iterable[UUID], space: EmbeddingSpace | None) -> dict[UUID, int]:
    """Divide photos into THEMES: around those whose vectors are farthest from each other."""
    if space is None:
        return {}
    rows = list(
        ImageVector.objects.filter(space=space, photo__in=list(ids)).values_list(
            "photo_id", "vector"
        )
    )
    if not rows:
        return {}
    vectors = np.asarray([row[1] for row in rows], np.float32)
    nearest = vectors @ vectors[0]  # cosine to the nearest centre
    theme = np.zeros(len(rows), int)
    for number in range(1, min(THEMES, len(rows))):
        cosines = vectors @ vectors[int(nearest.argmin())]
        theme[cosines > nearest] = number
        nearest = np.maximum(nearest, cosines)
    return {row[0]: int(number) for row, number in zip(rows, theme, strict=True)}


def _mixed(pool: list[tuple[UUID, int]], chance: random.Random) -> list[UUID]:
    """Put a pool in an order in which no theme comes twice before each came once."""
    themes: dict[int, list[UUID]] = {}
    for photo_id, theme in chance.sample(pool, len(pool)):
        themes.setdefault(theme, []).append(photo_id)
    order = chance.sample(list(themes.values()), len(themes))
    longest = max(map(len, order), default=0)
    return [theme[place] for place in range(longest) for theme in order if place < len(theme)]
