"""Texts of the site's owner: Markdown to HTML that may stand in any page."""

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# No HTML of its own, and no pictures: they would come from elsewhere, and with no known size.
_markdown = MarkdownIt("commonmark", {"html": False, "typographer": True})
_markdown.enable(["table", "strikethrough", "replacements", "smartquotes"]).disable("image")


def html_of(text: str) -> SafeString:
    """Return a Markdown text as HTML. Its largest headings are h2: the page has its own h1.

    Links lead only where a browser may safely go: markdown-it takes no javascript: and the like.
    """
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return mark_safe(_markdown.renderer.render(tokens, _markdown.options, {}))
