"""What every page's template knows."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from config.languages import in_language
from gallery.models import Site


def site(request) -> dict:
    """Return the site, read when a template first asks, and the page's address in each language."""
    return {
        "site": SimpleLazyObject(Site.current),
        "origin": lambda: f"{request.scheme}://{request.get_host()}",  # may be no host of ours
        "languages": [
            {
                "code": code,
                "name": name,
                "path": in_language(request.path, code),
                "address": in_language(request.get_full_path(), code),
            }
            for code, name in settings.LANGUAGES
        ],
    }
