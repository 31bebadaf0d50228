"""The banks that ship with the small CLIP are what it would compute itself."""

from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from embeddings.banks import make_banks, save_banks, shipped_banks

FOLDER = Path(settings.EMBEDDING_PROFILES["demo"]["image_model"])


def test_shipped_banks_are_the_models_own(small_clip, tmp_path):
    shipped, made = shipped_banks(FOLDER, small_clip), make_banks(small_clip)
    np.testing.assert_allclose(shipped.captions, made.captions, atol=2e-3)
    np.testing.assert_allclose(shipped.images, made.images, atol=2e-3)
    for leg in ("image", "text"):
        assert shipped.floor[leg] == pytest.approx(made.floor[leg], abs=1e-3)
        assert shipped.floor[leg]["keep"] <= shipped.floor[leg]["gate"]
    save_banks(made, tmp_path)
    assert shipped_banks(tmp_path, small_clip).floor == made.floor


def test_banks_of_another_model_are_not_taken(counting):
    counting.encode_texts = lambda texts: -counting.encoder.encode_texts(texts)
    assert shipped_banks(FOLDER, counting) is None


def test_folder_without_banks_has_none(small_clip, tmp_path):
    assert shipped_banks(tmp_path, small_clip) is None
