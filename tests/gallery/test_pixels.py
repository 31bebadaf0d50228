"""Decoded pictures: their colours, their depth, their light, and the process that decodes them."""

import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from gallery import decoder, formats, pixels
from gallery.exceptions import RefusedUpload, UnreadablePicture
from tests.gallery.pictures import profile_of

PRIMARIES = {  # XYZ of red, green and blue at full strength, D50, and gamma
    "Adobe RGB": ((0.60974, 0.31111, 0.01947, 0.20528, 0.62567, 0.06087,
                   0.14919, 0.06322, 0.74457), 2.2),
    "Display P3": ((0.51512, 0.24120, -0.00105, 0.29198, 0.69225, 0.04189,
                    0.15710, 0.06657, 0.78407), 2.2),
    "ProPhoto RGB": ((0.79767, 0.28804, 0.0, 0.13519, 0.71187, 0.0,
                      0.03135, 0.00009, 0.82521), 1.8),
}  # fmt: skip
# From XYZ (D50) to linear sRGB. Source: Lindbloom, "RGB/XYZ Matrices", Bradford-adapted.
TO_SRGB = np.array([
    [3.1338561, -1.6168667, -0.4906146],
    [-0.9787684, 1.9161415, 0.0334540],
    [0.0719453, -0.2289914, 1.4052427],
])  # fmt: skip
PATCHES = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (128, 128, 128), (220, 180, 60)]


def in_srgb(patch, primaries, gamma) -> np.ndarray:
    linear = (np.array(patch) / 255) ** gamma
    light = np.clip(TO_SRGB @ (np.array(primaries).reshape(3, 3).T @ linear), 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def saved(path: Path, picture: Image.Image, format: str, **options) -> Path:
    picture.save(path, format, **options)
    return path


def shown(path: Path, width: int = 2048) -> np.ndarray:
    """Return what is seen of a picture file: (height, width, 3), 0 to 255."""
    return pixels.to_srgb(pixels.decode(path, width)).astype(float)


@pytest.mark.parametrize("space", PRIMARIES)
@pytest.mark.parametrize("size", [24, 3000], ids=["as it is", "shrunk"])
def test_colours_of_wide_spaces_are_those_that_were_meant(tmp_path, space, size):
    primaries, gamma = PRIMARIES[space]
    picture = Image.new("RGB", (size * len(PATCHES) // 5, 20))
    for number, patch in enumerate(PATCHES):
        left = picture.width * number // len(PATCHES)
        picture.paste(patch, (left, 0, picture.width, 20))
    path = saved(tmp_path / "a", picture, "PNG", icc_profile=profile_of(primaries, gamma))
    seen = shown(path)
    for number, patch in enumerate(PATCHES):
        centre = seen[seen.shape[0] // 2, int(seen.shape[1] * (number + 0.5) / len(PATCHES))]
        assert centre == pytest.approx(in_srgb(patch, primaries, gamma), abs=2), patch


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
def test_grey_with_a_profile(tmp_path, format):
    path = saved(tmp_path / "a", Image.new("L", (40, 30), 128), format,
                 icc_profile=profile_of((), 1.8))  # fmt: skip
    expected = in_srgb((128,) * 3, PRIMARIES["ProPhoto RGB"][0], 1.8)
    assert shown(path)[15, 20] == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("profile", [b"no profile at all", profile_of((), 1.8), b""])
def test_a_profile_that_does_not_fit_is_left_out(tmp_path, profile):
    path = saved(tmp_path / "a", Image.new("RGB", (40, 30), (40, 60, 200)), "PNG",
                 icc_profile=profile)  # fmt: skip
    assert shown(path)[15, 20] == pytest.approx((40, 60, 200), abs=1)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_inks_are_seen_as_colours(tmp_path, format):
    picture = Image.new("CMYK", (60, 20))
    picture.paste((255, 0, 0, 0), (20, 0, 40, 20))
    picture.paste((0, 0, 0, 255), (40, 0, 60, 20))
    white, cyan, black = shown(saved(tmp_path / "a", picture, format))[10, [8, 30, 52]]
    assert white.min() > 250
    assert cyan[0] < 80 < cyan[1] < cyan[2]
    assert black.max() < 60


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "HEIF"])
def test_light_adds_up_however_small_a_picture_becomes(tmp_path, mode, format):
    if mode == "CMYK" and format in ("PNG", "WEBP", "GIF", "HEIF"):
        pytest.skip("not in this format")
    rows, columns = np.mgrid[:600, :800]
    board = Image.fromarray(((rows + columns) % 2 * 255).astype(np.uint8)).convert(mode)
    options = {"quality": 100, "subsampling": 0} if format == "JPEG" else {}
    if format in ("WEBP", "HEIF"):
        options = {"lossless": True} if format == "WEBP" else {"quality": -1}
    image = pixels.decode(saved(tmp_path / "a", board, format, **options), 160)
    tolerance = 12 if mode == "CMYK" else 2  # its black is none
    assert pixels.to_srgb(image).mean() == pytest.approx(188, abs=tolerance)
    assert pixels.to_srgb(pixels.fit(image, 40)).mean() == pytest.approx(188, abs=tolerance)


def test_profile_of_the_file_says_what_its_light_is(tmp_path):
    rows, columns = np.mgrid[:600, :800]
    board = Image.fromarray(((rows + columns) % 2 * 255).astype(np.uint8)).convert("RGB")
    profile = profile_of(*PRIMARIES["ProPhoto RGB"])
    path = saved(tmp_path / "a", board, "PNG", icc_profile=profile)
    assert shown(path, 160).mean() == pytest.approx(188, abs=2)


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept_until_the_end(tmp_path, grey, suffix):
    """Two values that 8 bits cannot tell apart, and that differ where light is scarce."""
    samples = np.full((40, 60), 700, np.uint16)
    samples[:, 30:] = 860
    samples = samples if grey else np.dstack([samples] * 3)
    kind = "grey16" if grey else "rgb16"
    path = tmp_path / f"a{suffix}"
    pyvips.Image.new_from_array(samples).copy(interpretation=kind).write_to_file(str(path))
    with path.open("rb") as file:
        formats.read_header(file, path.stat().st_size)
    linear = pixels.decode(path, 2048).numpy()
    assert linear[20, 50, 0] / linear[20, 10, 0] == pytest.approx(860 / 700, rel=0.02)
    assert shown(path).mean() == pytest.approx(780 / 257, abs=0.6), "not clipped to white"


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "GIF", "HEIF"])
def test_what_is_transparent_is_white(tmp_path, format):
    picture = Image.new("RGBA", (40, 20), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (20, 0, 40, 20))
    seen = shown(saved(tmp_path / "a", picture, format))
    assert seen[10, 5] == pytest.approx((200, 0, 0), abs=12)
    assert seen[10, 34] == pytest.approx((255, 255, 255), abs=6)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16"])
def test_modes_of_png(tmp_path, mode):
    picture = Image.new("L", (40, 20), 255).convert(mode) if mode != "I;16" else Image.fromarray(
        np.full((20, 40), 65535, np.uint16)
    )  # fmt: skip
    assert shown(saved(tmp_path / "a", picture, "PNG")).min() == 255


def test_samples_that_are_no_picture_are_refused_by_a_sentence(tmp_path):
    path = saved(tmp_path / "a", Image.new("F", (40, 20), 0.5), "TIFF")
    with decoder.Decoder(20) as one, pytest.raises(UnreadablePicture, match="8 nor 16 bits"):
        one.decode(path, 640)


def test_one_process_decodes_many_and_another_follows_when_it_dies(tmp_path):
    path = saved(tmp_path / "a", Image.new("RGB", (40, 20), "red"), "PNG")
    with decoder.Decoder(20) as one:
        first = one.decode(path, 640)
        assert first.shape == (20, 40, 3) and first.dtype == np.uint16
        pid = one._process.pid
        with pytest.raises(UnreadablePicture, match="damaged or cut short"):
            (tmp_path / "b").write_bytes(path.read_bytes()[:60])
            one.decode(tmp_path / "b", 640)
        one.decode(path, 640)
        assert one._process.pid == pid
        one._process.kill()
        one._process.wait()
        assert np.array_equal(one.decode(path, 640), first)
    assert one._process is None


def test_a_picture_that_takes_too_long_is_given_up(tmp_path):
    path = tmp_path / "a.jpg"
    os.mkfifo(path)  # opening it never ends
    with decoder.Decoder(0.5) as one, pytest.raises(UnreadablePicture, match="too long"):
        one.decode(path, 640)


def test_a_picture_that_takes_too_much_memory_is_given_up(tmp_path, settings):
    settings.DECODE_MEMORY_MB = 150
    picture = Image.new("RGB", (6000, 6000))
    path = saved(tmp_path / "a", picture, "JPEG", progressive=True, subsampling=0)
    small = saved(tmp_path / "b", Image.new("RGB", (40, 20)), "JPEG")
    with decoder.Decoder(20) as one:
        with pytest.raises(UnreadablePicture, match="memory"):
            one.decode(path, 640)
        assert one.decode(small, 640).shape == (20, 40, 3)


def test_limits_are_checked_again_where_pixels_are_decoded(tmp_path, settings):
    settings.MAX_MEGAPIXELS = 1
    path = saved(tmp_path / "a", Image.new("1", (2000, 1000)), "PNG")
    with decoder.Decoder(20) as one, pytest.raises(UnreadablePicture, match="at most 1 mega"):
        one.decode(path, 640)


def test_metadata_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MAX_METADATA_BYTES", 2**20)
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG", exif=b"Exif\0\0" + bytes(2**20))
    with pytest.raises(RefusedUpload, match="1 MB of metadata"):
        formats.read_header(buffer, buffer.tell())


# --- RAW -----------------------------------------------------------------------------------
def tiff(*ifds: dict[int, tuple[int, int, int]], order: str = "<") -> bytes:
    """Return a TIFF of chained directories: {tag: (type, count, value)}."""
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    for number, ifd in enumerate(ifds, start=1):
        end = len(data) + 2 + 12 * len(ifd) + 4
        data += struct.pack(f"{order}H", len(ifd))
        for tag, (kind, count, value) in ifd.items():
            packed = struct.pack(
                f"{order}{'HH' if kind == 3 else 'I'}", *((value, 0), (value,))[kind != 3]
            )
            data += struct.pack(f"{order}HHI", tag, kind, count) + packed
        data += struct.pack(f"{order}I", end if number < len(ifds) else 0)
    return data


SENSOR = {0x0100: (3, 1, 40), 0x0101: (3, 1, 30), 0x0106: (3, 1, 32803)}
THUMBNAIL = {0x0100: (3, 1, 16), 0x0101: (3, 1, 12), 0x0106: (3, 1, 2)}
RAW_FILES = {
    "Canon CR2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(40),
    "Canon CR3": struct.pack(">I", 24) + b"ftypcrx \0\0\0\1crx isom" + bytes(40),
    "Fujifilm RAF": b"FUJIFILMCCD-RAW 0201FF383501" + bytes(40),
    "Olympus ORF": b"IIRO\x08\0\0\0" + bytes(40),
    "Panasonic RW2": b"IIU\0\x18\0\0\0" + bytes(40),
    "DNG": tiff(THUMBNAIL | {0xC612: (1, 4, 0x0401)}),
    "of a camera": tiff(THUMBNAIL, SENSOR),
    "of a camera ": tiff(SENSOR, order=">"),
    "of a camera  ": tiff(THUMBNAIL | {0x014A: (4, 1, 62)}, SENSOR),
}


@pytest.mark.parametrize("kind", RAW_FILES)
def test_raw_files_are_refused_by_a_sentence_that_says_what_to_export(kind):
    data = RAW_FILES[kind]
    with pytest.raises(RefusedUpload, match="Export it as JPEG") as refused:
        formats.read_header(io.BytesIO(data), len(data))
    assert f"RAW file ({kind.strip()})" in str(refused.value)


def test_raw_file_names_its_maker():
    make = b"NIKON CORPORATION\0"
    data = tiff(SENSOR | {0x010F: (2, len(make), 8 + 2 + 12 * 4 + 4)}, order=">") + make
    assert formats.raw_kind(io.BytesIO(data)) == "Nikon NEF"


@pytest.mark.parametrize("data", [
    tiff(THUMBNAIL, THUMBNAIL), tiff({0x014A: (4, 2**32 - 1, 8)}), b"II*\0\x08\0\0\0", b"MM\0*",
    b"II*\0\x08\0\0\0\1\0",
])  # fmt: skip
def test_a_plain_or_broken_tiff_is_no_raw_file(data):
    assert formats.raw_kind(io.BytesIO(data)) == ""


def test_decoding_needs_no_site():
    """The process that decodes reads no settings but its limits: it touches no database."""
    code = "import gallery.decoder, sys; print('config.settings' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
