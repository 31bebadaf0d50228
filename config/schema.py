"""The API's schema: the same for everyone, generated once a process."""

from functools import cache
from http import HTTPStatus
from threading import Lock

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response

from config.problems import MEDIA_TYPE, ProblemOutput, problem

_lock = Lock()  # the generator loads parts of itself as it goes, and is not thread-safe

# Status -> code and a sentence, as one of many that it may have.
PROBLEMS = {
    400: ("invalid", "Some of what was sent is not valid."),
    401: ("authentication_failed", "This token does not work: it is mistyped, expired or revoked."),
    403: ("permission_denied", "This token lacks the scope photos:edit."),
    404: ("not_found", "No Photo matches the given query."),
    406: ("not_acceptable", "Could not satisfy the request Accept header."),
    409: ("duplicate", "This file is already there as “Pier”."),
    412: ("changed_meanwhile", "It was changed meanwhile: get it again, then send yours."),
    413: ("too_large", "The request is larger than is taken."),
    415: ("unsupported_media_type", "Unsupported media type “text/plain” in request."),
    429: ("throttled", "Request was throttled. Expected available in 20 seconds."),
    503: ("storage_away", "The storage cannot be reached, so nothing was taken. Try again."),
}


@cache
def generated() -> dict:
    return SchemaGenerator().get_schema(public=True)


class SchemaView(SpectacularAPIView):
    """Answers as YAML or JSON, and takes neither version nor language."""

    @extend_schema(exclude=True)
    def get(self, request):
        with _lock:
            return Response(generated())


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "gallery.api_access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A photographer's token, made in the admin under API tokens.",
        }


class ProblemSchema(AutoSchema):
    """Says what each operation needs of a token, and which problems it may answer with."""

    @property
    def scope(self) -> str | None:
        return getattr(self.view, "scopes", {}).get(self.method)

    def get_description(self):
        text = super().get_description()
        return f"{text}\n\nNeeds a token with the scope `{self.scope}`." if self.scope else text

    def get_auth(self):
        needed = super().get_auth()
        return needed if self.scope else [*needed, {}]

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        component = self.resolve_serializer(ProblemOutput, "response")
        for status in self._problems():
            code, detail = PROBLEMS[status]
            bodies[str(status)] = {
                "description": HTTPStatus(status).phrase,
                "content": {
                    MEDIA_TYPE: {
                        "schema": component.ref,
                        "example": problem(status, code, detail),
                    }
                },
            }
        return bodies

    def _problems(self) -> list[int]:
        statuses = {400, 401, 406, 429}
        if self.scope:
            statuses |= {403}
        if "{" in self.path:
            statuses |= {404}
        if self.method in ("POST", "PUT", "PATCH") and self.get_request_serializer():
            statuses |= {413, 415}
        if any(one.get("name") == "If-Match" for one in self._get_parameters()):
            statuses |= {412}
        return sorted(statuses | getattr(self.view, "problems", {}).get(self.method, set()))


def tidied(result: dict, generator, request, public) -> dict:
    """Say of bodies, and of answers that only name something, that there are no other fields."""
    for name, component in result["components"]["schemas"].items():
        if name.endswith(("Input", "NameOutput")):
            component["additionalProperties"] = False
    return result
