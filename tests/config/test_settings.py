"""Settings: each documented, read in one place, and named when production lacks it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

READERS = r"environ\.get\(|environ\[|_env_(?:list|flag|whole)\(|_required\("
READ = re.compile(rf"""(?:{READERS})\s*["']([A-Z_0-9]+)["']""")
MADE_BY_US = {"HF_HOME", "PATH", "DJANGO_SETTINGS_MODULE"}  # others document them


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (settings.BASE_DIR / folder).rglob("*.py")]


def read_by(*folders: str) -> set[str]:
    return {name for path in sources(*folders) for name in READ.findall(path.read_text())}


def test_every_variable_is_documented_and_every_documented_one_is_read():
    table = (settings.BASE_DIR / "docs/settings.md").read_text()
    documented = set(re.findall(r"`([A-Z][A-Z_0-9]+)`", table.partition("| variable")[2]))
    assert read_by("config") - MADE_BY_US == documented


def test_apps_read_settings_not_the_environment():
    assert read_by("gallery", "embeddings", "search") <= MADE_BY_US


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: os.environ[name] for name in ("PATH", "DATA_DIR")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=kept | environment,
        capture_output=True,
        text=True,
    )


PRODUCTION = {
    "DATABASE_URL": settings.DATABASE_URL,
    "REDIS_URL": settings.REDIS_URL,
    "SECRET_KEY": "long-and-random-" * 4,
    "ALLOWED_HOSTS": "photos.example.org,.example.com",
}


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_production_without_a_needed_variable_says_which(name):
    done = manage("check", **{key: value for key, value in PRODUCTION.items() if key != name})
    assert done.returncode != 0
    assert f"{name} is not set" in done.stderr


@pytest.mark.parametrize("value", ["many", "0", "-1"])
def test_a_limit_that_is_no_number_is_named(value):
    done = manage("check", **PRODUCTION, MAX_UPLOAD_MB=value)
    assert done.returncode != 0 and "MAX_UPLOAD_MB must be" in done.stderr


def test_public_bucket_alone_is_not_enough():
    done = manage("check", **PRODUCTION, AWS_STORAGE_BUCKET_NAME="public")
    assert "AWS_PRIVATE_BUCKET_NAME is not set" in done.stderr


def test_production_passes_djangos_own_checks():
    done = manage("check", "--deploy", "--fail-level", "ERROR", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_cors_is_off_and_by_setting_for_the_api_alone():
    ask = """
from django.test import Client
for path in ("/api/v1/nothing/", "/healthz"):
    for origin in ("https://a.example", "https://b.example"):
        answer = Client().get(path, headers={"origin": origin, "host": "photos.example.org"})
        print(answer.headers.get("Access-Control-Allow-Origin"), answer.headers.get("Vary"))
        print(answer.headers.get("Access-Control-Allow-Credentials"))
"""

    def allowed(origins: str) -> list[str]:
        command = ("shell", "--no-imports", "-c", ask)
        done = manage(*command, **PRODUCTION, CORS_ALLOWED_ORIGINS=origins)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    nothing = ["None None", "None"]
    assert allowed("") == nothing * 4
    one = ["https://a.example origin", "None", "None origin", "None"]
    assert allowed("https://a.example") == one + nothing * 2
    assert allowed("*") == ["* origin", "None"] * 2 + nothing * 2


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
