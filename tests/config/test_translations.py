"""The interface's translations: whole, compiled, and of the very texts that the source has."""

import ast
import re
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
APPS = ("config", "embeddings", "gallery", "search")

# Name of the function -> which of its arguments are context, singular and plural.
PLACES = {"_": "s", "gettext": "s", "gettext_lazy": "s", "gettext_noop": "s", "ngettext": "sp"}
PLACES |= {"pgettext": "cs", "npgettext": "csp"}
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(\w*gettext|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")
_FIXED = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]+>")  # what no translation may change


def catalogue(code: str) -> Path:
    return settings.LOCALE_PATHS[0] / to_locale(code) / "LC_MESSAGES" / "django.po"


def entries(code: str) -> dict:
    """Return {(context, text, plural): entry}."""
    po = polib.pofile(str(catalogue(code)))
    return {(one.msgctxt or "", one.msgid, one.msgid_plural): one for one in po}


def translations(entry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def texts_of_source() -> set[tuple[str, str, str]]:
    """Return (context, text, plural) of all that is marked; a text may be there with and without.

    Reads what Django makes of templates for xgettext, and the syntax tree of Python.
    """
    found = set()

    def add(function: str, strings: list[str]) -> None:
        said = dict(zip(PLACES[function], strings, strict=False))
        found.add((said.get("c", ""), said["s"], said.get("p", "")))

    for path in (settings.BASE_DIR / "templates").rglob("*"):
        if path.is_file() and "admin" not in path.parts:
            for function, strings in _CALL.findall(templatize(path.read_text())):
                add(function, [ast.literal_eval(one) for one in re.findall(_STRING, strings)])
    for path in (one for app in APPS for one in (settings.BASE_DIR / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in PLACES:
                continue
            strings = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if strings:
                add(node.func.id, strings)
    with_plural = {(context, text) for context, text, plural in found if plural}
    return {one for one in found if one[2] or one[:2] not in with_plural}


def test_catalogues_have_what_the_source_says_and_nothing_else():
    texts = texts_of_source()
    assert len(texts) > 200
    for code in LANGUAGES:
        known = set(entries(code))
        assert known == texts, f"make messages: {code}"


@pytest.mark.parametrize("code", LANGUAGES)
def test_catalogue_is_complete(code):
    for entry in entries(code).values():
        assert not entry.fuzzy and not entry.obsolete, entry.msgid
        assert all(text.strip() for text in translations(entry)), entry.msgid


@pytest.mark.parametrize("code", LANGUAGES)
def test_catalogue_has_all_plural_forms(code):
    po = polib.pofile(str(catalogue(code)))
    forms = int(re.match(r"nplurals=(\d)", po.metadata["Plural-Forms"])[1])
    assert all(len(translations(one)) == forms for one in po if one.msgid_plural)


@pytest.mark.parametrize("code", LANGUAGES)
def test_translations_keep_placeholders_and_markup(code):
    for entry in entries(code).values():
        wanted = Counter(_FIXED.findall(entry.msgid))
        for text in translations(entry):
            assert Counter(_FIXED.findall(text)) == wanted, text
            # Attributes are in straight quotation marks.
            assert '"' not in _FIXED.sub("", text) and "'" not in text, text


@pytest.mark.parametrize("code", LANGUAGES)
def test_compiled_catalogue_says_the_same(code):
    compiled = polib.mofile(str(catalogue(code).with_suffix(".mo")))
    said = {(one.msgctxt or "", one.msgid, one.msgid_plural): translations(one) for one in compiled}
    assert said == {key: translations(entry) for key, entry in entries(code).items()}, (
        "make messages"
    )
