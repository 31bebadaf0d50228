"""Text to tokens: the one place where documents and queries are taken apart.

NFKC, lower case, accents folded. A word is kept whole and, where it mixes letters and digits, in
parts as well. Chinese, Japanese and Korean become overlapping bigrams; documents carry the single
characters too, for queries of one. Documents carry the stem in their own language; a query word
carries its stems in all languages of the site.
"""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import snowballstemmer
from django.conf import settings

MAX_TOKEN_LENGTH = 64
STEMS_KEPT = 50_000  # of a process: some megabytes
MAX_PIECES = 4  # of a model name; what has more is a serial number and is kept whole

_STEMMERS = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip

# Without those that name something to see in another language: hat, war, son, sin, or, sur.
_STOP_WORDS = {
    "en": "a an and are as at be by for from has he her his in into is it its of on or she that "
    "the their there they this to was we were which with you your i my me not but over under",
    "de": "aber als am an auf aus bei das dem den der des die ein eine einem einen einer eines er "
    "es für ich im in ist mit nach nicht oder sich sie sind über um und unter von vor wie wir zu "
    "zum zur",
    "fr": "au aux avec ce ces dans de des du elle en est et il ils je la le les leur mais ne nous "
    "on ou par pas pour qui sa se ses sous un une vous d l",
    "es": "al con de del el ella en es esta este la las le lo los mas mi no o para pero por que se "
    "si sobre su sus un una unas unos y",
    "zh": "的 了 和 在 是 我 你 他 她 它 有 与 及 这 那",
}

_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
# Vowel signs and the like, without which words of Hindi or Thai fall apart.
_MARKS = "".join(
    chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
_WORD = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}](?:[^\W_{_CJK}]|[{_MARKS}])*")
_IS_CJK = re.compile(rf"[{_CJK}]")
_PART = re.compile(r"\d+|[^\W\d_]+")
# Marks of Latin, Greek and Cyrillic letters. A voicing mark makes another kana: it stays.
_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class Token:
    """One position of a document: alternatives that all stand there."""

    forms: tuple[str, ...]


def fold(text: str) -> str:
    """Return the text in NFKC, lower case, without accents."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    decomposed = unicodedata.normalize("NFD", text)
    stripped = _ACCENTS.sub("", decomposed)
    return unicodedata.normalize("NFC", stripped)


def words(text: str) -> list[str]:
    """Return the folded words of a text in order; CJK runs as overlapping bigrams."""
    found = []
    for run in _WORD.findall(fold(text)):
        if is_cjk(run):
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            found.append(run[:MAX_TOKEN_LENGTH])
    return found


def is_cjk(word: str) -> bool:
    return bool(_IS_CJK.match(word))


def with_words_replaced(text: str, replacements: dict[str, str]) -> str:
    """Return the text with words replaced by what stands for them, folded; the rest as typed."""
    return _WORD.sub(lambda found: replacements.get(fold(found[0]), found[0]), text)


def last_run(text: str) -> str:
    """Return the word, or the run of CJK, that a text ends with, as typed; else nothing."""
    end = 0
    for found in _WORD.finditer(text):
        end, run = found.end(), found[0]
    return run if 0 < end == len(text) else ""


def parts(word: str) -> tuple[str, ...]:
    """Return what a mixed word is also called: x100v -> x, x100, 100, 100v, v; else nothing."""
    pieces = _PART.findall(word)
    count = len(pieces)
    if not 1 < count <= MAX_PIECES:
        return ()
    runs = (pieces[i:j] for i in range(count) for j in range(i + 1, count + 1) if j - i < count)
    return tuple("".join(run) for run in runs)


_stemmers = threading.local()  # a stemmer keeps the word it works on: threads must not share one


def _stemmer(language: str):
    made = _stemmers.__dict__
    if language not in made:
        name = _STEMMERS.get(language)
        made[language] = snowballstemmer.stemmer(name) if name else None
    return made[language]


@cache
def stop_words(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _STOP_WORDS.get(language, "").split())


def is_stop_word(word: str) -> bool:
    """Tell whether a folded word is a stop word in any language of the site."""
    return any(word in stop_words(language) for language in settings.SEARCH_LANGUAGES)


@lru_cache(maxsize=STEMS_KEPT)
def stem(word: str, language: str) -> str:
    """Return the stem of a folded word; words with digits and CJK are their own."""
    stemmer = _stemmer(language)
    if stemmer is None or not word.isalpha() or is_cjk(word):
        return word
    return fold(stemmer.stemWord(word))


def guess_language(text: str) -> str:
    """Return the language of SEARCH_LANGUAGES whose stop words are most frequent in the text."""
    found = words(text)
    if 2 * sum(map(is_cjk, found)) > len(found):
        return "zh"
    counts = {
        language: sum(word in stop_words(language) for word in found)
        for language in settings.SEARCH_LANGUAGES
    }
    best = max(counts, key=counts.get)
    return best if counts[best] else settings.SEARCH_LANGUAGES[0]


def document_tokens(text: str, language: str) -> list[Token]:
    """Return the positions of a document's text: each word with its stem and its parts."""
    tokens = []
    for word in words(text):
        characters = word if is_cjk(word) else ()
        forms = dict.fromkeys((word, stem(word, language), *parts(word), *characters))
        if tokens and (whole := joined(tokens[-1].forms[0], word)):
            forms[whole] = None  # "X100 V" is found as "x100v" too
        tokens.append(Token(tuple(forms)))
    return tokens


def joined(left: str, right: str) -> str | None:
    """Return two neighbours as one model name, if one has digits and the other is short."""
    if is_cjk(left) or is_cjk(right):
        return None
    has_digit = any(one.isdigit() for one in left + right)
    if has_digit and min(len(left), len(right)) <= 2 and not (left + right).isdigit():
        return (left + right)[:MAX_TOKEN_LENGTH]
    return None


def query_forms(word: str) -> tuple[str, ...]:
    """Return a folded query word and its stems in all languages; scored as one term."""
    stems = (stem(word, language) for language in settings.SEARCH_LANGUAGES)
    return tuple(dict.fromkeys((word, *stems)))
