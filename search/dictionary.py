"""Words of the site's languages: one of them is no misspelling, though no photo here has it."""

import threading
from functools import cache

import numpy as np
from django.conf import settings
from spellchecker import SpellChecker

from search.analysis import fold

_lock = threading.Lock()


def is_word(folded: str) -> bool:
    """Tell whether a folded word is in the dictionary of any of SEARCH_LANGUAGES."""
    with _lock:  # many threads may ask first; one loads
        known = _hashes()
    place = np.searchsorted(known, hash(folded))
    return bool(place < len(known) and known[place] == hash(folded))


def warm() -> None:
    """Load the dictionaries, about a second; not in a thread: this process may fork next."""
    is_word("")


@cache
def _hashes() -> np.ndarray:
    """Return the hashes of all words, sorted; 8 bytes a word instead of some hundred."""
    found = set()
    for language in settings.SEARCH_LANGUAGES:
        if language in SpellChecker.languages():
            checker = SpellChecker(language=language)
            found |= {
                hash(word if word.isascii() else fold(word))
                for word in checker.word_frequency.words()
            }
    return np.array(sorted(found), dtype=np.int64)
