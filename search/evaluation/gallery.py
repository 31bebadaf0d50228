"""Photos hung in the evaluation's own database, and a visitor who asks for them.

Photos have no files: their words go through search.reconcile, their vectors are stored as
embeddings.reconcile stores them, and questions go through search.engine.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import numpy as np
from django.db import transaction
from django.db.models import F

from embeddings import spaces
from embeddings.cache import as_asked, store_query_vector
from embeddings.demo_model.scenes import SCENES
from embeddings.demo_model.stories import stories
from embeddings.encoder import Encoder
from embeddings.levels import levels
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from embeddings.texts import photo_text
from gallery import services
from gallery.cache import forget_pages
from gallery.models import Photo, Photographer, Tag
from search import engine, reconcile, retrievers, vocabulary
from search.engine import SearchPage
from search.query import parse
from search.results import Hit

OWNER = "Evaluation"
NAMES = UUID("5e1f7d0c-2d0b-4a52-9a5b-7d3d8c1b6a10")  # ids, and with them ties, are the same twice
WRITTEN_AT_ONCE = 500  # rows
DENSE_LEGS = engine.LEGS
LEGS = ("bm25", *DENSE_LEGS)
FUSED = "fused"
PATIENCE = 3  # times that a vector is stored anew if Redis was too slow for its time limit


class NotOurDatabase(Exception):
    """The database holds photos of a site: nothing may be measured, or removed, there."""


@dataclass(frozen=True)
class Exhibit:
    """A photo to hang. label: what it shows; pixels: its vector, (dimensions,) float32."""

    label: str
    pixels: np.ndarray
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    place: str = ""


def exhibit(scene: str, number: int, vectors: np.ndarray) -> Exhibit:
    """Return the scene's picture of a number with the words that the demo gallery gives it.

    vectors: (scenes, pictures, dimensions). Beyond the last picture they begin anew.
    """
    told = stories(scene)
    story = told[number % len(told)]
    pictures = vectors[list(SCENES).index(scene)]
    return Exhibit(
        label=scene,
        pixels=pictures[number % len(pictures)],
        title=story.title,
        description=story.description,
        tags=tuple(story.tags),
        place=story.place,
    )


@dataclass
class Gallery:
    """What hangs now. labels: of each photo."""

    space: EmbeddingSpace
    encoder: Encoder
    labels: dict[UUID, str] = field(default_factory=dict)
    _hangings: int = 0
    _text_vectors: dict[str, np.ndarray] = field(default_factory=dict)

    def hang(self, exhibits: Sequence[Exhibit]) -> None:
        """Replace all photos by these, indexed and embedded.

        Raises NotOurDatabase where other photos are.
        """
        owner = services.get_photographer(name=OWNER)
        if Photo.objects.exclude(owner=owner).exists():
            raise NotOurDatabase("The evaluation needs a database without a site: `make eval`.")
        self._hangings += 1
        with transaction.atomic():
            Photo.objects.filter(owner=owner).delete()
            photos = self._store(owner, exhibits)
        while reconcile.index_due():
            pass
        vocabulary.forget()  # a process looks only once a minute which words there are
        self._embed(photos, exhibits)
        forget_pages()
        self.labels = {photo.pk: one.label for photo, one in zip(photos, exhibits, strict=True)}

    def _store(self, owner: Photographer, exhibits: Sequence[Exhibit]) -> list[Photo]:
        photos = [
            Photo(
                id=uuid5(NAMES, f"{self._hangings} {number} {one.label}"),
                owner=owner,
                title=one.title,
                description=one.description,
                place=one.place,
                location_shown=True,
                original=f"originals/{number}.jpg",
                content_hash=f"{number:064x}",
                size_bytes=1,
                media_type="image/jpeg",
                width=3,
                height=2,
                state=Photo.State.READY,
            )
            for number, one in enumerate(exhibits)
        ]
        Photo.objects.bulk_create(photos, batch_size=WRITTEN_AT_ONCE)
        names = {name for one in exhibits for name in one.tags}
        tags = {name: Tag.objects.get_or_create(name=name, slug=name)[0] for name in sorted(names)}
        Photo.tags.through.objects.bulk_create(
            [
                Photo.tags.through(photo=photo, tag=tags[name])
                for photo, one in zip(photos, exhibits, strict=True)
                for name in one.tags
            ],
            batch_size=WRITTEN_AT_ONCE,
        )
        return photos

    def _embed(self, photos: list[Photo], exhibits: Sequence[Exhibit]) -> None:
        stored = Photo.objects.prefetch_related("tags").in_bulk([photo.pk for photo in photos])
        texts = [photo_text(stored[photo.pk]) for photo in photos]
        new = sorted(set(texts) - self._text_vectors.keys())
        if new:
            self._text_vectors |= zip(new, self.encoder.encode_texts(new), strict=True)
        pixels = np.stack([one.pixels for one in exhibits])
        words = np.stack([self._text_vectors[text] for text in texts])
        captions = spaces.bank(self.space, "captions")
        for model, vectors in ((ImageVector, pixels), (TextVector, words)):
            model.objects.bulk_create(
                [
                    model(
                        space=self.space, photo=photo, vector=vector, level=float(level),
                        input_hash=hashlib.sha256(vector.tobytes()).hexdigest(),
                        listed=stored[photo.pk].listed,
                    )
                    for photo, vector, level in zip(
                        photos, vectors, levels(vectors, captions), strict=True
                    )
                ],
                batch_size=WRITTEN_AT_ONCE,
            )  # fmt: skip
        EmbeddingSpace.objects.filter(pk=self.space.pk).update(generation=F("generation") + 1)


@dataclass(frozen=True)
class Nearest:
    """How near the nearest photo of a dense leg is: by plain cosine, and by s of the floor."""

    cosine: float
    score: float


class Visitor:
    """Asks the engine, and sees to it that it has each query's vector."""

    def __init__(self, space: EmbeddingSpace, encoder: Encoder):
        self.space = space
        self.encoder = encoder
        self._vectors: dict[str, np.ndarray] = {}

    def prepare(self, texts: Iterable[str]) -> None:
        """Encode queries together, where a worker would encode each as it comes."""
        new = sorted({_encoded(text) for text in texts} - self._vectors.keys())
        if not new:
            return
        for text, vector in zip(new, self.encoder.encode_texts(new), strict=True):
            self._vectors[text] = vector
            store_query_vector(text, self.space, vector)

    def rankings(self, text: str) -> dict[str, list[UUID]]:
        """Return the whole list of results as FUSED, and what each of LEGS gave to it."""
        hits = list(self._hits(text))
        by_leg = {
            leg: sorted((hit for hit in hits if hit.ranks[leg]), key=lambda hit: hit.ranks[leg])
            for leg in LEGS
        }
        return {name: [hit.photo_id for hit in found] for name, found in by_leg.items()} | {
            FUSED: [hit.photo_id for hit in hits]
        }

    def finds_nothing(self, text: str, ranking: str) -> bool:
        """Tell whether one of LEGS, or the whole search as FUSED, answers with nothing."""
        return not any(ranking == FUSED or hit.ranks[ranking] for hit in self._hits(text))

    def _hits(self, text: str) -> Iterator[Hit]:
        """Walk through the pages of results as links between them do."""
        query = parse(text)
        page = self._first_page(text)
        while True:
            yield from (photo.hit for photo in page.photos)
            if not page.has_next:
                return
            page = engine.search(query, page=page.next_number, snapshot=page.snapshot)

    def _first_page(self, text: str) -> SearchPage:
        self.prepare([text])
        for _ in range(PATIENCE):
            page = engine.search(parse(text))
            if page.semantic:
                return page
            # The engine corrected the query, or Redis did not take the vector in time.
            asked = as_asked((page.corrected or page.query).semantic)
            self.prepare([asked])
            store_query_vector(asked, self.space, self._vectors[asked])
        raise RuntimeError(f"The engine does not get the vector of {text!r}: is Redis away?")

    def nearest(self, text: str) -> dict[str, Nearest]:
        """Return how near each dense leg's nearest photo is, whatever the floor says; exact."""
        self.prepare([text])
        vector = self._vectors[_encoded(text)]
        found = {}
        for leg in DENSE_LEGS:
            ranking = retrievers.rank_by_vector(leg, self.space, vector, exactly=True)
            scores = engine.floor_scores(leg, self.space, vector, ranking)
            found[leg] = Nearest(cosine=float(ranking.cosines[0]), score=float(scores.max()))
        return found


def _encoded(text: str) -> str:
    """Return what of a query's text is encoded."""
    return as_asked(parse(text).semantic)
