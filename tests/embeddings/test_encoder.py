"""The torch encoder with the small CLIP, through the production loading code."""

from pathlib import Path

import numpy as np
import pytest
import torch
from django.conf import settings
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import modules
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    DistilBertConfig,
    DistilBertModel,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    SiglipProcessor,
)

from embeddings import torch_encoder
from embeddings.encoder import ModelUnavailable
from embeddings.torch_encoder import TorchEncoder
from tests.processes import recording_server


def test_vectors_are_normalised_and_of_the_space_dimension(small_clip):
    texts = small_clip.encode_texts(["a snowy mountain", "", "雪山"])
    images = small_clip.encode_images([Image.new("RGB", (90, 60), "black")])
    assert texts.shape == (3, small_clip.dimensions)
    assert images.shape == (1, small_clip.dimensions)
    assert texts.dtype == images.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(np.vstack([texts, images]), axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(("least", "is_used"), [(0.9999, True), (1.1, False)])
def test_bfloat16_is_used_where_vectors_stay_what_they_are(small_clip, monkeypatch, least, is_used):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setattr(torch_encoder, "LEAST_PARAMETERS", 0)
    monkeypatch.setattr(torch_encoder, "LEAST_FIDELITY", least)
    encoder = TorchEncoder(**settings.EMBEDDING_PROFILES["demo"])
    pictures = [Image.new("RGB", (90, 60), colour) for colour in ("navy", "orange")]
    vectors, exact = encoder.encode_images(pictures), small_clip.encode_images(pictures)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * exact).sum(axis=1).min() > 0.9999
    assert (np.abs(vectors - exact).max() > 1e-5) == is_used


def test_query_that_is_a_path_opens_no_file(small_clip, tmp_path):
    path = tmp_path / "red.jpg"
    Image.new("RGB", (64, 64), "red").save(path)
    as_query = small_clip.encode_texts([str(path)])
    as_picture = small_clip.encode_images([Image.open(path)])
    path.unlink()
    np.testing.assert_allclose(small_clip.encode_texts([str(path)]), as_query, atol=1e-5)
    assert float((as_query @ as_picture.T).item()) < 0.95


def test_query_that_is_a_url_makes_no_request(small_clip):
    with recording_server() as (address, requests):
        vectors = small_clip.encode_texts(
            [f"{address}/a.jpg", "data:image/png;base64,iVBORw0KGgo="]
        )
    assert requests == []
    assert np.isfinite(vectors).all()


def test_a_texts_vector_does_not_depend_on_its_neighbours(small_clip):
    alone = small_clip.encode_texts(["lake"])
    beside = small_clip.encode_texts(["lake", "a snowy mountain above a lake in the morning"])
    np.testing.assert_allclose(beside[:1], alone, atol=1e-5)


def a_tokenizer() -> PreTrainedTokenizerFast:
    """Return a word tokenizer with SigLIP's length; a processor marks the one it is given."""
    words = Tokenizer(models.WordLevel({"<pad>": 0, "<eos>": 1, "<unk>": 2, "lake": 3, "red": 4}))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", 1)]
    )
    names = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=64, **names)


TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


@pytest.fixture(scope="module")
def siglip_folder(tmp_path_factory):
    """A folder of the architecture of siglip2-base-patch16-224 with random weights."""
    folder = str(tmp_path_factory.mktemp("siglip"))
    ends = {"bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 0}
    text = TOWER | ends | {"vocab_size": 8, "max_position_embeddings": 64, "projection_size": 32}
    vision = TOWER | {"image_size": 32, "patch_size": 16}
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    pictures = SiglipImageProcessor(size={"height": 32, "width": 32})
    SiglipProcessor(image_processor=pictures, tokenizer=a_tokenizer()).save_pretrained(folder)
    return folder


def test_siglip_encodes_as_its_own_code_does(siglip_folder):
    encoder = TorchEncoder(siglip_folder, siglip_folder)
    picture = Image.effect_noise((90, 60), 60).convert("RGB")
    texts = encoder.encode_texts(["red", "lake red lake red lake"])
    images = encoder.encode_images([picture])
    model = SiglipModel.from_pretrained(siglip_folder).eval()
    processor = SiglipProcessor.from_pretrained(siglip_folder)
    inputs = processor(text=["red"], padding="max_length", return_tensors="pt")
    with torch.no_grad():
        text = model.get_text_features(input_ids=inputs["input_ids"]).pooler_output.numpy()
        pixels = processor(images=[picture], return_tensors="pt")
        image = model.get_image_features(**pixels).pooler_output.numpy()
    np.testing.assert_allclose(texts[:1], text / np.linalg.norm(text), atol=1e-5)
    np.testing.assert_allclose(images, image / np.linalg.norm(image), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(["red"]), texts[:1], atol=1e-5)


def text_tower(folder: Path, dimensions: int) -> str:
    """Save a text tower as clip-ViT-B-32-multilingual-v1 is: DistilBERT, pooling, dense."""
    inner = folder / "distilbert"
    config = DistilBertConfig(
        vocab_size=8, dim=32, hidden_dim=64, n_layers=2, n_heads=2, max_position_embeddings=64
    )
    DistilBertModel(config).save_pretrained(inner)
    a_tokenizer().save_pretrained(inner)
    words = modules.Transformer(str(inner))
    pooled = modules.Pooling(32)
    dense = modules.Dense(32, dimensions, bias=False, activation_function=torch.nn.Identity())
    SentenceTransformer(modules=[words, pooled, dense], device="cpu").save(str(folder / "tower"))
    return str(folder / "tower")


def test_text_tower_of_its_own_shares_the_space(tmp_path):
    image_model = settings.EMBEDDING_PROFILES["demo"]["image_model"]
    encoder = TorchEncoder(image_model, text_tower(tmp_path, 128))
    texts = encoder.encode_texts(["red", "red lake"])
    assert texts.shape == (2, 128) and encoder.dimensions == 128
    np.testing.assert_allclose(encoder.encode_texts(["red"]), texts[:1], atol=1e-5)


def test_models_of_different_dimensions_share_no_space(tmp_path):
    image_model = settings.EMBEDDING_PROFILES["demo"]["image_model"]
    with pytest.raises(ModelUnavailable, match="do not share a space"):
        TorchEncoder(image_model, text_tower(tmp_path, 64))


def test_missing_folder_says_what_to_do():
    with pytest.raises(ModelUnavailable, match="EMBEDDING_PROFILE"):
        TorchEncoder("/nowhere/model", settings.EMBEDDING_PROFILES["demo"]["text_model"])
