"""What is typed becomes a SearchQuery; nothing raises."""

import pytest

from search.query import MAX_QUERY_LENGTH, MAX_WORDS, parse


def first_forms(text: str) -> list[str]:
    return [forms[0] for forms in parse(text).terms]


def test_words_rank():
    query = parse("  Harbour   lights ")
    assert query.text == "Harbour lights" == query.semantic
    assert first_forms("Harbour lights") == ["harbour", "lights"]
    assert not query.required and not query.excluded and not query.filters


def test_phrases_restrict_and_rank():
    query = parse('"rowing boats" dawn')
    assert query.required == (((("rowing",), ("boats",)),),)
    assert [forms[0] for forms in query.terms] == ["rowing", "boats", "dawn"]
    assert query.semantic == "rowing boats dawn"


def test_excluded_words_are_neither_ranked_nor_embedded():
    query = parse('harbour -night -"long exposure"')
    assert [[forms[0] for forms in words] for words in query.excluded] == [
        ["night"],
        ["long", "exposure"],
    ]
    assert query.semantic == "harbour"
    assert first_forms('harbour -night -"long exposure"') == ["harbour"]


@pytest.mark.parametrize(
    "text", ["", "   ", "-", "--", '"', '""', '-""', "-night", "\x00", "…", '" "']
)
def test_nothing_positive_is_empty_or_harmless(text):
    query = parse(text)
    assert query.terms == ()


def test_stop_words_are_dropped_beside_other_words_and_never_match_alone():
    assert first_forms("the boats in the fog") == ["boats", "fog"]
    assert first_forms("the") == []


def test_a_phrase_of_stop_words_can_be_found():
    assert first_forms('"to be"') == ["to", "be"]


@pytest.mark.parametrize("text", ['he said "yes', 'foo"bar baz', "well-known", "a:b c:d", "x - y"])
def test_malformed_input_is_read_as_words(text):
    query = parse(text)
    assert query.terms
    assert not query.excluded


def test_long_input_is_cut():
    query = parse("mountain " * 5000)
    assert len(query.text) <= MAX_QUERY_LENGTH
    assert first_forms(query.text)[0] == "mountain"
    assert len(parse(" ".join(f"word{n}" for n in range(5000))).terms) <= 32


@pytest.mark.parametrize(
    "text",
    [
        "ﷺ" * MAX_QUERY_LENGTH,  # eighteen characters each, once normalised
        '"' + "a b c d " * 60 + '"',
        " OR ".join(f"a{number}" for number in range(80)),
        '"a" OR ' + " OR ".join(f"a{number}" for number in range(80)),
        ". OR " * 40 + '"sea"',
        "sea " + " ".join(f"-a{number}" for number in range(90)),
    ],
)
def test_no_query_is_much_work(monkeypatch, text):
    stemmed = []

    def counted(word):
        stemmed.append(word)
        return (word,)

    monkeypatch.setattr("search.query.query_forms", counted)
    query = parse(text)
    assert query.terms and all(query.required) and len(query.semantic) <= MAX_QUERY_LENGTH
    assert len(stemmed) <= 3 * MAX_WORDS


def test_lone_surrogates_cannot_reach_the_database():
    assert parse("moun\ud800tain").text.encode()


@pytest.mark.parametrize(
    "typed", ["“rowing boats” –night", "„rowing boats“ −night", "＂rowing　boats＂ －night"]
)
def test_quotes_and_dashes_work_as_people_type_them(typed):
    query, plain = parse(typed), parse('"rowing boats" -night')
    assert (query.required, query.excluded) == (plain.required, plain.excluded)
    assert query.terms == plain.terms


def test_a_query_is_a_value():
    assert parse("fog") == parse("fog")
    assert hash(parse('"a b" -c fog')) == hash(parse('"a b" -c fog'))
