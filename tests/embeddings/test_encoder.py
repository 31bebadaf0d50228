"""The torch encoder with the small CLIP, through the production loading code."""

import http.server
import threading

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from embeddings.encoder import ModelUnavailable
from embeddings.torch_encoder import TorchEncoder

pytestmark = pytest.mark.usefixtures("small_clip")


def test_vectors_are_normalised_and_of_the_space_dimension(small_clip):
    texts = small_clip.encode_texts(["a snowy mountain", "", "雪山"])
    images = small_clip.encode_images([Image.new("RGB", (90, 60), "black")])
    assert texts.shape == (3, small_clip.dimensions)
    assert images.shape == (1, small_clip.dimensions)
    assert texts.dtype == images.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(np.vstack([texts, images]), axis=1), 1, atol=1e-4)


def test_query_that_is_a_path_opens_no_file(small_clip, tmp_path):
    path = tmp_path / "red.jpg"
    Image.new("RGB", (64, 64), "red").save(path)
    as_query = small_clip.encode_texts([str(path)])
    as_picture = small_clip.encode_images([Image.open(path)])
    path.unlink()
    np.testing.assert_allclose(small_clip.encode_texts([str(path)]), as_query, atol=1e-5)
    assert float((as_query @ as_picture.T).item()) < 0.95


def test_query_that_is_a_url_makes_no_request(small_clip):
    requests = []

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/a.jpg"
    vectors = small_clip.encode_texts([url, "data:image/png;base64,iVBORw0KGgo="])
    server.shutdown()
    assert requests == []
    assert np.isfinite(vectors).all()


def test_missing_folder_says_what_to_do():
    with pytest.raises(ModelUnavailable, match="EMBEDDING_PROFILE"):
        TorchEncoder("/nowhere/model", settings.EMBEDDING_PROFILES["demo"]["text_model"])
