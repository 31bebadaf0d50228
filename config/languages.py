"""The interface's language is in the URL and nowhere else, so that any cache may keep a page."""

from django.conf import settings
from django.utils import translation


class LanguageMiddleware:
    """Speak the language that the path begins with, else the default one.

    Django's own middleware also looks at cookies and Accept-Language, and pages would vary by them.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        language = language_of(request.path_info)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.setdefault("Content-Language", language)
        return response


def language_of(path: str) -> str:
    """Return the language that a path begins with, else the default one."""
    prefix = path[1:].partition("/")[0]
    return prefix if prefix in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def in_language(path: str, language: str) -> str:
    """Return the path of the same page in another language."""
    rest = path.removeprefix(f"/{language_of(path)}")
    return rest if language == settings.LANGUAGE_CODE else f"/{language}{rest}"


def alternates(path: str) -> list[tuple[str, str]]:
    """Return a page's path in each language as (hreflang, path); x-default comes last."""
    codes = [*dict(settings.LANGUAGES), settings.LANGUAGE_CODE]
    paths = [in_language(path, code) for code in codes]
    return list(zip([*codes[:-1], "x-default"], paths, strict=True))
