"""What a visitor typed, as a SearchQuery. Anything malformed is read as words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from embeddings.cache import as_asked, normalise
from search.analysis import is_stop_word, joined, query_forms, words
from search.filters import Filter, kind_named

MAX_QUERY_LENGTH = 500
MAX_WORDS = 32  # terms, and words of a phrase or an alternative
MAX_FILTERS = 16

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # Postgres takes neither
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
_DASH = re.compile(r"(?<!\S)[–−](?=\S)")  # before a word, as phones write a minus
_PIECE = re.compile(
    r'(?P<minus>-?)(?:(?P<name>[^\W\d_][\w-]*):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))'
)
_OR = "OR"

# Words that follow each other, each as its alternative forms.
Sequence = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SearchQuery:
    """A parsed query.

    text: as typed, trimmed. semantic: the positive words, for the encoders.
    terms: query words, each as its alternative forms; words joined by OR are one term.
    required: of each group at least one sequence, phrases joined by OR; excluded: none.
    Both and the filters restrict all rankings.
    """

    text: str
    semantic: str
    terms: tuple[tuple[str, ...], ...]
    required: tuple[tuple[Sequence, ...], ...] = ()
    excluded: tuple[Sequence, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.semantic and not self.filters

    def asked(self, sort: str) -> tuple:
        """Return all that results depend on; queries that differ in nothing else share them."""
        filters = sorted((one.name, one.value.lower(), one.excluded) for one in self.filters)
        words = (self.terms, self.required, self.excluded, as_asked(self.semantic))
        return *words, *filters, sort

    @property
    def words_text(self) -> str:
        """The text without its filters."""
        return without_filters(self.text)


@dataclass(frozen=True)
class _Item:
    """A positive word or phrase, and the folded words in it."""

    text: str
    folded: tuple[str, ...]
    is_phrase: bool


def clean(text: str) -> str:
    """Return a query as it is kept and shown: storable, trimmed, not too long."""
    return " ".join(_UNSTORABLE.sub(" ", text).split())[:MAX_QUERY_LENGTH].rstrip()


def parse(text: str) -> SearchQuery:
    """Read a query: words, "phrases", OR, -exclusions, name:value filters. Never raises."""
    text = clean(text)
    groups: list[list[_Item]] = []
    excluded, filters = [], []
    joins = False
    for piece in _pieces(text):
        minus, name, phrase, word = piece.group("minus", "name", "phrase", "word")
        if word == _OR and groups and not (minus or name):
            joins = True
            continue
        if name and (kind := kind_named(name)):
            filters.append(Filter(kind, " ".join((phrase or word or "").split()), bool(minus)))
            continue
        typed = word if phrase is None else phrase
        if name:  # not a filter of ours: words
            typed = f"{name} {typed}"
        item = _Item(typed.replace('"', " "), tuple(words(typed)[:MAX_WORDS]), phrase is not None)
        if minus and item.folded:
            excluded.append(item)
        elif joins:
            groups[-1].append(item)
        else:
            groups.append([item])
        joins = False
    phrases = [group for group in groups if any(item.is_phrase and item.folded for item in group)]
    return SearchQuery(
        text=text,
        semantic=" ".join(" ".join(item.text for group in groups for item in group).split()),
        terms=_terms(groups, exactly=bool(phrases)),
        required=tuple(_sequences(group) for group in phrases[:MAX_WORDS]),
        excluded=tuple(_any_form(item.folded) for item in excluded[:MAX_WORDS]),
        filters=tuple(dict.fromkeys(one for one in filters if one.value))[:MAX_FILTERS],
    )


def _pieces(text: str) -> Iterable[re.Match]:
    # One character may be eighteen in its compatibility form.
    normal = normalise(text)[:MAX_QUERY_LENGTH]
    return _PIECE.finditer(_DASH.sub("-", normal.translate(_QUOTES)))


def without_filters(text: str) -> str:
    """Return a query's text without what became filters."""
    kept = (
        piece[0]
        for piece in _pieces(clean(text))
        if not (piece["name"] and kind_named(piece["name"]))
    )
    return " ".join(kept)


def with_filters(text: str, filters: Iterable[Filter]) -> str:
    """Return a query's text with filters written behind it."""
    return " ".join((text, *map(str, filters))).strip()


def _sequences(group: list[_Item]) -> tuple[Sequence, ...]:
    """Return what phrases and words that OR joins stand for; a phrase is taken to the letter."""
    return tuple(
        tuple((word,) for word in item.folded) if item.is_phrase else _any_form(item.folded)
        for item in [item for item in group if item.folded][:MAX_WORDS]
    )


def _any_form(folded: tuple[str, ...]) -> Sequence:
    return tuple(query_forms(word) for word in folded)


def _terms(groups: list[list[_Item]], *, exactly: bool) -> tuple[tuple[str, ...], ...]:
    """Return each term with its forms; of "x100 v" each carries the whole name as well.

    exactly: stop words alone are terms too, because somebody asked for just these words.
    """
    # One word a term, or all the words that OR joins.
    found: list[tuple[str, ...]] = []
    for group in groups:
        if len(group) == 1:
            found += [(word,) for word in group[0].folded]
        elif any(folded := [item.folded for item in group]):
            either = dict.fromkeys(word for each in folded for word in each)
            found.append(tuple(either)[:MAX_WORDS])
    found = list(dict.fromkeys(found))[:MAX_WORDS]
    telling = [
        kept for term in found if (kept := tuple(word for word in term if not is_stop_word(word)))
    ]
    if exactly and not telling:
        telling = found
    forms = [[form for word in term for form in query_forms(word)] for term in telling]
    for i in range(len(telling) - 1):
        left, right = telling[i], telling[i + 1]
        if len(left) == len(right) == 1 and (whole := joined(left[0], right[0])):
            forms[i].append(whole)
            forms[i + 1].append(whole)
    return tuple(tuple(dict.fromkeys(each)) for each in forms)
