"""What goes wrong below /api/ has one shape there: problem details, RFC 9457."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import JsonResponse
from django.views import defaults
from rest_framework import serializers
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"


class ProblemOutput(serializers.Serializer):
    """A problem, as RFC 9457 has it, with a code for programs and what is wrong with each field."""

    type = serializers.CharField(help_text="Always `about:blank`: the status says what it is.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for people.")
    code = serializers.CharField(help_text="A word for programs.")
    fields = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    public_id = serializers.CharField(
        required=False, help_text="Of the photo that is there already; only with `duplicate`."
    )


class Problem(APIException):
    """A refusal with a status, a code and a sentence of its own, and what else belongs to it."""

    def __init__(self, status: int, code: str, detail: str, **more):
        self.status_code, self.more = status, more
        super().__init__(detail, code)


def problem(status: int, code: str, detail: str, *, fields: dict | None = None, **more) -> dict:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "fields": fields or {},
        **more,
    }


def problem_response(error: Exception, context: dict) -> Response | None:
    """Answer what DRF knows how to answer, in the one shape; return None for anything else."""
    if isinstance(error, RequestDataTooBig):
        error = Problem(413, "too_large", "The request is larger than is taken.")
    elif isinstance(error, SuspiciousOperation):
        error = Problem(400, "unreadable", "The request could not be read.")
    response = exception_handler(error, context)
    if response is None:
        return None
    detail, fields = response.data, {}
    if isinstance(error, ValidationError) and isinstance(detail, dict):
        code, message = "invalid", "Some of what was sent is not valid."
        fields = {str(name): list(_sentences(found)) for name, found in detail.items()}
    else:
        first = detail.get("detail") if isinstance(detail, dict) else detail[0]
        code = first.code if isinstance(first, ErrorDetail) else "error"
        message = str(first)
    more = {"fields": fields} | getattr(error, "more", {})
    response.data = problem(response.status_code, code, message, **more)
    response.content_type = MEDIA_TYPE
    return response


def _sentences(found):
    """Give the sentences in what a field was told: lists, and by position in a list."""
    if isinstance(found, (list, dict)):
        for one in found.values() if isinstance(found, dict) else found:
            yield from _sentences(one)
    else:
        yield str(found)


# --- Where Django answers before or instead of a view ---------------------------------------
def _page_or_problem(page, status: int, code: str, detail: str):
    """Make an error view of Django's: a page for people, a problem below /api/."""

    def view(request, *args, **kwargs):
        if not request.path.startswith("/api/"):
            return page(request, *args, **kwargs)
        return JsonResponse(problem(status, code, detail), status=status, content_type=MEDIA_TYPE)

    return view


bad_request = _page_or_problem(
    defaults.bad_request, 400, "unreadable", "The request could not be read."
)
not_found = _page_or_problem(
    defaults.page_not_found, 404, "not_found", "There is nothing here: /api/docs/ names what is."
)
server_error = _page_or_problem(
    defaults.server_error, 500, "error", "Something went wrong here, and it was written down."
)
