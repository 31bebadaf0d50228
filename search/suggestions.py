"""Complete what is being typed: with words of listed photos, and with their titles."""

from django.db import connection

from search import vocabulary
from search.analysis import fold, is_cjk, is_stop_word, last_run, words
from search.documents import IN_TITLE, quoted
from search.query import MAX_WORDS, clean
from search.sql import sql_of

MAX_SUGGESTIONS = 8
MAX_TITLES = 3
SHORTEST_PREFIX = 2  # letters; one is enough of CJK
WORD_CANDIDATES = 24  # some are stop words, or of photos that were hidden since
TITLE_CANDIDATES = 1000


def suggestions(text: str) -> list[str]:
    """Return up to MAX_SUGGESTIONS queries that begin as a text does; words first, then titles.

    Costs at most three SQL queries.
    """
    typed = clean(text)
    run = last_run(typed) if text == text.rstrip() else ""
    if run and not is_cjk(run) and len(fold(run)) < SHORTEST_PREFIX:
        return []
    titles = _titles(typed, is_typing=bool(run))
    completed = _completed(typed, run)[: MAX_SUGGESTIONS - len(titles)]
    found: dict[str, str] = {}
    for one in (*completed, *titles):
        found.setdefault(fold(one), one)
    found.pop(fold(typed), None)
    return list(found.values())


def _completed(typed: str, run: str) -> list[str]:
    """Return the text with its last run of letters completed to words, the most frequent first."""
    if not run:
        return []
    # CJK is indexed as bigrams: the last character is completed to one.
    prefix = fold(run[-1] if is_cjk(run) else run)
    kept = run[:-1] if is_cjk(run) else ""
    found = {
        kept + word: _adjacent(words(kept + word))
        for word in vocabulary.words_with_prefix(prefix, WORD_CANDIDATES)
        if word != prefix and not is_stop_word(word)
    }
    listed = vocabulary.matched_now(found.values())
    before = typed.removesuffix(run)
    return [before + one for one, tsquery in found.items() if tsquery in listed]


def _titles(typed: str, *, is_typing: bool) -> list[str]:
    """Return titles that have all that was typed, in order; is_typing: the last word may go on."""
    found = words(typed)
    if not 0 < len(found) <= MAX_WORDS:
        return []
    last = "*" if is_typing else ""
    parameters = {
        "words": _adjacent(found, last=f":{last}" if last else ""),
        "in_title": _adjacent(found, every=f":{IN_TITLE}", last=last),
        "typed": typed.lower(),
        "candidates": TITLE_CANDIDATES,
        "depth": MAX_TITLES,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql_of("suggested_titles"), parameters)
        return [row[0] for row in cursor.fetchall()]


def _adjacent(found: list[str], *, every: str = "", last: str = "") -> str:
    """Return a tsquery of words that follow each other, with flags on each and on the last."""
    return " <-> ".join(quoted(word) + every for word in found) + last
