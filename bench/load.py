"""A synthetic gallery in the real tables, as ingest, indexing and encoding would leave it.

Words go through search.documents; rows go in by COPY, with triggers off: what they would do is
done here. Ids are numbered, so that peers can name photos by their number.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from multiprocessing import get_context
from uuid import UUID

import numpy as np
from django.db import connection
from django.utils.text import slugify

from bench import synthetic
from bench.synthetic import CHUNK, DIMENSIONS, Chunk, World
from embeddings import spaces
from embeddings.levels import levels, normalised
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from search import postings
from search.documents import Document, analyse, fields_of
from search.reconcile import bm25_weights

PROCESSES = 2
WRONGLY_EMPTY = 0.02  # share of neutral queries that the floor may leave empty in one leg
CALIBRATION = 2000  # photos and
CALIBRATION_QUESTIONS = 500  # questions, of another seed than those that are measured
PHOTO_COLUMNS = (
    "id owner_id public_id file_key share_token title description original_name original "
    "content_hash width height size_bytes media_type taken_at taken_offset_minutes camera lens "
    "focal_length_mm f_number iso place location_shown copyright creator licence metadata "
    "placeholder colours renditions renditions_public state failure attempts embedded_at "
    "indexed_at visibility featured published_at listed changed_at random_key created_at updated_at"
).split()
RENDITIONS = (
    '[{"width": 320, "height": 213, "format": "webp", "size_bytes": 9000},'
    ' {"width": 640, "height": 427, "format": "webp", "size_bytes": 31000},'
    ' {"width": 1280, "height": 853, "format": "webp", "size_bytes": 110000}]'
)
PLACEHOLDER = "data:image/webp;base64," + "A" * 160


def photo_id(number: int) -> UUID:
    """Return the id of a photo; numbers are mixed, so that ids come in no order."""
    return UUID(int=(number * 0x9E3779B97F4A7C15_F39CC0605CEDC835 + 1) % (1 << 128))


_world: World | None = None


def _begin(seed: int) -> None:
    global _world
    _world = World(seed)


def _drawn(task: tuple[int, int]) -> tuple[Chunk, list[Document]]:
    chunk = _world.chunk(*task)
    return chunk, [analyse(fields_of(entry, entry.tags)) for entry in chunk.entries]


def chunks(count: int, seed: int) -> Iterator[tuple[int, Chunk, list[Document]]]:
    """Yield (number of the first photo, photos, documents), drawn by PROCESSES at once."""
    tasks = [(i, min(CHUNK, count - i * CHUNK)) for i in range(-(-count // CHUNK))]
    with get_context("fork").Pool(PROCESSES, _begin, [seed]) as pool:
        for (number, _), (chunk, documents) in zip(tasks, pool.imap(_drawn, tasks), strict=True):
            yield number * CHUNK, chunk, documents


def load(count: int, seed: int = 1, *, report=print) -> EmbeddingSpace:
    """Fill an empty, migrated database with a gallery; return its active space."""
    world = World(seed)
    space = _space(world)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("DROP INDEX document_tokens")
    connection.cursor().execute(
        "INSERT INTO gallery_photographer (id, name, slug, bio) VALUES (1, 'Bench', 'bench', '')"
    )
    tags: dict[str, int] = {}
    terms: dict[str, int] = {}
    words: set[str] = set()
    frequency: Counter[int] = Counter()
    captions = space.bank("captions")
    average, total_length = 0.0, 0.0
    for first, chunk, documents in chunks(count, seed):
        average = average or sum(one.length for one in documents) / len(documents)
        total_length += sum(one.length for one in documents)
        _copy_photos(first, chunk, tags)
        _copy_vectors(space, ImageVector, first, chunk.image_vectors, captions)
        _copy_vectors(space, TextVector, first, chunk.text_vectors, captions)
        for one in documents:
            words |= one.words
            for term in one.term_frequency:
                frequency[terms.setdefault(term, len(terms) + 1)] += 1
        _copy_documents(first, documents, terms, average)
        report(f"{first + len(documents):,} photos stored")
    _copy(
        "gallery_tag",
        ("id", "name", "slug"),
        [(pk, name, slugify(name) or str(pk)) for name, pk in tags.items()],
    )
    _copy(
        "search_term",
        ("id", "text", "document_frequency", "is_word"),
        ((pk, text[:100], frequency[pk], text in words) for text, pk in terms.items()),
    )
    albums = range(1, -(-count // synthetic.PHOTOS_AN_ALBUM) + 1)
    _copy(
        "gallery_album",
        ("id", "owner_id", "title", "slug", "description", "visibility", "created_at"),
        ((pk, 1, f"Album {pk}", f"album-{pk}", "", "public", "2024-01-01") for pk in albums),
    )
    _copy(
        "gallery_albumphoto",
        ("album_id", "photo_id", "position"),
        (
            (number // synthetic.PHOTOS_AN_ALBUM + 1, photo_id(number), number)
            for number in range(count)
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO search_corpusstatistics "
            "(id, documents, total_length, average_length, next_number, generation) "
            "VALUES (1, %s, %s, %s, %s, 1)",
            [count, total_length, average, count],
        )
        for table in ("gallery_photographer", "gallery_tag", "gallery_album", "search_term"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        cursor.execute("SET session_replication_role = origin")
    return space


def build_indexes(space: EmbeddingSpace, memory: str) -> dict[str, float]:
    """Build what the bulk load left out; return seconds by index. memory: maintenance_work_mem."""
    seconds = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, false)", [memory])
        cursor.execute("SET max_parallel_maintenance_workers = 2")
        start = time.perf_counter()
        cursor.execute("CREATE INDEX document_tokens ON search_photodocument USING gin (tsv)")
        postings.rebuild()
        seconds["words"] = time.perf_counter() - start
        start = time.perf_counter()
        spaces.create_indexes(space)
        seconds["vectors"] = time.perf_counter() - start
        cursor.execute("VACUUM ANALYZE")
    return seconds


def _space(world: World) -> EmbeddingSpace:
    captions, pictures = world.banks()
    space = EmbeddingSpace.objects.create(
        name="bench",
        image_model="none",
        text_model="none",
        dimensions=DIMENSIONS,
        revision="bench",
        state=EmbeddingSpace.State.ACTIVE,
        caption_bank=captions.astype(np.float16).tobytes(),
        image_bank=pictures.astype(np.float16).tobytes(),
    )
    space.floor = _floor(world, space)
    space.save(update_fields=["floor"])
    return space


def _floor(world: World, space: EmbeddingSpace) -> dict:
    """Calibrate gates on photos and questions that the gallery does not have."""
    chunk = world.chunk(1_000_000, CALIBRATION)
    asked = np.stack([one.vector for one in world.questions(CALIBRATION_QUESTIONS, seed=0)])
    floor = {}
    for leg, vectors, bank in (
        ("image", chunk.image_vectors, "images"),
        ("text", chunk.text_vectors, "captions"),
    ):
        scores = normalised(
            asked @ vectors.T,
            levels(vectors, space.bank("captions"))[None, :],
            levels(asked, space.bank(bank))[:, None],
        )
        gate = float(np.quantile(scores.max(axis=1), WRONGLY_EMPTY))
        floor[leg] = {"gate": gate, "keep": gate}
    return floor


def _copy(table: str, columns, rows) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _copy_photos(first: int, chunk: Chunk, tags: dict[str, int]) -> None:
    chance = np.random.default_rng(first)
    keys = chance.random(len(chunk.entries))
    rows, tagged = [], []
    for number, (entry, key) in enumerate(zip(chunk.entries, keys, strict=True), start=first):
        pk = photo_id(number)
        taken = entry.taken_at.replace(tzinfo=UTC)
        published = taken + timedelta(days=30)
        width, height = (4000, 6000) if entry.is_portrait else (6000, 4000)
        rows.append((
            pk, 1, f"b{number}", f"f{number}", f"s{number}", entry.title, entry.description,
            f"DSC_{number}.jpg", f"originals/{number}.jpg", f"{number:064x}", width, height,
            9_000_000, "image/jpeg", taken, 60, entry.camera, entry.lens, entry.focal_length_mm,
            entry.f_number, entry.iso, entry.public_place, True, "", "", "", "{}", PLACEHOLDER,
            entry.colours, RENDITIONS, True, "ready", "", 1, published, published, "public",
            False, published, True, published, float(key), published, published,
        ))  # fmt: skip
        tagged += [(pk, tags.setdefault(tag, len(tags) + 1)) for tag in entry.tags]
    _copy("gallery_photo", PHOTO_COLUMNS, rows)
    _copy("gallery_photo_tags", ("photo_id", "tag_id"), tagged)


def _copy_vectors(space, model, first: int, vectors: np.ndarray, captions: np.ndarray) -> None:
    rows = zip(range(first, first + len(vectors)), vectors, levels(vectors, captions), strict=True)
    _copy(
        model._meta.db_table,
        ("space_id", "photo_id", "vector", "input_hash", "level", "listed"),
        (
            (space.pk, photo_id(number), "[" + ",".join(f"{x:.5g}" for x in vector) + "]",
             f"{number:064x}", float(level), True)
            for number, vector, level in rows
        ),
    )  # fmt: skip


def _copy_documents(first: int, documents, terms: dict[str, int], average: float) -> None:
    rows = []
    for number, one in enumerate(documents, start=first):
        frequencies = {terms[text]: count for text, count in one.term_frequency.items()}
        weights = bm25_weights(frequencies, one.length, average)
        rows.append((
            photo_id(number), number, one.tsv, weights.to_text(), one.length, one.language,
            f"{number:064x}", True,
        ))  # fmt: skip
    _copy(
        "search_photodocument",
        ("photo_id", "number", "tsv", "weights", "length", "language", "input_hash", "listed"),
        rows,
    )
