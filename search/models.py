"""The word index: one document a listed photo, its terms, and the corpus' statistics."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Count, Q, Subquery
from django.db.models.functions import Coalesce, JSONObject
from pgvector.django import SparseVectorField

SPARSE_DIMENSIONS = 100_000_000  # term ids stay below; pgvector takes up to 1e9


class PhotoDocument(models.Model):
    """What the word index knows of a listed photo. Disposable: rebuild_search makes it anew.

    Only search.reconcile removes documents, so that document frequencies stay exact: a document
    outlives its photo until then, unlisted at once by a trigger. A document that holds a place
    which is shown no more is withdrawn by a trigger: unlisted until it is written anew.
    """

    WITHDRAWN = ""  # input_hash that no text has

    photo = models.OneToOneField(
        "gallery.Photo",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="+",
    )
    number = models.IntegerField(
        unique=True, help_text="In the postings; kept as long as the document, never given again."
    )
    tsv = SearchVectorField(help_text="Our own tokens with positions; never to_tsvector.")
    weights = SparseVectorField(
        dimensions=SPARSE_DIMENSIONS, help_text="BM25 weight of each term id, without idf."
    )
    length = models.FloatField(help_text="Tokens, weighted by field.")
    language = models.CharField(max_length=2)
    input_hash = models.CharField(max_length=64, help_text="SHA-256 of the analysed text.")
    listed = models.BooleanField(help_text="Copy of the photo's, kept true by a trigger.")

    class Meta:
        indexes = [
            # Phrases, exclusions and suggestions.
            GinIndex(fields=["tsv"], name="document_tokens"),
            # What filters leave, as numbers.
            models.Index(
                "photo", include=["number"], condition=Q(listed=True), name="document_numbers"
            ),
            # Documents that reconcile has to take away.
            models.Index("photo", condition=Q(listed=False), name="document_unlisted"),
        ]


class Term(models.Model):
    """A term of the vocabulary. document_frequency counts the documents that hold it."""

    # Its index for LIKE, which Django makes, finds words by prefix in any collation.
    text = models.CharField(max_length=100, unique=True)
    document_frequency = models.IntegerField(default=0)
    is_word = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Somebody wrote it; it is not only a stem or a part of words. True stays true "
        "until rebuild_search.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(document_frequency__gte=0), name="document_frequency_not_negative"
            )
        ]

    def __str__(self):
        return self.text


class PostingBlock(models.Model):
    """The postings of one term among documents in a row, packed: see search.postings."""

    pk = models.CompositePrimaryKey("term_id", "block")
    term = models.ForeignKey(
        Term, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    block = models.IntegerField(help_text="Number of the documents / search.postings.BLOCK.")
    postings = models.BinaryField()


class CorpusStatistics(models.Model):
    """The one row of statistics that BM25 needs."""

    documents = models.IntegerField(default=0)
    total_length = models.FloatField(default=0)
    average_length = models.FloatField(
        help_text="Pinned: every stored weight was made with it. Two of them never mix."
    )
    next_number = models.IntegerField(default=0, help_text="Of the next document that is new.")
    generation = models.IntegerField(default=0, help_text="Moves with every change of the index.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_row_of_statistics")]

    # Documents, set by now() and of(). They are counted so that who withdraws one locks no row of
    # statistics that others wait for.
    withdrawn = 0

    @classmethod
    def now(cls) -> "CorpusStatistics":
        """Return the row as it is now; of an index that was never written, an empty one."""
        return cls._rows().first() or cls()

    @classmethod
    def beside(cls) -> Subquery:
        """Return the row as an expression, to be read in a query of something else: see of()."""
        names = ("documents", "generation", "withdrawn")
        return Subquery(cls._rows().values(json=JSONObject(**{name: name for name in names})))

    @classmethod
    def of(cls, read: dict | None) -> "CorpusStatistics":
        """Return what now() does, as far as beside() has read it."""
        row = cls()
        for name, value in (read or {}).items():
            setattr(row, name, value)
        return row

    @classmethod
    def _rows(cls) -> models.QuerySet["CorpusStatistics"]:
        documents = PhotoDocument.objects.filter(listed=False, input_hash=PhotoDocument.WITHDRAWN)
        count = documents.order_by().values("listed").annotate(count=Count("pk")).values("count")
        return cls.objects.annotate(withdrawn=Coalesce(Subquery(count), 0))
