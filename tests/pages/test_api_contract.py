"""The API does as its OpenAPI schema says, whatever it is sent: schemathesis, all checks.

Against a server with Alice's token, photos and an album, on a database of its own. Some hundred
cases from one seed; with `API_CASES=300` up to so many an operation and phase: over 5,000 in all.
"""

import os
import re
import subprocess
import sys

import pytest

from gallery import services, tokens
from gallery.models import ApiToken
from tests.conftest import may_use_admin
from tests.pages.conftest import make_photos
from tests.processes import BASE_DIR

CASES = os.environ.get("API_CASES", "5")
LEAST = 5000 if "API_CASES" in os.environ else 300


@pytest.fixture
def token(transactional_db, alice, monkeypatch):
    rates = {"anonymous": "1000000/minute", "token": "1000000/minute"}
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.THROTTLE_RATES", rates)
    may_use_admin(alice)
    album = services.create_album(alice, "Coves")
    services.set_album_photos(album, make_photos(alice, 5))
    return tokens.make_token(owner=alice, name="test", scopes=ApiToken.Scope.values)[1]


def test_every_answer_is_as_the_schema_says(live_server, token, tmp_path):
    environment = {"API_TOKEN": token, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", "tests/pages/schemathesis.toml"),
            *("run", f"{live_server.url}/api/schema/", "--checks", "all", "--no-color"),
            *("--max-examples", CASES, "--seed", "1", "--generation-database", "none"),
        ],
        cwd=BASE_DIR,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) >= LEAST
