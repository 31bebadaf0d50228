"""Compare the word index with what it should hold, and write the difference."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count, islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Now
from pgvector import SparseVector

from gallery.cache import forget_pages, note_indexed
from gallery.models import Photo
from search import bm25, postings
from search.documents import Document, analyse, input_hash, photo_fields
from search.models import SPARSE_DIMENSIONS, CorpusStatistics, PhotoDocument, Term
from search.sql import sql_of

BATCH_SIZE = 200
FIRST_AVERAGE_LENGTH = 20.0
# Up to this many documents the average is pinned anew as soon as it is off by this much.
REPIN_DOCUMENTS = 2000
REPIN_RATIO = 0.1


def due_photos():
    """Return the photos whose document may be out of date."""
    document = PhotoDocument.objects.filter(photo=OuterRef("pk"))
    return Photo.objects.filter(
        Q(indexed_at=None) | Q(indexed_at__lt=F("changed_at")),
        Q(state=Photo.State.READY) | Exists(document),
    )


def orphans():
    """Return the documents of photos that were deleted; a trigger has unlisted them."""
    photo = Photo.objects.filter(pk=OuterRef("photo_id"))
    return PhotoDocument.objects.filter(~Exists(photo), listed=False)


def index_due(limit: int = BATCH_SIZE) -> int:
    """Index up to `limit` due photos; return how many there were."""
    due = due_photos().order_by("created_at", "id")
    photo_ids = list(due.values_list("pk", flat=True)[:limit])
    photo_ids += orphans().values_list("pk", flat=True)[: limit - len(photo_ids)]
    if photo_ids:
        reconcile(photo_ids)
    return len(photo_ids)


def reconcile(photo_ids: Iterable[UUID], *, reweigh: bool = False) -> None:
    """Bring the documents of these photos, and the statistics, up to date in one transaction.

    A listed photo has a document; any other has none, nor has one that is gone. One writer at a
    time.
    reweigh: write documents anew even if their text did not change.
    """
    photo_ids = list(photo_ids)
    with transaction.atomic():
        statistics = lock_statistics()
        photos = _locked(photo_ids)
        _write(photo_ids, photos, statistics, reweigh=reweigh)
        for photo in photos:
            Photo.objects.filter(pk=photo.pk, changed_at=photo.changed_at).update(indexed_at=Now())
    # In a transaction of its own: it touches documents whose photos are not locked.
    if _average_is_off(statistics):
        repin()


def _locked(photo_ids: list[UUID]) -> list[Photo]:
    """Return the photos that still exist. Nobody hides or edits one before we commit."""
    return list(Photo.objects.filter(pk__in=photo_ids).locked().prefetch_related("tags"))


def lock_statistics() -> CorpusStatistics:
    """Become the single writer until the transaction ends; return the statistics."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('search.reconcile'))")
    return CorpusStatistics.objects.get_or_create(
        pk=1, defaults={"average_length": FIRST_AVERAGE_LENGTH}
    )[0]


def repin() -> None:
    """Pin the average length of today and weigh all documents with it, as one generation.

    Weights are made from weights: photos are neither read nor locked.
    """
    with transaction.atomic():
        statistics = lock_statistics()
        with connection.cursor() as cursor:
            # Who hides a photo meanwhile waits for this short while, before he holds a document.
            cursor.execute("LOCK TABLE search_photodocument IN SHARE ROW EXCLUSIVE MODE")
        old_average, statistics.average_length = (
            statistics.average_length,
            _true_average(statistics),
        )
        documents = PhotoDocument.objects.only("weights", "length").order_by("pk")
        for batch in _batches(documents.iterator(chunk_size=BATCH_SIZE)):
            _update_weights(batch, old_average, statistics.average_length)
        postings.rebuild()
        statistics.generation += 1
        statistics.save()


def _batches(documents: Iterable[PhotoDocument]) -> Iterator[list[PhotoDocument]]:
    documents = iter(documents)
    while batch := list(islice(documents, BATCH_SIZE)):
        yield batch


def _update_weights(documents: list[PhotoDocument], old_average: float, new_average: float) -> None:
    rows = []
    for document in documents:
        frequencies = {
            term_id: bm25.term_frequency(weight, document.length, old_average)
            for term_id, weight in zip(
                document.weights.indices(), document.weights.values(), strict=True
            )
        }
        weights = bm25_weights(frequencies, document.length, new_average)
        rows.append((weights.to_text(), document.pk))
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE search_photodocument SET weights = %s::sparsevec WHERE photo_id = %s", rows
        )


def recount() -> None:
    """Make the vocabulary and the corpus anew from the documents that are stored."""
    with transaction.atomic():
        statistics = lock_statistics()
        with connection.cursor() as cursor:
            cursor.execute(sql_of("recount_terms"))
        totals = PhotoDocument.objects.aggregate(count=Count("pk"), length=Sum("length"))
        statistics.documents = totals["count"]
        statistics.total_length = totals["length"] or 0.0
        statistics.generation += 1
        forget_pages()
        statistics.save()


def _average_is_off(statistics: CorpusStatistics) -> bool:
    if statistics.documents > REPIN_DOCUMENTS:
        return False
    return abs(_true_average(statistics) / statistics.average_length - 1) > REPIN_RATIO


def _true_average(statistics: CorpusStatistics) -> float:
    """Return the average length of all documents; of none, or of empty ones, a usual one."""
    if statistics.total_length <= 0:
        return FIRST_AVERAGE_LENGTH
    return statistics.total_length / statistics.documents


def _write(
    photo_ids: list[UUID], photos: list[Photo], statistics: CorpusStatistics, *, reweigh: bool
) -> None:
    """Write what differs. photos: those of photo_ids that exist, locked."""
    stored = PhotoDocument.objects.defer("tsv").in_bulk(photo_ids)
    listed = [photo for photo in photos if photo.listed]
    gone = [stored[pk] for pk in stored.keys() - {photo.pk for photo in listed}]
    analysed: dict[UUID, tuple[str, Document]] = {}
    for photo in listed:
        old = stored.get(photo.pk)
        fields = photo_fields(photo)
        digest = input_hash(fields)
        if reweigh or old is None or old.input_hash != digest:
            analysed[photo.pk] = (digest, analyse(fields))
    term_ids = _term_ids(
        {term for _, one in analysed.values() for term in one.term_frequency},
        words={word for _, one in analysed.values() for word in one.words},
    )
    numbers = count(statistics.next_number)
    new = [
        PhotoDocument(
            photo_id=photo_id,
            number=stored[photo_id].number if photo_id in stored else next(numbers),
            tsv=document.tsv,
            weights=bm25_weights(
                {term_ids[term]: tf for term, tf in document.term_frequency.items()},
                document.length,
                statistics.average_length,
            ),
            length=document.length,
            language=document.language,
            input_hash=digest,
            listed=True,
        )
        for photo_id, (digest, document) in analysed.items()
    ]
    replaced = [stored[one.photo_id] for one in new if one.photo_id in stored]
    change: Counter[int] = Counter()
    for document in new:
        change.update(document.weights.indices())
    for document in (*gone, *replaced):
        change.subtract(document.weights.indices())
    PhotoDocument.objects.filter(pk__in=[one.pk for one in gone]).delete()
    _upsert(new)
    postings.change(old=(*gone, *replaced), new=new)
    _change_document_frequencies(change)
    statistics.next_number = next(numbers)
    statistics.documents += len(new) - len(replaced) - len(gone)
    statistics.total_length += sum(one.length for one in new)
    statistics.total_length -= sum(one.length for one in (*gone, *replaced))
    if new or gone:
        statistics.generation += 1
        if replaced or gone:
            forget_pages()
        else:
            note_indexed("words", statistics.generation, (one.photo_id for one in new))
    statistics.save()


def _upsert(documents: list[PhotoDocument]) -> None:
    # Written as SQL: the ORM would wrap the tsvector literal into to_tsvector.
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO search_photodocument
                   (photo_id, number, tsv, weights, length, language, input_hash, listed)
            VALUES (%s, %s, %s::tsvector, %s::sparsevec, %s, %s, %s, %s)
                ON CONFLICT (photo_id) DO UPDATE
               SET (tsv, weights, length, language, input_hash, listed) =
                   (excluded.tsv, excluded.weights, excluded.length, excluded.language,
                    excluded.input_hash, excluded.listed)
            """,
            [
                (
                    one.photo_id, one.number, one.tsv, one.weights.to_text(), one.length,
                    one.language, one.input_hash, one.listed,
                )
                for one in documents
            ],
        )  # fmt: skip


def _term_ids(terms: set[str], *, words: set[str]) -> dict[str, int]:
    """Return the ids of terms; new ones join the vocabulary with no document yet.

    words: the terms that somebody wrote as they are; remembered in the vocabulary.
    Only new terms are inserted: ON CONFLICT would use up an id for each that is known.
    """
    known = dict(Term.objects.filter(text__in=terms).values_list("text", "pk"))
    Term.objects.filter(text__in=words & known.keys(), is_word=False).update(is_word=True)
    new = [Term(text=term, is_word=term in words) for term in sorted(terms - known.keys())]
    return known | {term.text: term.pk for term in Term.objects.bulk_create(new)}


def bm25_weights(
    frequencies: dict[int, float], length: float, average_length: float
) -> SparseVector:
    """Return the BM25 weights of term ids, from their term frequencies."""
    return SparseVector(
        {
            term_id: bm25.weight(frequency, length, average_length)
            for term_id, frequency in frequencies.items()
        },
        SPARSE_DIMENSIONS,
    )


def _change_document_frequencies(change: Counter[int]) -> None:
    changed = {term_id: by for term_id, by in change.items() if by}
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE search_term SET document_frequency = document_frequency + changed.by
                  FROM unnest(%s::bigint[], %s::int[]) AS changed (id, by)
                 WHERE search_term.id = changed.id
                """,
                [list(changed), list(changed.values())],
            )
