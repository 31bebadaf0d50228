"""Who asks the API, what their token lets them do, and how often."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.throttling import SimpleRateThrottle

from gallery.models import ApiToken
from gallery.tokens import note_use, token_of

Scope = ApiToken.Scope
# A token never does what its owner may not do in the admin.
PERMISSIONS = {
    Scope.READ: [],
    Scope.UPLOAD: ["gallery.add_photo"],
    Scope.EDIT: ["gallery.change_photo"],
    Scope.DELETE: ["gallery.delete_photo"],
    Scope.ALBUMS: ["gallery.add_album", "gallery.change_album", "gallery.delete_album"],
}


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; what is none of ours, say of a proxy, is nobody's."""

    def authenticate(self, request):
        kind, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
        if kind.lower() != "bearer":
            return None
        token = token_of(secret.strip())
        if token is None:
            raise AuthenticationFailed(
                "This token does not work: it is mistyped, expired or revoked, or its owner may "
                "not use the admin. Make a new one in the admin, under API tokens."
            )
        note_use(token)
        return token.owner.user, token

    def authenticate_header(self, request):
        return "Bearer"


def require_scope(token: ApiToken | None, scope: str) -> None:
    """Raises NotAuthenticated without a token, PermissionDenied for one without the scope."""
    if token is None:
        raise NotAuthenticated(
            f"Send a token with the scope {scope}: “Authorization: Bearer …”. Photographers make "
            "them in the admin, under API tokens."
        )
    if scope not in token.scopes:
        raise PermissionDenied(
            f"This token lacks the scope {scope}. Make one that has it in the admin, under API "
            "tokens."
        )
    if not token.owner.user.has_perms(PERMISSIONS[scope]):
        raise PermissionDenied(
            f"The owner of this token may not do in the admin what {scope} is for. Ask whoever "
            "runs the site."
        )


def has_scope(token: ApiToken | None, scope: str) -> bool:
    return token is not None and scope in token.scopes


# --- How often -----------------------------------------------------------------------------
class CountingThrottle(SimpleRateThrottle):
    """So many requests in each window of time, counted by Redis in one call.

    DRF's own keeps a list of moments, which two requests at once overwrite. While Redis is away
    every request passes.
    """

    def allow_request(self, request, view):
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        now = self.timer()
        self.seconds_left = self.duration - now % self.duration
        key = f"{key}_{now // self.duration:.0f}"
        try:
            return self.cache.incr(key) <= self.num_requests
        except ValueError:  # the first in its window, or one of two that are
            self.cache.add(key, 1, self.duration)
            return True

    def wait(self):
        return self.seconds_left


class AnonymousThrottle(CountingThrottle):
    """By the visitor's IP address; see NUM_PROXIES."""

    scope = "anonymous"

    def get_cache_key(self, request, view):
        return None if request.auth else f"throttle:anonymous:{self.get_ident(request)}"


class TokenThrottle(CountingThrottle):
    scope = "token"

    def get_cache_key(self, request, view):
        return f"throttle:token:{request.auth.pk}" if request.auth else None
