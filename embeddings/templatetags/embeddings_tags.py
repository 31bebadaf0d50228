"""What embeddings tells the pages of the admin."""

from django import template

from embeddings import checks

register = template.Library()


@register.simple_tag
def model_problems() -> list[str]:
    """Return what keeps search by meaning from working, as sentences."""
    return checks.problems()


@register.simple_tag
def model_notices() -> list[str]:
    """Return what is worth knowing of the model in use, as sentences."""
    return checks.notices()
