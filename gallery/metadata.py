"""What a picture file says of itself: EXIF, IPTC-IIM and XMP, read so that nothing can break it.

Merged as the Metadata Working Group has it ("Guidelines for Handling Image Metadata", 2010).
Odd values become None or are left out; they are never an error.
"""

import contextlib
import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from defusedxml import ElementTree
from PIL import ExifTags, Image, TiffImagePlugin

MAX_TEXT = 10_000
MAX_XMP_BYTES = 2 * 2**20
MAX_KEYWORDS = 200
MAX_RAW = 500  # texts of one block kept as they are, and characters of each


@dataclass
class Metadata:
    """The fields of a photo as its file gives them; None or empty where it says nothing."""

    title: str = ""
    description: str = ""
    keywords: list[str] = field(default_factory=list)
    creators: list[str] = field(default_factory=list)
    copyright: str = ""
    licence: str = ""  # an address or a text
    rating: int | None = None  # 0 to 5 stars; -1 is rejected
    place: str = ""
    taken: tuple[datetime, int | None] | None = None  # UTC, and the offset there in minutes
    camera: str = ""
    lens: str = ""
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    iso: int | None = None
    position: tuple[float, float] | None = None  # latitude, longitude
    raw: dict = field(default_factory=dict)

    @property
    def creator(self) -> str:
        return ", ".join(self.creators)[:300]

    @property
    def taken_at(self) -> datetime | None:
        return self.taken and self.taken[0]

    @property
    def taken_offset_minutes(self) -> int | None:
        return self.taken and self.taken[1]

    @property
    def latitude(self) -> float | None:
        return self.position and self.position[0]

    @property
    def longitude(self) -> float | None:
        return self.position and self.position[1]


def read_metadata(image: Image.Image, sidecar: str = "") -> Metadata:
    """Read the metadata of an opened picture, and of the XMP packet that lies beside it.

    The sidecar goes before XMP, XMP before IPTC, IPTC before EXIF, except: IPTC that somebody
    changed after the XMP was written goes before it, and of when and how a photo was taken the
    camera knows best.
    """
    aside, xmp = _read(_xmp, sidecar), _read(_xmp, image.info.get("xmp"))
    iptc, exif, texts = _read(_iptc, image), _read(_exif, image), _read(_png_texts, image)
    order = [iptc, xmp] if iptc.raw.pop("changed", False) else [xmp, iptc]
    order = [aside, *order, exif, texts]
    by_camera = [exif, aside, xmp, iptc]
    if aside.taken and exif.taken and abs(_clock(aside.taken) - _clock(exif.taken)) >= SECOND:
        by_camera = [aside, exif]  # the clock of the camera was wrong
    found = Metadata()
    for one in fields(Metadata):
        sources = by_camera if one.name in _BY_CAMERA else order
        for value in (getattr(source, one.name) for source in sources):
            if value not in ("", None, []):
                setattr(found, one.name, value)
                break
    found.raw = {"rating": found.rating, "licence": found.licence, "creators": found.creators}
    found.raw |= {"exif": exif.raw, "iptc": iptc.raw, "xmp": aside.raw or xmp.raw}
    return found


SECOND = timedelta(seconds=1)
_BY_CAMERA = {
    *("taken", "camera", "lens"),
    *("focal_length_mm", "f_number", "exposure_seconds", "iso"),
}


def _read(reader, source) -> Metadata:
    """Read one block; whatever is wrong with it, what was read before that stays."""
    found = Metadata()
    with contextlib.suppress(Exception):  # broken metadata never costs the picture
        reader(source, found)
    return found


def _clock(taken: tuple[datetime, int | None]) -> datetime:
    """Return what a clock at the place said."""
    return taken[0] + timedelta(minutes=taken[1] or 0)


# --- Texts, names, numbers, dates ----------------------------------------------------------
def without_controls(text: str | None) -> str:
    """Return a text without what neither Postgres nor XML takes; lines end in a line feed."""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", "", text or "")
    return text.encode("utf-8", "ignore").decode()


def clean_text(value) -> str:
    """Return a value as text without NUL and control characters, at most MAX_TEXT long."""
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            value = value.decode("latin-1")
    return without_controls(str(value or "")).strip()[:MAX_TEXT]


def exif_text(value) -> str:
    """Return an EXIF text: UTF-8 where it is that, else Latin-1, which Pillow takes for granted."""
    if isinstance(value, str):
        try:
            value = value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            pass
    return clean_text(value)


def camera_name(make: str, model: str) -> str:
    """Return a camera's name as people say it.

    "NIKON CORPORATION", "NIKON D850" -> "Nikon D850".
    """
    words = re.split(r"[ ,.]+", make.strip(" ,."))
    # A camera that kept its name when its maker was sold: "RICOH IMAGING", "PENTAX K-1".
    if model.split(" ")[0] in _BRANDS:
        words = model.split(" ")
    first = words[0]
    first = _WHOLE_NAMES.get(first.lower(), first)
    if (first.isupper() and len(first) > 3) or first.islower():
        first = first.capitalize()
    if not first or model.lower().startswith(first.lower()):
        return f"{first}{model[len(first) :]}"
    return f"{first} {model}".strip()


_WHOLE_NAMES = {"phase": "Phase One", "konica": "Konica Minolta", "eastman": "Kodak"}
_BRANDS = {"PENTAX", "KODAK", "MINOLTA", "HASSELBLAD"}


def lens_name(text: str) -> str:
    """Return a lens's name, or "" for what cameras write when they know none."""
    text = " ".join(text.split())
    known = re.search(r"[1-9a-zA-Z]{2}|[1-9]", re.sub(r"(?i)mm|f/|unknown|none|n/a", "", text))
    return text[:200] if known else ""


def _lens_of(specification) -> str:
    """Return "24-70mm f/2.8" for (24, 70, 2.8, 2.8)."""
    numbers = [_positive(value) for value in specification or ()]
    if len(numbers) != 4 or not numbers[0]:
        return ""

    def span(low: float | None, high: float | None) -> str:
        return "-".join(f"{one:g}" for one in dict.fromkeys((low, high)) if one)

    aperture = span(*numbers[2:])
    return f"{span(*numbers[:2])}mm" + (f" f/{aperture}" if aperture else "")


def _number(value) -> float | None:
    try:
        number = float(Fraction(value) if isinstance(value, str) else value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _positive(value) -> float | None:
    """Return a number of a size that cameras know, or None."""
    number = _number(value)
    return number if number and 1e-6 < number < 1e6 else None


def _iso(value) -> int | None:
    iso = _positive(value[0] if isinstance(value, tuple) and value else value)
    return int(iso) or None if iso else None


def _rating(value) -> int | None:
    rating = _number(value)
    return int(rating) if rating is not None and -1 <= rating <= 5 else None


_MOMENT = re.compile(
    r"(\d{4})[:\-](\d\d)[:\-](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?)?"
)
FIRST_YEAR = 1826  # of the oldest photograph that is kept
DAY_MINUTES = 14 * 60  # no place is further from UTC


def _taken(text: str, fraction: str = "", offset: str = ""):
    """Return (UTC time, offset in minutes), of EXIF's or ISO 8601's form, or None.

    Without an offset the local time is taken as UTC.
    """
    match = _MOMENT.match(text)
    if not match or int(match[1]) < FIRST_YEAR:
        return None
    try:
        local = datetime(*(int(part or 0) for part in match.groups()[:6]), tzinfo=UTC)
    except ValueError:
        return None
    fraction, offset = match[7] or fraction, match[8] or offset
    if re.fullmatch(r"[0-9]+", fraction):
        local += timedelta(seconds=float(f"0.{fraction}"))
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", "+00:00" if offset == "Z" else offset)
    if not offset:
        return local, None
    minutes = (int(offset[2]) * 60 + int(offset[3])) * (-1 if offset[1] == "-" else 1)
    if abs(minutes) > DAY_MINUTES:
        return local, None
    return local.replace(tzinfo=timezone(timedelta(minutes=minutes))).astimezone(UTC), minutes


def _degrees(parts: Iterable, negative: bool, limit: int) -> float:
    """Raises ValueError and its like for what is no angle on Earth."""
    value = sum(float(Fraction(part)) / 60**place for place, part in enumerate(parts))
    if not abs(value) <= limit:
        raise ValueError
    return -value if negative else value


def _distinct(values: Iterable[str], longest: int = 200) -> list[str]:
    """Return the texts that say something, each once, in their order."""
    return list(dict.fromkeys(value[:longest] for value in values if value))[:MAX_KEYWORDS]


def _place(parts: Iterable[str]) -> str:
    return ", ".join(_distinct(parts))[:300]


# --- EXIF ----------------------------------------------------------------------------------
# What cameras write where a description belongs.
_NO_DESCRIPTION = re.compile(
    r"(OLYMPUS|KODAK|MINOLTA|KONICA MINOLTA|SAMSUNG|SONY|Minolta|DCIM)?[ \\]*"
    r"(DIGITAL (STILL )?CAMERA|DSC|CAMERA PICTURES|DCIM.*)?[ \0]*"
)


def _exif(image: Image.Image, found: Metadata) -> None:
    exif = image.getexif()
    base, tags = ExifTags.Base, dict(exif)
    with contextlib.suppress(Exception):
        tags |= exif.get_ifd(ExifTags.IFD.Exif)
    found.raw = {
        ExifTags.TAGS.get(tag, str(tag)): exif_text(value)[:MAX_RAW]
        for tag, value in list(tags.items())[:MAX_RAW]
        if not isinstance(value, (dict, bytes)) or len(value) < MAX_RAW
    }

    def text(tag: int) -> str:
        return exif_text(tags.get(tag))

    def windows(tag: int) -> str:
        value = tags.get(tag)
        return clean_text(bytes(value).decode("utf-16-le", "ignore")) if value else ""

    found.camera = camera_name(text(base.Make), text(base.Model))[:200]
    found.lens = lens_name(text(base.LensModel)) or _lens_of(tags.get(base.LensSpecification))
    found.description = text(base.ImageDescription)
    if _NO_DESCRIPTION.fullmatch(found.description):
        found.description = ""
    found.creators = _distinct(map(str.strip, text(base.Artist).split(";")), 300)
    # The photographer's, a NUL, the editor's.
    parts = re.split("\0+", str(tags.get(base.Copyright) or ""))
    found.copyright = ", ".join(_distinct(map(exif_text, parts)))[:500]
    found.focal_length_mm = _positive(tags.get(base.FocalLength))
    found.f_number = _positive(tags.get(base.FNumber))
    found.exposure_seconds = _positive(tags.get(base.ExposureTime))
    found.iso = _iso(tags.get(base.ISOSpeedRatings))
    found.rating = _rating(tags.get(0x4746))
    for moment in (
        (base.DateTimeOriginal, base.SubsecTimeOriginal, base.OffsetTimeOriginal),
        (base.DateTimeDigitized, base.SubsecTimeDigitized, base.OffsetTimeDigitized),
    ):
        found.taken = found.taken or _taken(*(clean_text(tags.get(tag)) for tag in moment))
    with contextlib.suppress(Exception):
        found.position = _exif_position(exif.get_ifd(ExifTags.IFD.GPSInfo))
    with contextlib.suppress(Exception):
        found.title = windows(base.XPTitle)[:300]
        found.keywords = _distinct(map(str.strip, windows(base.XPKeywords).split(";")))


def _exif_position(gps: dict) -> tuple[float, float] | None:
    def angle(degrees: int, reference: int, negative: str, limit: int) -> float:
        said = clean_text(gps.get(reference)).upper()
        return _degrees(gps[degrees], said == negative, limit)

    tags = ExifTags.GPS
    position = (
        angle(tags.GPSLatitude, tags.GPSLatitudeRef, "S", 90),
        angle(tags.GPSLongitude, tags.GPSLongitudeRef, "W", 180),
    )
    return position if any(position) else None  # 0, 0 is a receiver that saw no satellite


def _png_texts(image: Image.Image, found: Metadata) -> None:
    """Read the keywords that the PNG standard names."""

    def text(name: str) -> str:
        value = image.info.get(name)
        return clean_text(value) if isinstance(value, str) else ""

    found.title, found.description = text("Title")[:300], text("Description")
    found.creators, found.copyright = _distinct([text("Author")], 300), text("Copyright")[:500]


# --- IPTC-IIM ------------------------------------------------------------------------------
_IPTC_BLOCK, _IPTC_DIGEST = 0x0404, 0x0425  # Photoshop's numbers of them
_TIFF_IPTC = 33723


def _iptc(image: Image.Image, found: Metadata) -> None:
    photoshop = image.info.get("photoshop") or {}
    block = photoshop.get(_IPTC_BLOCK, b"")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        block = image.tag_v2._tagdata.get(_TIFF_IPTC, b"")  # as bytes, whatever type it claims
    values = _datasets(block)
    digest = photoshop.get(_IPTC_DIGEST, b"")
    md5 = hashlib.md5(block, usedforsecurity=False).digest()
    found.raw = {
        f"{record}:{number}": "; ".join(texts)[:MAX_RAW]
        for (record, number), texts in list(values.items())[:MAX_RAW]
    }
    found.raw["changed"] = len(digest) == len(md5) and any(digest) and digest != md5

    def texts(number: int) -> list[str]:
        return values.get((2, number), [])

    def first(number: int) -> str:
        return next(iter(texts(number)), "")

    found.title = first(5)[:300]
    found.description = first(120)
    found.creators = _distinct(texts(80), 300)
    found.copyright = first(116)[:500]
    found.place = _place(first(number) for number in (92, 90, 95, 101))
    found.keywords = _distinct(texts(25))
    for date, time in ((55, 60), (62, 63)):
        day = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", first(date))
        clock = re.sub(r"^(\d\d)(\d\d)(\d\d)", r"T\1:\2:\3", first(time))
        found.taken = found.taken or _taken(day + clock)


def _datasets(block: bytes) -> dict[tuple[int, int], list[str]]:
    """Return the texts of each (record, dataset), up to where the block breaks off."""
    values: dict[tuple[int, int], list[str]] = {}
    at = 0
    while len(block) >= at + 5 and block[at] == 0x1C:
        size = int.from_bytes(block[at + 3 : at + 5], "big")
        body = block[at + 5 : at + 5 + size]
        if size >= 0x8000 or len(body) < size:  # of more than 32 KB: nothing that is read here
            break
        values.setdefault((block[at + 1], block[at + 2]), []).append(clean_text(body))
        at += 5 + size
    return values


# --- XMP -----------------------------------------------------------------------------------
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "cc": "http://creativecommons.org/ns#",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
}
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def _xmp(packet: str | bytes | None, found: Metadata) -> None:
    if not packet or len(packet) > MAX_XMP_BYTES:
        return
    packet = packet if isinstance(packet, bytes) else packet.encode()
    root = ElementTree.fromstring(packet.strip(b"\x00 \r\n\t"))
    values: dict[str, list[str]] = {}
    # A structure's own properties too: of places, say. What stands first is the photo's.
    for description in root.iter():
        if description.tag == _name("rdf:Description") or description.get(_name("rdf:parseType")):
            for name, value in description.attrib.items():
                values.setdefault(_short(name), []).append(clean_text(value))
            for element in description:
                values.setdefault(_short(element.tag), []).extend(_texts(element))
    values = {name: texts for name, texts in values.items() if any(texts)}
    found.raw = {name: "; ".join(texts)[:MAX_RAW] for name, texts in list(values.items())[:MAX_RAW]}

    def first(*names: str) -> str:
        return next((value for name in names for value in values.get(name, []) if value), "")

    found.title = first("dc:title")[:300]
    found.description = first("dc:description")
    found.creators = _distinct(values.get("dc:creator", []), 300)
    found.copyright = first("dc:rights")[:500]
    found.licence = first("cc:license", "xmpRights:WebStatement", "xmpRights:UsageTerms")[:500]
    found.rating = _rating(first("xmp:Rating"))
    parts = (first("Iptc4xmpCore:Location"), *(first(f"photoshop:{one}") for one in _PLACE))
    found.place = _place(parts) or _place(first(f"Iptc4xmpExt:{one}") for one in _PLACE_SHOWN)
    paths = [path.split("|") for path in values.get("lr:hierarchicalSubject", [])]
    paths += [path.split("/") for path in values.get("digiKam:TagsList", [])]
    nested = (part.strip() for path in paths for part in path)
    found.keywords = _distinct([*values.get("dc:subject", []), *nested])
    for name in ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate"):
        found.taken = found.taken or _taken(first(name))
    found.camera = camera_name(first("tiff:Make"), first("tiff:Model"))[:200]
    found.lens = lens_name(first("exifEX:LensModel", "aux:Lens"))
    found.focal_length_mm = _positive(first("exif:FocalLength"))
    found.f_number = _positive(first("exif:FNumber"))
    found.exposure_seconds = _positive(first("exif:ExposureTime"))
    found.iso = _iso(first("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"))
    latitude, longitude = first("exif:GPSLatitude"), first("exif:GPSLongitude")
    if latitude and longitude:
        found.position = (
            _degrees(latitude[:-1].split(","), latitude[-1] == "S", 90),
            _degrees(longitude[:-1].split(","), longitude[-1] == "W", 180),
        )


_PLACE = ("City", "State", "Country")
_PLACE_SHOWN = ("Sublocation", "City", "ProvinceState", "CountryName")


def _name(short: str) -> str:
    prefix, _, name = short.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"


def _short(name: str) -> str:
    """Return "dc:title" for "{http://purl.org/dc/elements/1.1/}title"."""
    uri, _, local = name[1:].rpartition("}")
    return clean_text(f"{_PREFIXES.get(uri, uri)}:{local}")[:MAX_RAW]


def _texts(element) -> list[str]:
    """Return the texts of a property: of its list, the default language first, or its own."""
    items = [item for kind in element for item in kind if item.tag == _name("rdf:li")]
    items.sort(key=lambda item: item.get(_LANGUAGE) not in (None, "x-default"))
    if not items:
        value = element.find(f".//{_name('rdf:value')}")
        own = element.get(_name("rdf:resource")) or (element if value is None else value).text
        return [clean_text(own)]
    return [clean_text(item.text) for item in items]
