"""A photo's texts as one analysed document."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gallery.models import Photo
from search.analysis import document_tokens, guess_language
from search.bm25 import FIELD_WEIGHTS

ANALYSIS_VERSION = 3  # raise it when tokens or field weights change; then run rebuild_search
FIELD_GAP = 10  # positions between fields, so that no phrase spans two
LAST_POSITION = 16383  # of a tsvector
MAX_CHARACTERS = 100_000  # of a field that are read
# Weights of a tsvector mark words as somebody wrote them; stems, parts and names joined have none.
IN_TITLE, ELSEWHERE = "A", "B"
MAX_TERMS = 3000  # so that a tsvector (1 MB) and a sparsevec (16,000 elements) hold any text


@dataclass(frozen=True)
class Document:
    """term_frequency: term -> frequency weighted by field. length: tokens weighted by field.

    words: the terms that are words as somebody wrote them, not stems, parts or joined names.
    """

    tsv: str
    term_frequency: dict[str, float]
    words: frozenset[str]
    length: float
    language: str


def photo_fields(photo: Photo) -> dict[str, str]:
    """Return the texts of a photo by field; tags come from the prefetched relation."""
    return fields_of(photo, (tag.name for tag in photo.tags.all()))


def fields_of(described, tags: Iterable[str]) -> dict[str, str]:
    """Return the texts by field of what has a photo's attributes, and tags of these names."""
    return {
        "title": described.title,
        "tags": " , ".join(sorted(tags)),
        "place": described.public_place,
        "description": described.description,
        "camera": f"{described.camera} , {described.lens}",
    }


def input_hash(fields: dict[str, str]) -> str:
    """Return the SHA-256 of everything that a document is made of."""
    return hashlib.sha256(json.dumps([ANALYSIS_VERSION, fields]).encode()).hexdigest()


def analyse(fields: dict[str, str]) -> Document:
    """Take a photo's texts apart into weighted terms and a tsvector literal with positions."""
    language = guess_language(" ".join((fields["title"], fields["description"])))
    frequency: Counter[str] = Counter()
    positions: dict[str, list[str]] = {}
    written: set[str] = set()
    length, position = 0.0, 0
    for name, field_weight in FIELD_WEIGHTS.items():
        mark = IN_TITLE if name == "title" else ELSEWHERE
        for token in document_tokens(fields[name][:MAX_CHARACTERS], language):
            if position >= LAST_POSITION or len(frequency) >= MAX_TERMS:
                break
            position += 1
            length += field_weight
            word = token.forms[0]
            written.add(word)
            for form in token.forms:
                frequency[form] += field_weight
                place = f"{position}{mark}" if form == word else f"{position}"
                positions.setdefault(form, []).append(place)
        position += FIELD_GAP
    tsv = " ".join(f"{quoted(form)}:{','.join(found[:255])}" for form, found in positions.items())
    return Document(tsv, dict(frequency), frozenset(written), length, language)


def quoted(lexeme: str) -> str:
    """Return a token as a quoted lexeme for a tsvector or tsquery literal."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
