"""Which model the demo uses: the real CLIP where it can be had, else the small one."""

import os
import urllib.request
from pathlib import Path

from django.conf import settings

from embeddings import spaces

HUB = "https://huggingface.co"
HUB_TIMEOUT_SECONDS = 3.0


def choose_profile() -> str:
    """Return the profile the site has already, or EMBEDDING_PROFILE, or "clip", or "demo".

    "clip" only if its models are in the local cache or the hub has them for us.
    """
    if space := spaces.active_space():
        return space.name
    if settings.EMBEDDING_PROFILE_IS_SET:
        return settings.EMBEDDING_PROFILE
    models = set(spaces.profile_models("clip").values())
    can_be_had = all(_is_in_local_cache(model) or _hub_has(model) for model in models)
    return "clip" if can_be_had else "demo"


def _is_in_local_cache(model: str) -> bool:
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return (home / "hub" / f"models--{model.replace('/', '--')}" / "snapshots").is_dir()


def _hub_has(model: str) -> bool:
    """Ask for a small file of the model: where it can be had, the others can."""
    request = urllib.request.Request(f"{HUB}/{model}/resolve/main/modules.json", method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=HUB_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False
