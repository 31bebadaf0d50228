import pytest
from django.conf import settings


@pytest.fixture(scope="session")
def small_clip():
    """The small CLIP of section 10, loaded by the production code."""
    from embeddings.torch_encoder import TorchEncoder

    return TorchEncoder(**settings.EMBEDDING_PROFILES["demo"])
