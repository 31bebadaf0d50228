"""The neutral banks of a space and its floor: computed once, or shipped in the model's folder.

    python -m embeddings.banks FOLDER

computes them for a folder that holds both models of a space, and puts them there.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from embeddings.calibration import Floor, Measure, calibrate
from embeddings.encoder import Encoder

FILE_NAME = "banks.npz"
SAMPLES = 4  # captions encoded again to tell whether shipped banks are this model's
TOLERANCE = 0.01  # of a coordinate; half precision keeps 0.0005
SAME_MODEL = 0.99  # cosine; int8 on another machine keeps more, other weights far less


@dataclass(frozen=True)
class Banks:
    """captions, images: (n, dimensions) float16, L2-normalised.

    floor: see embeddings.calibration.
    """

    captions: np.ndarray
    images: np.ndarray
    floor: Floor


def probe(encoder: Encoder) -> np.ndarray:
    """Encode a fixed text and a fixed picture, by which a model is known again.

    Returns (2, dimensions) float16. What is encoded must never change: spaces keep the result.
    """
    picture = Image.linear_gradient("L").convert("RGB")
    vectors = [encoder.encode_texts(["A boat on a lake, 一只船"]), encoder.encode_images([picture])]
    return np.vstack(vectors).astype(np.float16)


def probe_fits(encoder: Encoder, stored: bytes) -> bool:
    """Tell whether an encoder is the one whose probe is stored."""
    found = probe(encoder).astype(np.float32)
    expected = np.frombuffer(bytes(stored), np.float16).astype(np.float32)
    if expected.size != found.size:
        return False
    cosines = (found * expected.reshape(found.shape)).sum(axis=1)
    return bool((cosines > SAME_MODEL).all())


def make_banks(encoder: Encoder) -> Banks:
    """Encode neutral captions and pictures and calibrate the floor; takes some 40 seconds."""
    from embeddings.demo_model import bank  # draws pictures; queries are read without it

    captions = encoder.encode_texts(bank.bank_captions())
    images = encoder.encode_images(bank.bank_images())
    floor, _ = calibrated_floor(encoder, captions, images)
    return Banks(captions.astype(np.float16), images.astype(np.float16), floor)


def calibrated_floor(
    encoder: Encoder, captions: np.ndarray, images: np.ndarray
) -> tuple[Floor, list[Measure]]:
    """Calibrate a floor on the material that ships with Pictures; see embeddings.calibration.

    captions, images: the banks, (n, dimensions) float32.
    """
    from embeddings.demo_model import bank

    return calibrate(bank.calibration(), encoder, captions, images)


def save_banks(banks: Banks, folder: Path) -> None:
    floor = json.dumps(banks.floor)
    np.savez(folder / FILE_NAME, captions=banks.captions, images=banks.images, floor=floor)


def shipped_banks(folder: Path, encoder: Encoder) -> Banks | None:
    """Return the banks in a model's folder; None if there are none, or another model's."""
    from embeddings.demo_model import bank

    path = folder / FILE_NAME
    if not path.is_file():
        return None
    with np.load(path) as stored:
        banks = Banks(stored["captions"], stored["images"], json.loads(str(stored["floor"])))
    samples = encoder.encode_texts(bank.bank_captions()[:SAMPLES])
    if samples.shape[1] != banks.captions.shape[1] or not np.allclose(
        samples, banks.captions[:SAMPLES], atol=TOLERANCE
    ):
        return None
    return banks


if __name__ == "__main__":
    from embeddings.torch_encoder import TorchEncoder

    folder = Path(sys.argv[1]).resolve()
    save_banks(make_banks(TorchEncoder(str(folder), str(folder))), folder)
