"""Write the graph of a text tower, and make an int8 tower of one in fp32.

Apart from `embeddings.onnx_encoder`: what this imports takes memory that no web process needs.
"""

import logging
import shutil
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from embeddings.onnx_encoder import GRAPH, SAMPLES, TOKENIZER, WEIGHTS

LEAST_BYTES_APART = 1024  # smaller constants stay in the graph, which is optimised by them


def take_apart(whole: Path, folder: Path) -> None:
    """Turn a file with a graph and its weights into the two files of a tower."""
    onnx.save_model(
        onnx.load(whole),
        folder / GRAPH,
        save_as_external_data=True,
        location=WEIGHTS,
        size_threshold=LEAST_BYTES_APART,
    )
    whole.unlink()


def quantise(tower: Path, folder: Path) -> None:
    """Write the int8 tower of a tower in fp32: weights are rounded, activations as they come."""
    whole = folder / "whole.onnx"
    logging.disable(logging.WARNING)  # it tells the root logger of every node
    try:
        quantize_dynamic(tower / GRAPH, whole, weight_type=QuantType.QInt8)
    finally:
        logging.disable(logging.NOTSET)
    take_apart(whole, folder)
    for name in (TOKENIZER, SAMPLES):
        shutil.copy(tower / name, folder / name)
