"""Text to tokens."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.analysis import (
    document_tokens,
    fold,
    guess_language,
    is_stop_word,
    query_forms,
    stem,
    words,
)
from search.query import parse


def document_terms(text: str, language: str = "en") -> set[str]:
    return {form for token in document_tokens(text, language) for form in token.forms}


def matches(query: str, text: str, language: str = "en") -> bool:
    """Tell whether every word of the query stands in the text in some form."""
    held = document_terms(text, language)
    return all(set(forms) & held for forms in parse(query).terms)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Café CRÈME", "cafe creme"),
        ("Straße", "strasse"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("ﬁn", "fin"),
        ("Ñandú", "nandu"),
        ("e\u0301te\u0301", "ete"),
        ("İstanbul", "istanbul"),
        ("が", "が"),  # a voiced kana is a letter of its own, not an accent
        ("ёлка", "елка"),
    ],
)
def test_folding(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\x00 !?", []),
        ("ﬁsh ½", ["fish", "1", "2"]),
        ("sea海边sand", ["sea", "海边", "sand"]),
        ("Harbour lights, 1/250 s", ["harbour", "lights", "1", "250", "s"]),
        ("l'été à Paris", ["l", "ete", "a", "paris"]),
        ("snake_case", ["snake", "case"]),
        ("高山湖", ["高山", "山湖"]),
        ("山", ["山"]),
        ("富士山 Fuji", ["富士", "士山", "fuji"]),
        ("佐々木", ["佐々", "々木"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("ภูเขา", ["ภูเขา"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("X100V", "Fujifilm X100V"),
        ("x100 v", "Fujifilm X100V"),
        ("X100V", "Fujifilm X100 V"),
        ("x100", "Fujifilm X100V"),
        ("x-100v", "Fujifilm X100V"),
        ("Z6", "Nikon Z 6"),
        ("z 6", "NIKON Z6"),
        ("35 mm", "XF 35mm F1.4"),
        ("35mm", "XF 35 mm"),
        ("EOS R5", "Canon EOS R5"),
        ("boats", "a rowing boat"),
        ("boat", "rowing boats"),
        ("mountain", "Mountains at dawn"),
        ("cafe", "Café"),
        ("山", "高山湖"),
        ("湖", "高山湖"),
        ("高山", "高山湖"),
    ],
)
def test_query_matches_text(query, text):
    assert matches(query, text)


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("Berg", "Berge im Nebel", "de"),
        ("Sonnenuntergänge", "Sonnenuntergang am Meer", "de"),
        ("montagne", "Les montagnes bleues", "fr"),
        ("barcas", "una barca en la playa", "es"),
    ],
)
def test_a_query_needs_no_language(query, text, language):
    assert matches(query, text, language)


@pytest.mark.parametrize(
    ("query", "text"), [("山", "大海"), ("x100v", "x200v"), ("boat", "goat"), ("高湖", "高山湖")]
)
def test_query_does_not_match_text(query, text):
    assert not matches(query, text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The lighthouse at the end of the pier", "en"),
        ("Der Leuchtturm am Ende der Mole", "de"),
        ("Le phare au bout de la jetée", "fr"),
        ("El faro al final del muelle", "es"),
        ("灯塔在码头的尽头", "zh"),
        ("Lighthouse", "en"),
        ("", "en"),
        ("The old gate of 北京 at night in the rain", "en"),
    ],
)
def test_language_of_a_document(text, language):
    assert guess_language(text) == language


def test_stop_words_of_one_language_are_not_the_nouns_of_another():
    for word in ("hat", "war", "son", "sin"):
        assert not is_stop_word(word)


def test_forms_of_a_query_word_are_one_group():
    assert query_forms("boats")[0] == "boats"
    assert "boat" in query_forms("boats")
    assert len(set(query_forms("boats"))) == len(query_forms("boats"))


def stems(word: str) -> list[str]:
    """Return a word's stems, made anew rather than remembered."""
    return [stem.__wrapped__(word, language) for language in ("en", "fr", "de", "es")]


def test_threads_do_not_disturb_each_other():
    asked = ["relational", "generations", "continuellement", "freundschaften", "felicidades"] * 400
    alone = [stems(word) for word in asked]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(stems, asked)) == alone
    finally:
        sys.setswitchinterval(interval)
