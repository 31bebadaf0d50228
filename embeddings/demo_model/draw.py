"""Draw the demo gallery: JPEG files with the metadata a camera and a photographer write.

`draw_photo(index, seed)` is pure, so photos can be drawn in parallel.
"""

from __future__ import annotations

import io
import random
import struct
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from .scenes import SCENES, render
from .stories import PLACES, Story, stories

DEMO_SEED = 7
JPEG_QUALITY = 88
LONG_SIDE = (1680, 2240)  # px, of pictures that lie
NARROW_SIDE = 1600  # px, of pictures that stand
GRAIN = 0.008
ASPECTS = ((3, 2), (3, 2), (3, 2), (4, 3), (4, 3), (16, 9), (2, 3), (3, 4))
CREATOR = "Pictures demo"
COPYRIGHT = "Drawn by Pictures, free to use"
CAMERAS = (  # make, model, lens, focal length in mm, widest f-number
    ("FUJIFILM", "X100V", "FUJINON 23mm F2", 23, 2.0),
    ("FUJIFILM", "X-T5", "XF16-55mmF2.8 R LM WR", 35, 2.8),
    ("NIKON CORPORATION", "NIKON Z 6_2", "NIKKOR Z 24-120mm f/4 S", 50, 4.0),
    ("SONY", "ILCE-7M4", "FE 35mm F1.8", 35, 1.8),
    ("Canon", "Canon EOS R6", "RF24-105mm F4 L IS USM", 70, 4.0),
    ("LEICA CAMERA AG", "LEICA Q2", "SUMMILUX 1:1.7/28 ASPH.", 28, 1.7),
)
NIGHT = {"city_night", "starry_sky", "moon_sea", "fireworks", "aurora", "lightning", "volcano"}
DUSK = {"sunset_sea", "harbour_lights", "snow_cabin"}
MONTHS = {
    "snow_mountain": 1,
    "snow_cabin": 12,
    "aurora": 1,
    "autumn": 10,
    "flower_field": 5,
    "beach": 7,
    "fireworks": 12,
    "misty_hills": 11,
}
# EXIF orientation: how the stored pixels are turned from the upright picture
TURNED = {
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
    3: Image.Transpose.ROTATE_180,
}
TURNED_EVERY = 9  # photos
EXIF_IFD, GPS_IFD = 0x8769, 0x8825


@dataclass(frozen=True)
class Exposure:
    """What the camera says of itself and of the shot."""

    make: str
    model: str
    lens: str
    focal_length_mm: float
    f_number: float
    exposure_seconds: float
    iso: int
    taken_at: datetime  # local time
    offset: str
    latitude: float | None
    longitude: float | None


def draw_demo_photos(
    folder: Path, count: int = 72, seed: int = DEMO_SEED, processes: int = 1
) -> list[dict]:
    """Write `count` JPEG files to the folder; about a second each.

    Returns one dict a photo: path, scene, title, description, tags, album, place, creator,
    width and height (upright).
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    draw = partial(draw_photo, seed=seed)
    described = []
    if processes > 1:
        with ProcessPoolExecutor(processes) as pool:
            drawn = pool.map(draw, range(count))
            described = [write(folder, data, meta) for data, meta in drawn]
    else:
        described = [write(folder, *draw(index)) for index in range(count)]
    return described


def write(folder: Path, data: bytes, meta: dict) -> dict:
    """Write one photo; return its description with its path."""
    path = folder / meta["file"]
    path.write_bytes(data)
    return {**meta, "path": path}


def draw_photo(index: int, seed: int = DEMO_SEED) -> tuple[bytes, dict]:
    """Draw the index-th photo of a gallery: (JPEG bytes, description).

    Scenes take turns. The same index and seed give the same bytes.
    """
    chance = random.Random(f"demo photo {index} {seed}")
    scene = list(SCENES)[index % len(SCENES)]
    turn = index // len(SCENES)
    story = stories(scene)[turn % len(stories(scene))]
    width, height = photo_size(chance)
    image = render(scene, width, height, seed=1000 * seed + index, grain=GRAIN, variant=turn)
    orientation = chance.choice(list(TURNED)) if index % TURNED_EVERY == TURNED_EVERY - 1 else 1
    if orientation != 1:
        image = image.transpose(TURNED[orientation])
    exposure = draw_exposure(scene, story, chance)
    buffer = io.BytesIO()
    image.save(
        buffer,
        "JPEG",
        quality=JPEG_QUALITY,
        exif=exif_of(exposure, orientation),
        xmp=xmp_of(story),
        subsampling="4:2:0",
    )
    data = insert_iptc(buffer.getvalue(), iptc_of(story))
    meta = {
        "file": f"{scene}-{index + 1:03}.jpg",
        "scene": scene,
        **asdict(story),
        "tags": list(story.tags),
        "creator": CREATOR,
        "width": width,
        "height": height,
    }
    return data, meta


def photo_size(chance: random.Random) -> tuple[int, int]:
    """Choose a size in px."""
    across, down = chance.choice(ASPECTS)
    if across < down:
        return NARROW_SIDE, round(NARROW_SIDE * down / across)
    width = chance.randint(*LONG_SIDE) // 16 * 16
    return width, round(width * down / across)


def draw_exposure(scene: str, story: Story, chance: random.Random) -> Exposure:
    """Invent camera settings that suit the light of the scene."""
    make, model, lens, focal, widest = chance.choice(CAMERAS)
    if scene in NIGHT:
        seconds, iso, hour = chance.choice([2.0, 8.0, 15.0]), chance.choice([800, 1600, 3200]), 22
        f_number = widest
    elif scene in DUSK:
        seconds, iso, hour = chance.choice([1 / 30, 1 / 60]), chance.choice([400, 800]), 19
        f_number = max(widest, 4.0)
    else:
        seconds, iso = chance.choice([1 / 125, 1 / 250, 1 / 500]), chance.choice([100, 160, 200])
        f_number, hour = max(widest, chance.choice([5.6, 8.0, 11.0])), chance.randint(8, 15)
    month = MONTHS.get(scene, chance.randint(3, 10))
    taken = datetime(chance.randint(2019, 2025), month, chance.randint(1, 28), hour)
    taken += timedelta(seconds=chance.randrange(3600))
    place = PLACES.get(scene) if story.place else None
    return Exposure(
        make,
        model,
        lens,
        focal,
        f_number,
        seconds,
        iso,
        taken,
        offset=place[3] if place else chance.choice(["+00:00", "+01:00", "+02:00"]),
        latitude=place[1] if place else None,
        longitude=place[2] if place else None,
    )


def exif_of(exposure: Exposure, orientation: int) -> Image.Exif:
    """Write the exposure as EXIF."""
    exif = Image.Exif()
    stamp = exposure.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    exif.update(
        {
            0x010F: exposure.make,
            0x0110: exposure.model,
            0x0112: orientation,
            0x0132: stamp,
            0x013B: CREATOR,
            0x8298: COPYRIGHT,
            0x0131: "Pictures demo generator",
        }
    )
    exif.get_ifd(EXIF_IFD).update(
        {
            0x829A: exposure.exposure_seconds,
            0x829D: exposure.f_number,
            0x8827: exposure.iso,
            0x9003: stamp,
            0x9004: stamp,
            0x9010: exposure.offset,
            0x9011: exposure.offset,
            0x920A: float(exposure.focal_length_mm),
            0xA433: exposure.make,
            0xA434: exposure.lens,
        }
    )
    if exposure.latitude is not None and exposure.longitude is not None:
        exif.get_ifd(GPS_IFD).update(
            {
                1: "N" if exposure.latitude >= 0 else "S",
                2: degrees(exposure.latitude),
                3: "E" if exposure.longitude >= 0 else "W",
                4: degrees(exposure.longitude),
            }
        )
    return exif


def degrees(angle: float) -> tuple[float, float, float]:
    """Split an angle into degrees, minutes, seconds."""
    whole, rest = divmod(abs(angle) * 60, 60)
    minutes, fraction = divmod(rest, 1)
    return float(whole), float(minutes), round(fraction * 60, 2)


def xmp_of(story: Story) -> bytes:
    """Write title, description, subjects, creator and rights as XMP (Dublin Core)."""

    def language_alternative(text: str) -> str:
        return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt>'

    subjects = "".join(f"<rdf:li>{escape(tag)}</rdf:li>" for tag in story.tags)
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:title>{language_alternative(story.title)}</dc:title>
   <dc:description>{language_alternative(story.description)}</dc:description>
   <dc:subject><rdf:Bag>{subjects}</rdf:Bag></dc:subject>
   <dc:creator><rdf:Seq><rdf:li>{escape(CREATOR)}</rdf:li></rdf:Seq></dc:creator>
   <dc:rights>{language_alternative(COPYRIGHT)}</dc:rights>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def iptc_of(story: Story) -> bytes:
    """Write title, caption, keywords, creator and copyright as IPTC-IIM datasets, UTF-8."""
    fields = [
        (1, 90, b"\x1b%G"),
        (2, 5, story.title.encode()),
        (2, 80, CREATOR.encode()),
        (2, 116, COPYRIGHT.encode()),
        (2, 120, story.description.encode()),
    ]
    fields += [(2, 25, tag.encode()) for tag in story.tags]
    if story.place:
        fields.append((2, 90, story.place.encode()))
    return b"".join(
        struct.pack(">BBBH", 0x1C, record, dataset, len(value)) + value
        for record, dataset, value in fields
    )


def insert_iptc(jpeg: bytes, iptc: bytes) -> bytes:
    """Put IPTC datasets into a JPEG, as an APP13 segment after the other APPn segments."""
    padding = b"\0" * (len(iptc) % 2)
    block = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(iptc)) + iptc + padding
    content = b"Photoshop 3.0\0" + block
    segment = b"\xff\xed" + struct.pack(">H", len(content) + 2) + content
    at = 2  # after SOI
    while jpeg[at] == 0xFF and 0xE0 <= jpeg[at + 1] <= 0xEF:
        at += 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    return jpeg[:at] + segment + jpeg[at:]
