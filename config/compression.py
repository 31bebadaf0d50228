"""Texts travel compressed, whether or not a proxy stands in front."""

from django.middleware.gzip import GZipMiddleware

TEXTS = (
    *("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml"),
    *("application/javascript", "application/vnd.oai.openapi"),
)


class CompressTexts(GZipMiddleware):
    """Compress what is text, and leave pictures and parts of files as they are.

    Pages with a form are among them: their tokens are masked anew each time, and Django pads what
    it compresses by some random bytes, so that lengths tell nothing (BREACH).
    """

    def process_response(self, request, response):
        is_text = response.get("Content-Type", "").startswith(TEXTS)
        if response.status_code == 206 or not is_text:
            return response
        return super().process_response(request, response)
