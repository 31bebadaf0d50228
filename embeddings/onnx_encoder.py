"""The text tower of a space without torch, for web processes.

A tower is a folder: the graph; its weights apart, which processes map from one file, so that they
share its pages; the tokenizer, with the truncation and padding of its model; and samples, what the
model itself makes of a few texts.
"""

from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

GRAPH, WEIGHTS, TOKENIZER, SAMPLES = "model.onnx", "weights.bin", "tokenizer.json", "samples.npz"
FILES = (GRAPH, WEIGHTS, TOKENIZER, SAMPLES)


class OnnxEncoder:
    """Encode texts with the tower in a folder. Safe to use after a fork and by many threads."""

    def __init__(self, folder: Path):
        options = onnxruntime.SessionOptions()
        # The threads of a pool do not survive a fork.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._samples = folder / SAMPLES
        self._alone = Lock()  # texts at once would be no faster, and each takes memory

    def encode_text(self, text: str) -> np.ndarray:
        """Return the text's vector, (dimensions,) float32, L2-normalised."""
        token_ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        with self._alone:
            return self._session.run(None, {"token_ids": token_ids})[0]

    def fidelity(self, most: int | None = None) -> float:
        """Return the smallest cosine between its vectors and the model's own, over the samples.

        most: so many samples, the shortest; all take a second.
        """
        with np.load(self._samples) as samples:
            texts, vectors = samples["texts"][:most], samples["vectors"][:most]
        own = np.stack([self.encode_text(str(text)) for text in texts])
        return float((own * vectors).sum(axis=1, dtype=np.float64).min())


def save_samples(texts: list[str], vectors: np.ndarray, folder: Path) -> None:
    """Put samples into a tower, the shortest first. vectors: (n, dimensions) float32."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    np.savez(folder / SAMPLES, texts=[texts[number] for number in order], vectors=vectors[order])
