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
        found.append("No vectors worker is alive, so search works on words: start one.")
    failed = EncodingClaim.objects.exclude(failure="").count()
    if failed:
        found.append(f"{failed} photos could not be encoded; they are tried again by themselves.")
    return found


def notices() -> list[str]:
    """Return what is worth knowing of the model that serves, as sentences."""
    space = spaces.active_space()
    return [DEMO_NOTICE] if space and space.name == "demo" else []
