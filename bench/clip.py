"""A CLIP of true size with random weights: what it costs is true, what it answers means nothing.

It is clip-ViT-B-32's in shape, a folder that sentence-transformers loads as those of production.
For a text tower of true size see bench.query_tower.
"""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

from config.embedded import BASE_DIR
from embeddings.demo_model.train import save

SMALL = BASE_DIR / "embeddings/demo_model/model/0_CLIPModel"  # whose words nobody asks for here
ONNX_OPSET = 17


def save_image_model(folder: Path) -> None:
    """Save the CLIPModel that holds the image tower: it brings a text tower that is not used."""
    torch.manual_seed(1)
    image_processor = CLIPImageProcessor()
    processor = CLIPProcessor(
        image_processor=image_processor, tokenizer=CLIPTokenizer.from_pretrained(SMALL)
    )
    save(CLIPModel(CLIPConfig()), processor, folder)


class _ImageTower(torch.nn.Module):
    """From prepared pictures, (n, 3, 224, 224) float32, to their vectors, L2-normalised."""

    def __init__(self, model: SentenceTransformer):
        super().__init__()
        self._model = model

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        features = {"pixel_values": pixel_values, "modality": "image"}
        return torch.nn.functional.normalize(self._model(features)["sentence_embedding"], dim=-1)


def export_image_tower(model: SentenceTransformer, folder: Path) -> dict[str, Path]:
    """Write the image tower as ONNX, in fp32 and int8; return the files by precision."""
    files = {"fp32": folder / "image-fp32.onnx", "int8": folder / "image-int8.onnx"}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer
        torch.onnx.export(
            _ImageTower(model).eval(),
            (torch.zeros(1, 3, 224, 224),),
            files["fp32"],
            input_names=["pixels"],
            output_names=["vectors"],
            dynamic_axes={"pixels": {0: "pictures"}, "vectors": {0: "pictures"}},
            opset_version=ONNX_OPSET,
            dynamo=False,
        )
    logging.disable(logging.WARNING)  # it tells the root logger of every node
    try:
        quantize_dynamic(
            files["fp32"],
            files["int8"],
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm"],
        )
    finally:
        logging.disable(logging.NOTSET)
    return files


def onnx_images(model: SentenceTransformer, file: Path) -> Callable[[list], np.ndarray]:
    """Return a function that encodes pictures with an exported tower, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])

    def encode(images: list) -> np.ndarray:
        features = model.preprocess([{"image": image} for image in images])
        return session.run(None, {"pixels": features["pixel_values"].numpy()})[0]

    return encode
