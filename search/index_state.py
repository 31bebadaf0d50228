"""How far the indexes are, as lists of results name it, and what came between two states."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import UUID

from django.core.cache import cache

from embeddings import spaces
from embeddings.models import EmbeddingSpace
from gallery.cache import ADDITIONS_SECONDS, State, indexed_key, state_now
from search.models import CorpusStatistics

MOST_STEPS = 300  # between two states that are followed
MOST_ADDED = 200  # photos; beyond, a list is quicker made anew


@dataclass(frozen=True)
class IndexState:
    """What a list of results is made of; as text, the name of its snapshot.

    words: generation of the word index. withdrawn: documents, see CorpusStatistics. vectors: the
    space that serves and its generation, None for a list of words alone. additions: to the gallery,
    for a list that depends on more than the indexes hold.
    """

    words: int
    withdrawn: int
    documents: int = field(compare=False)
    vectors: tuple[int, int] | None = None
    additions: int | None = None

    def __str__(self) -> str:
        parts = [f"{self.words}-{self.withdrawn}"]
        if self.vectors:
            parts.append("v{}-{}".format(*self.vectors))
        if self.additions is not None:
            parts.append(f"a{self.additions:x}")
        return ".".join(parts)

    def of_words(self) -> "IndexState":
        return replace(self, vectors=None)

    def added_since(self, before: "IndexState") -> list[UUID] | None:
        """Return the photos that the indexes got since an earlier state, if nothing else changed.

        None: something else did, nobody knows, or they are too many.
        """
        if (self.withdrawn, self.additions) != (before.withdrawn, before.additions):
            return None
        steps = [indexed_key("words", step) for step in range(before.words + 1, self.words + 1)]
        if self.vectors != before.vectors:
            if not self.vectors or not before.vectors or self.vectors[0] != before.vectors[0]:
                return None
            space, latest = self.vectors
            since = range(before.vectors[1] + 1, latest + 1)
            steps += [indexed_key(f"vectors {space}", step) for step in since]
        if not 0 < len(steps) <= MOST_STEPS:
            return None
        found = cache.get_many(steps)
        if len(found) < len(steps):
            return None
        added = {photo_id for ids in found.values() for photo_id in ids}
        return list(added) if len(added) <= MOST_ADDED else None


def read_index() -> tuple[IndexState, EmbeddingSpace | None]:
    """Return the state of the indexes now, and the space that serves, in one query."""
    space = spaces.active_space(corpus=CorpusStatistics.beside())
    corpus = CorpusStatistics.of(space.corpus) if space else CorpusStatistics.now()
    vectors = (space.pk, space.generation) if space else None
    return IndexState(corpus.generation, corpus.withdrawn, corpus.documents, vectors), space


class Index:
    """What a search needs to know of the indexes, read once."""

    @cached_property
    def gallery(self) -> State | None:
        return state_now()

    @property
    def generation(self) -> int | None:
        """Of the gallery; None while Redis is away, and nothing is kept."""
        return self.gallery.generation if self.gallery else None

    @property
    def additions(self) -> int | None:
        """To the gallery, that are to be seen."""
        return self.gallery.additions if self.gallery else None

    @cached_property
    def state(self) -> IndexState:
        """How it was up to gallery.cache.ADDITIONS_SECONDS ago."""
        key = f"index_state:{self.gallery}"
        found = cache.get(key) if self.gallery else None
        if found is None:
            found, self.space = read_index()
            if self.gallery:
                cache.set(key, found, ADDITIONS_SECONDS)
        return found

    @cached_property
    def space(self) -> EmbeddingSpace | None:
        return spaces.active_space()
