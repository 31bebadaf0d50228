"""What a visitor typed, as a SearchQuery. Anything malformed is read as words."""

import re
from dataclasses import dataclass

from embeddings.cache import normalise
from search.analysis import is_stop_word, joined, query_forms, words

MAX_QUERY_LENGTH = 500
MAX_WORDS = 32

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # Postgres takes neither
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
_DASH = re.compile(r"(?<!\S)[–−](?=\S)")  # before a word, as phones write a minus
_PIECE = re.compile(r'(-?)"([^"]*)"|(\S+)')


@dataclass(frozen=True)
class SearchQuery:
    """A parsed query.

    text: as typed, trimmed. semantic: the positive words, for the encoders.
    terms: query words, each as its alternative forms. phrases: each a sequence of folded words.
    excluded: each a sequence of words, as their alternative forms. Both restrict all rankings.
    """

    text: str
    semantic: str
    terms: tuple[tuple[str, ...], ...]
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[tuple[str, ...], ...], ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.semantic

    @property
    def is_restricted(self) -> bool:
        return bool(self.phrases or self.excluded)


def parse(text: str) -> SearchQuery:
    """Read a query: words, "phrases", -exclusions. Never raises."""
    text = " ".join(_UNSTORABLE.sub(" ", text).split())[:MAX_QUERY_LENGTH].rstrip()
    read = _DASH.sub("-", normalise(text).translate(_QUOTES))
    positive, phrases, excluded = [], [], []
    for piece in _PIECE.finditer(read):
        minus, phrase, word = piece.groups()
        if word is not None:
            minus, phrase = ("-", word[1:]) if word.startswith("-") else ("", word)
        found = tuple(words(phrase))
        if minus and found:
            excluded.append(tuple(query_forms(one) for one in found))
            continue
        positive.append(phrase.replace('"', " "))
        if word is None and found:
            phrases.append(found)
    semantic = " ".join(" ".join(positive).split())
    folded = list(dict.fromkeys(words(semantic)))[:MAX_WORDS]
    telling = [word for word in folded if not is_stop_word(word)]
    if phrases and not telling:
        telling = folded  # somebody asked for exactly these words
    return SearchQuery(
        text=text,
        semantic=semantic,
        terms=_terms(telling),
        phrases=tuple(phrases),
        excluded=tuple(excluded),
    )


def _terms(folded: list[str]) -> tuple[tuple[str, ...], ...]:
    """Return each word with its forms; of "x100 v" each carries the whole name as well."""
    groups = [list(query_forms(word)) for word in folded]
    for i in range(len(folded) - 1):
        if whole := joined(folded[i], folded[i + 1]):
            groups[i].append(whole)
            groups[i + 1].append(whole)
    return tuple(tuple(dict.fromkeys(group)) for group in groups)
