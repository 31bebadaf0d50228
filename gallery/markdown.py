"""Texts of the site's owner: Markdown to HTML that may stand in any page."""

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# No HTML of its own, and no pictures: they would come from elsewhere, and with no known size.
_markdown = MarkdownIt("commonmark", {"html": False, "typographer": True})
_markdown.enable(["table", "strikethrough", "replacements", "smartquotes"]).disable("image")


def plain_text(text: str) -> str:
    """Return the words of a Markdown text."""
    blocks = (token.children for token in _markdown.parse(text) if token.children)
    return " ".join(
        "".join(" " if one.type.endswith("break") else one.content for one in block)
        for block in blocks
    )


def html_of(text: str) -> SafeString:
    """Return a Markdown text as HTML. Headings begin at h2 and skip no level.

    Links lead only where a browser may safely go: markdown-it takes no javascript: and the like.
    """
    tokens = _markdown.parse(text)
    above: list[str] = []  # headings that the next one may stand below
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(len(above) + 1, 6)}"
    return mark_safe(_markdown.renderer.render(tokens, _markdown.options, {}))
