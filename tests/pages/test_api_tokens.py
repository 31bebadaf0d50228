"""Tokens: made in the admin, shown once, and what they open and do not open."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.cache import BreakerRedisCache
from gallery import tokens
from gallery.models import ApiToken
from tests.conftest import may_use_admin
from tests.pages.conftest import make_photo

ADD = "/admin/gallery/apitoken/add/"
LIST = "/admin/gallery/apitoken/"
MINE = "/api/v1/me/photos/"


def client_of(photographer, *scopes, **fields) -> Client:
    """Return a client with a new token of a photographer, by default of all scopes."""
    may_use_admin(photographer)
    scopes = scopes or ApiToken.Scope.values
    secret = tokens.make_token(owner=photographer, name="test", scopes=scopes, **fields)[1]
    return Client(headers={"authorization": f"Bearer {secret}"})


def status_of(client: Client) -> int:
    return client.get(MINE).status_code


# --- In the admin ---
def made_in_admin(client, **fields) -> str:
    page = client.post(ADD, {"name": "Lightroom", "scopes": ["photos:read"]} | fields)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    return re.search(r'value="(pictures_[^"]+)"', page.content.decode())[1]


def test_secret_is_shown_once_and_opens(client, alice):
    client.force_login(may_use_admin(alice))
    secret = made_in_admin(client)
    token = ApiToken.objects.get()
    assert (token.owner, token.scopes) == (alice, ["photos:read"])
    for path in (LIST, f"{LIST}{token.pk}/change/"):
        page = client.get(path).content.decode()
        assert secret not in page and token.prefix in page
    assert secret not in str(ApiToken.objects.values())
    assert status_of(Client(headers={"authorization": f"Bearer {secret}"})) == 200


def test_tokens_are_their_owners_alone(client, alice, bob):
    client_of(bob)
    bobs = ApiToken.objects.get()
    client.force_login(may_use_admin(alice))
    made_in_admin(client)
    assert bobs.prefix not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{bobs.pk}/change/").status_code == 302
    client.post(LIST, {"action": "revoke", "_selected_action": [bobs.pk]})
    bobs.refresh_from_db()
    assert bobs.revoked_at is None


def test_only_the_name_of_a_token_changes(client, alice):
    client.force_login(may_use_admin(alice))
    made_in_admin(client)
    token = ApiToken.objects.get()
    change = {"name": "Other", "scopes": ["albums:edit"], "expires_at": "2000-01-01"}
    assert client.post(f"{LIST}{token.pk}/change/", change).status_code == 302
    token.refresh_from_db()
    assert (token.name, token.scopes, token.expires_at) == ("Other", ["photos:read"], None)


def test_revoked_token_opens_nothing(client, alice):
    as_token = client_of(alice)
    assert status_of(as_token) == 200
    client.force_login(alice.user)
    chosen = {"action": "revoke", "_selected_action": [ApiToken.objects.get().pk]}
    client.post(LIST, chosen)
    assert status_of(as_token) == 401


# --- What opens ---
@pytest.mark.parametrize("why", ["expired", "inactive", "not staff", "no user", "made up", "empty"])
def test_token_that_does_not_work_is_401(alice, why):
    as_token = client_of(alice)
    if why == "expired":
        ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "inactive":
        type(alice.user).objects.update(is_active=False)
    elif why == "not staff":
        type(alice.user).objects.update(is_staff=False)
    elif why == "no user":
        alice.user.delete()
    else:
        made_up = "pictures_" + "a" * 43 if why == "made up" else ""
        as_token = Client(headers={"authorization": f"Bearer {made_up}"})
    # Also where nobody needs one: its bearer should know.
    for path in (MINE, "/api/v1/photos/"):
        response = as_token.get(path)
        assert response.status_code == 401 and response["WWW-Authenticate"] == "Bearer"
        assert "does not work" in response.json()["detail"]


def test_missing_scope_is_named(alice):
    photo = make_photo(alice)
    page, album = f"/api/v1/photos/{photo.public_id}/", "/api/v1/albums/coves/"
    needed = {
        ("GET", MINE): "photos:read",
        ("POST", "/api/v1/photos/"): "photos:upload",
        ("PATCH", page): "photos:edit",
        ("DELETE", page): "photos:delete",
        ("POST", f"{page}restore/"): "photos:delete",
        ("POST", "/api/v1/albums/"): "albums:edit",
        ("PATCH", album): "albums:edit",
        ("DELETE", album): "albums:edit",
        ("PUT", f"{album}photos/"): "albums:edit",
        ("PUT", f"{album}photos/x/"): "albums:edit",
        ("DELETE", f"{album}photos/x/"): "albums:edit",
    }
    for (method, path), scope in needed.items():
        stranger = Client().generic(method, path)
        assert stranger.status_code == 401 and stranger["WWW-Authenticate"] == "Bearer"
        assert scope in stranger.json()["detail"]
        others = [one for one in ApiToken.Scope.values if one != scope]
        response = client_of(alice, *others).generic(method, path)
        assert response.status_code == 403
        assert f"lacks the scope {scope}." in response.json()["detail"]


def test_token_does_no_more_than_its_owner_may(alice):
    as_token = client_of(alice)
    alice.user.user_permissions.clear()
    response = as_token.post("/api/v1/albums/", {}, content_type="application/json")
    assert response.status_code == 403 and "albums:edit" in response.json()["detail"]
    assert status_of(as_token) == 200


def test_basic_credentials_of_a_proxy_are_nobodys(as_charlie, db):
    response = as_charlie.get("/api/v1/photos/", headers={"authorization": "Basic YTpi"})
    assert response.status_code == 200 and "private" in response["Cache-Control"]


def test_answers_to_tokens_are_kept_by_no_cache(alice):
    for path in (MINE, "/api/v1/photos/", "/api/v1/photos/nothing/"):
        response = client_of(alice).get(path)
        assert response["Cache-Control"] == "private, no-store", path
        assert response["Vary"] == "Authorization"


def test_use_is_noted_once_an_hour(alice):
    as_token = client_of(alice)
    as_token.get(MINE)
    noted = ApiToken.objects.get().last_used_at
    as_token.get(MINE)
    assert noted and ApiToken.objects.get().last_used_at == noted
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=61))
    as_token.get(MINE)
    assert ApiToken.objects.get().last_used_at > noted


# --- How often ---
@pytest.fixture
def rarely(monkeypatch):
    rates = {"anonymous": "3/minute", "token": "5/minute"}
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", rates)
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.timer", lambda self: 1e9)


def statuses(client, times: int, path="/api/v1/photos/", **headers) -> list[int]:
    return [client.get(path, headers=headers).status_code for _ in range(times)]


def test_too_many_requests_are_429(as_charlie, alice, rarely):
    assert statuses(as_charlie, 4) == [200, 200, 200, 429]
    refused = as_charlie.get("/api/v1/photos/")
    assert int(refused["Retry-After"]) > 0 and refused.json()["code"] == "throttled"
    # Tokens have a count of their own, each.
    assert statuses(client_of(alice), 6) == [200] * 5 + [429]
    assert statuses(client_of(alice), 1) == [200]
    assert as_charlie.get("/photos/").status_code == 200


def test_tokens_cannot_be_tried_without_end(as_charlie, db, rarely):
    assert statuses(as_charlie, 4, authorization="Bearer x") == [401, 401, 401, 429]


def test_visitors_behind_proxies_are_told_apart(as_charlie, db, rarely, monkeypatch):
    def ask(forwarded):
        return statuses(as_charlie, 1, **{"x-forwarded-for": forwarded})[0]

    monkeypatch.setattr("rest_framework.throttling.api_settings.NUM_PROXIES", 1)
    assert [ask("10.0.0.1") for _ in range(4)] == [200, 200, 200, 429]
    assert ask("10.0.0.2") == 200
    assert ask("6.6.6.6, 10.0.0.1") == 429  # what a visitor wrote before the proxy did
    monkeypatch.setattr("rest_framework.throttling.api_settings.NUM_PROXIES", 0)
    assert [ask(f"10.0.0.{number}") for number in range(4)] == [200, 200, 200, 429]


def test_requests_pass_while_redis_is_away(as_charlie, db, rarely):
    BreakerRedisCache.open_breaker(OSError("away"))
    assert statuses(as_charlie, 5) == [200] * 5
