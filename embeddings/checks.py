"""Say what is wrong with the embedding models, for `doctor`, the admin and /readyz."""

from embeddings import cache, spaces
from embeddings.models import EmbeddingSpace, EncodingClaim

DEMO_NOTICE = (
    "The small demonstration model is in use. It knows the drawn demo scenes and nothing of real "
    "photographs: those are found by their words only. Where the model hub can be reached, run "
    "manage.py embedding_space create clip, then build and activate it."
)


def problems() -> list[str]:
    """Return what keeps search by meaning from working, as sentences; empty if nothing."""
    space = spaces.active_space()
    if space is None:
        return ["No model was loaded yet: start the vectors worker. Search works on words."]
    found = [
        f"The model of space “{one.name}” cannot be had, so search works on words. {one.failure}"
        for one in EmbeddingSpace.objects.exclude(failure="").exclude(state="retired")
    ]
    if not found and not cache.encoder_is_alive(space):
        what = (
            "new photos are found by their words only"
            if space.query_tower
            else "search works on words"
        )
        found.append(f"No vectors worker is alive, so {what}: start one.")
    failed = EncodingClaim.objects.exclude(failure="").count()
    if failed:
        found.append(f"{failed} photos could not be encoded; they are tried again by themselves.")
    return found


def notices() -> list[str]:
    """Return what is worth knowing of the model that serves, as sentences."""
    space = spaces.active_space()
    if space is None:
        return []
    found = [DEMO_NOTICE] if space.name == "demo" else []
    if space.tower_failure:
        found.append(
            "Queries take a detour through the vectors worker: this model is not exported for web "
            f"processes. {space.tower_failure}"
        )
    return found


def who_encodes_queries(space: EmbeddingSpace) -> str:
    """Name who turns the space's queries into vectors."""
    if space.query_tower:
        return f"web processes, {space.query_precision}"
    return "the vectors worker"
