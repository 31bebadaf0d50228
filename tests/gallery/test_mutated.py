"""Damaged files through the whole ingest: each is taken, or refused by a sentence; nothing stays.

`MUTATED_FILES=10000 make test ARGS=tests/gallery/test_mutated.py` tries more of them.
"""

import io
import os
import random
import re
import tempfile
import time
from collections import Counter

import numpy as np
import pytest
from django.core.files.storage import storages
from PIL import Image

from gallery import pipeline, renditions
from gallery.exceptions import DuplicateUpload, RefusedUpload
from gallery.models import Photo
from tests.conftest import upload
from tests.gallery.pictures import profile_of
from tests.gallery.test_metadata import XMP, iptc, with_segment

FILES = int(os.environ.get("MUTATED_FILES", "500"))
SECONDS_EACH = 20  # far below the limit of a pixel worker
SENTENCE = re.compile(r"[A-Z].*[.)]", re.DOTALL)


def whole_files() -> list[bytes]:
    """Return a small file of each kind, full of metadata."""
    noise = np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)
    picture = Image.fromarray(noise)
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "NIKON CORPORATION", "Zoë".encode(), 6
    exif.get_ifd(0x8769)[0x9003] = "2024:02:29 23:59:58"
    exif.get_ifd(0x8825)[2] = (33.0, 51.0, 35.76)
    about = {"exif": exif, "icc_profile": profile_of((), 2.2)}
    kinds = [
        ("JPEG", "RGB", {"xmp": XMP.encode()}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "L", {"progressive": True}),
        ("PNG", "RGB", {}),
        ("PNG", "P", {}),
        ("WEBP", "RGB", {"xmp": XMP.encode()}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("AVIF", "RGB", {}),
        ("HEIF", "RGB", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("TIFF", "L", {}),
        ("GIF", "P", {}),
    ]
    files = []
    for format, mode, options in kinds:
        buffer = io.BytesIO()
        picture.convert(mode).save(buffer, format, **about, **options)
        files.append(buffer.getvalue())
    deep = io.BytesIO()
    Image.fromarray(noise[:, :, 0].astype(np.uint16) * 257).save(deep, "PNG")
    return [*files, deep.getvalue(), with_segment(files[0], 0xED, iptc(d5="The pier", d25="sea"))]


def mutated(chance: random.Random, files: list[bytes]) -> bytes:
    """Return one of the files cut, with bits flipped, with another's bytes, or with odd numbers."""
    data = bytearray(chance.choice(files))
    early = chance.random() < 0.6  # metadata stands near the beginning

    def somewhere() -> int:
        return chance.randrange(min(len(data), 600) if early else len(data))

    kind = chance.randrange(5)
    if kind == 0:
        del data[somewhere() :]
    elif kind == 1:
        for _ in range(chance.choice((1, 3, 30))):
            data[somewhere()] ^= 1 << chance.randrange(8)
    elif kind == 2:
        other = chance.choice(files)
        start = chance.randrange(len(other))
        at = somewhere()
        data[at : at + chance.choice((0, 50))] = other[start : start + chance.randrange(1, 400)]
    elif kind == 3:
        for _ in range(chance.choice((1, 4))):
            at = somewhere()
            data[at : at + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))
    else:
        at = somewhere()
        del data[at : at + chance.randrange(1, 40)]
    return bytes(data)


@pytest.mark.filterwarnings("ignore")  # Pillow's, about what it finds
@pytest.mark.django_db
def test_damaged_files_are_taken_or_refused_and_leave_nothing(alice, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    renditions.decoder.close()  # the next knows where temporary files go
    chance, files, outcomes = random.Random(20240229), whole_files(), Counter()
    for number in range(FILES):
        data = mutated(chance, files)
        started = time.monotonic()
        try:
            photo = upload(alice, data, name="\u202e..\\x\0/../写真.jpg")
        except RefusedUpload as error:
            outcome, said = "refused", str(error)
        except DuplicateUpload:
            continue
        else:
            assert pipeline.process_next()
            photo.refresh_from_db()
            outcome, said = photo.state, photo.failure
            assert outcome in ("ready", "failed")
        outcomes[outcome] += 1
        assert time.monotonic() - started < SECONDS_EACH, number
        assert outcome == "ready" or SENTENCE.fullmatch(said), (number, said)
        assert "Traceback" not in said and str(tmp_path) not in said, (number, said)
    assert not list(tmp_path.iterdir())
    assert min(outcomes[one] for one in ("ready", "failed", "refused")) > FILES / 50, outcomes
    ready = Photo.objects.filter(state="ready")
    assert all(storages["renditions"].exists(name) for one in ready
               for name in renditions.stored_names(one))  # fmt: skip
    renditions.decoder.close()
