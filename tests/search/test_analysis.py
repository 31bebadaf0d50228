"""Text to tokens, and what a visitor typed to a query."""

import pytest

from search.analysis import document_tokens, fold, guess_language, query_forms, words
from search.query import MAX_QUERY_LENGTH, parse


def forms(text, language="en"):
    return {form for token in document_tokens(text, language) for form in token.forms}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Café Zürich", ["cafe", "zurich"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("ﬁsh ½", ["fish", "1", "2"]),
        ("海上日落", ["海上", "上日", "日落"]),
        ("海", ["海"]),
        ("sea海边sand", ["sea", "海边", "sand"]),
        ("snake_case don't", ["snake", "case", "don", "t"]),
        ("\x00 !?", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_fold_drops_accents_in_every_form():
    assert fold("é") == fold("e\u0301") == "e"


@pytest.mark.parametrize(
    ("written", "asked"),
    [("X100V", "x100 v"), ("X100 V", "x100v"), ("X100V", "X100V"), ("D850", "d850")],
)
def test_model_names_match_whole_and_in_parts(written, asked):
    stands = forms(written)
    assert all(stands & set(group) for group in parse(asked).terms)


def test_inflected_forms_meet_in_the_stem():
    assert set(query_forms("boats")) & forms("a boat")
    assert set(query_forms("montagnes")) & forms("la montagne", "fr")


def test_language_of_a_document():
    assert guess_language("Der Leuchtturm und das Meer") == "de"
    assert guess_language("le phare et la mer") == "fr"
    assert guess_language("海上的灯塔") == "zh"
    assert guess_language("IMG 0001") == "en"


def test_query_reads_words_phrases_and_exclusions():
    query = parse('red "rowing boats" -harbour -"low tide"')
    assert query.semantic == "red rowing boats"
    assert query.phrases == (("rowing", "boats"),)
    assert query.excluded == (("harbour",), ("low", "tide"))


def test_stop_words_alone_never_match():
    assert parse("the of and").terms == ()
    assert len(parse("the lighthouse").terms) == 1


@pytest.mark.parametrize(
    "text",
    ['"open', '-"', "-", "--", '""', "a" * 10_000, "\x00\x00", "'; DROP TABLE x; --", ":*&|!"],
)
def test_malformed_input_is_read_as_words(text):
    query = parse(text)
    assert len(query.text) <= MAX_QUERY_LENGTH
