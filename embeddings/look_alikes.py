"""Tell gallery which photos may show the same, by their vectors; pixels decide there."""

from django.db import connection, transaction

from embeddings.models import EmbeddingSpace
from embeddings.sql import sql_of
from gallery import duplicates
from gallery.models import Photo

DEPTH = 5  # neighbours of a photo whose pixels are looked at
LEAST_COSINE = 0.9  # of real CLIP's, near-duplicates have 0.95 and more; of the small one's less


def suspect_look_alikes(photos: list[Photo], space: EmbeddingSpace) -> None:
    """Have gallery compare photos with those of the same owner whose vectors are near."""
    by_id = {photo.pk: photo for photo in photos}
    parameters = {"photo_ids": list(by_id), "depth": DEPTH, "least_cosine": LEAST_COSINE}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        cursor.execute(statement(space), parameters)
        for photo_id, near in cursor.fetchall():
            duplicates.suspect(by_id[photo_id], near)


def statement(space: EmbeddingSpace) -> str:
    """Return the SQL that finds them in a space."""
    names = {"space_id": int(space.pk), "dimensions": int(space.dimensions)}
    return sql_of("look_alikes").format(**names)
