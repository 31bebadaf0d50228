"""The reference encoder: sentence-transformers on torch. The only module that imports torch.

Texts and pictures always go in as dicts: of a plain string sentence-transformers guesses the
modality, and a query that looks like a path or a URL would be opened.
"""

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer

from embeddings.encoder import ModelUnavailable
from embeddings.onnx_encoder import TOKENIZER, save_samples
from embeddings.onnx_graph import take_apart

ENCODE_BATCH_SIZE = 8  # no faster beyond it on one core
# Pictures are encoded in bfloat16 where the processor multiplies it: in 2/3 of the time by a CLIP
# of 150 million parameters, and no faster by the small one.
BFLOAT16 = ("avx512_bf16", "amx_bf16")
LEAST_PARAMETERS = 50_000_000
LEAST_FIDELITY = 0.9999  # cosine to the vectors in float32
ONNX_OPSET = 17  # any from 14 has what text towers need


class TorchEncoder:
    """Encode with the two models of one space; see `embeddings.encoder.Encoder`.

    Raises ModelUnavailable when a model is neither in its folder, nor in the local model
    cache, nor to be downloaded, when it does not encode what it should, or when the two do not
    share a space.
    """

    def __init__(self, image_model: str, text_model: str):
        # Forked children of a torch process with more than one thread hang.
        torch.set_num_threads(1)
        self._in_bfloat16 = False
        self._image_model = _load(image_model)
        self._text_model = self._image_model if text_model == image_model else _load(text_model)
        self.dimensions = _tried(text_model, self.encode_texts, "a photo")
        of_images = _tried(image_model, self.encode_images, Image.new("RGB", (64, 64)))
        if of_images != self.dimensions:
            raise ModelUnavailable(
                f"{image_model} has {of_images} dimensions and {text_model} {self.dimensions}: "
                "they do not share a space. Choose two models that were trained together."
            )
        self._in_bfloat16 = self._may_use_bfloat16()

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        options = _text_options(self._text_model)
        return _encode(self._text_model, [{"text": text} for text in texts], **options)

    def encode_images(self, images: list[Image.Image]) -> np.ndarray:
        inputs = [{"image": image} for image in images]
        if not self._in_bfloat16:
            return _encode(self._image_model, inputs)
        with torch.autocast("cpu", torch.bfloat16):
            vectors = _encode(self._image_model, inputs)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _may_use_bfloat16(self) -> bool:
        """Tell whether it pays, and gives vectors that are those of float32."""
        can = torch.cpu.get_capabilities()
        if not any(can.get(name) for name in BFLOAT16):
            return False
        if sum(one.numel() for one in self._image_model.parameters()) < LEAST_PARAMETERS:
            return False
        samples = [
            Image.linear_gradient("L").convert("RGB"),
            Image.radial_gradient("L").convert("RGB"),
            Image.effect_mandelbrot((256, 256), (-2, -1.5, 1, 1.5), 50).convert("RGB"),
        ]
        exact = self.encode_images(samples)
        self._in_bfloat16 = True
        fidelity = (self.encode_images(samples) * exact).sum(axis=1).min()
        return bool(fidelity >= LEAST_FIDELITY)

    def export_text_tower(self, samples: list[str], folder: Path) -> None:
        """Write the text tower for `embeddings.onnx_encoder`, with the vectors of sample texts.

        Raises what an exporter may: not every model can be exported.
        """
        model = self._text_model
        features = model.preprocess([{"text": max(samples, key=len)}], **_text_options(model))
        whole = folder / "whole.onnx"
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer: samples prove what it made
            torch.onnx.export(
                _TextTower(model).eval(),
                (features["input_ids"],),
                whole,
                input_names=["token_ids"],
                output_names=["vector"],
                dynamic_axes={"token_ids": {1: "tokens"}},
                opset_version=ONNX_OPSET,
                dynamo=False,  # the other exporter needs one more library
            )
        take_apart(whole, folder)
        # It keeps the truncation and padding that were last asked of it, a few lines above.
        model.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
        save_samples(samples, self.encode_texts(samples), folder)


class _TextTower(torch.nn.Module):
    """From the token ids of one text, (1, tokens) int64, to its vector, (dimensions,) float32.

    All tokens count: a text alone has no padding, or one that its model was trained to read.
    """

    def __init__(self, model: SentenceTransformer):
        super().__init__()
        self._model = model

    def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
        features = {"input_ids": token_ids, "attention_mask": torch.ones_like(token_ids)}
        vectors = self._model(features | {"modality": "text"})["sentence_embedding"]
        return torch.nn.functional.normalize(vectors, dim=-1)[0]


def _encode(model: SentenceTransformer, inputs: list[dict], **options) -> np.ndarray:
    vectors = model.encode(
        inputs,
        batch_size=ENCODE_BATCH_SIZE,
        normalize_embeddings=True,
        convert_to_numpy=True,
        show_progress_bar=False,
        **options,
    )
    return np.asarray(vectors, dtype=np.float32)


def _text_options(model: SentenceTransformer) -> dict:
    """Return how the model's texts are padded, where its own processor does not say.

    SigLIP was trained on texts of full length without a mask and reads the last position:
    padded like others, a text's vector depends on its neighbours in the batch.
    """
    config = model.transformers_model.config
    if not config.model_type.startswith("siglip"):
        return {}
    padding = {
        "padding": "max_length",
        "truncation": True,
        "max_length": config.text_config.max_position_embeddings,
        "return_attention_mask": False,
    }
    return {"processing_kwargs": {"text": padding}}


def _tried(name: str, encode, sample) -> int:
    """Encode one sample; return the number of dimensions. Raises ModelUnavailable."""
    try:
        return int(encode([sample]).shape[1])
    except Exception as error:  # models fail in ways of their own
        raise ModelUnavailable(
            f"The model {name} is there, but cannot encode for a gallery: {error}. Choose a CLIP "
            "or SigLIP model."
        ) from error


def _load(name_or_path: str) -> SentenceTransformer:
    if Path(name_or_path).is_absolute() and not Path(name_or_path).is_dir():
        raise ModelUnavailable(
            f"There is no model folder at {name_or_path}. Put it back, or choose another "
            "model with EMBEDDING_PROFILE and `manage.py embedding_space create`."
        )
    try:
        return SentenceTransformer(name_or_path, device="cpu").float().eval()
    except Exception as error:  # a hub, a file system and any model may fail here
        raise ModelUnavailable(
            f"The model {name_or_path} could not be loaded: {error}. It is tried again by itself."
        ) from error
