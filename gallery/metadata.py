"""What a picture file says of itself: EXIF, IPTC-IIM and XMP, read so that nothing can break it.

Odd values become None or are left out; they are never an error.
"""

import contextlib
import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from PIL import ExifTags, Image, IptcImagePlugin

MAX_TEXT = 10_000
MAX_XMP_BYTES = 2 * 2**20
MAX_KEYWORDS = 200

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"


@dataclass
class Metadata:
    """The fields of a photo as its file gives them; None or empty where it says nothing."""

    title: str = ""
    description: str = ""
    keywords: list[str] = field(default_factory=list)
    creator: str = ""
    copyright: str = ""
    place: str = ""
    taken_at: datetime | None = None
    taken_offset_minutes: int | None = None
    camera: str = ""
    lens: str = ""
    focal_length_mm: float | None = None
    f_number: float | None = None
    exposure_seconds: float | None = None
    iso: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    raw: dict = field(default_factory=dict)


def read_metadata(image: Image.Image) -> Metadata:
    """Read the metadata of an opened picture. XMP goes before IPTC, IPTC before EXIF."""
    found = Metadata()
    for read in (_read_exif, _read_iptc, _read_xmp):
        with contextlib.suppress(Exception):  # broken metadata never costs the picture
            read(image, found)
    return found


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
    make = re.sub(
        r"\b(corporation|corp|co|company|ltd|inc|imaging|optical|camera|electronics)\b\.?,?",
        "",
        make,
        flags=re.IGNORECASE,
    ).strip(" ,.")
    first = make.split()[0] if make.split() else ""
    if first.isupper() and len(first) > 3:
        first = first.capitalize()
    if not first:
        return model
    if model.lower().startswith(first.lower()):
        return f"{first}{model[len(first) :]}"
    return f"{first} {model}".strip()


def _number(value) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _positive(value) -> float | None:
    """Return a number of a size that cameras know, or None."""
    number = _number(value)
    return number if number and 1e-6 < number < 1e6 else None


def _read_exif(image: Image.Image, found: Metadata) -> None:
    exif = image.getexif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    base, tags = ExifTags.Base, {**exif, **details}
    found.raw["exif"] = {
        ExifTags.TAGS.get(tag, str(tag)): clean_text(value)[:500]
        for tag, value in tags.items()
        if not isinstance(value, (dict, bytes)) or len(value) < 500
    }
    found.camera = camera_name(exif_text(tags.get(base.Make)), exif_text(tags.get(base.Model)))
    found.camera = found.camera[:200]
    found.lens = exif_text(tags.get(base.LensModel))[:200]
    found.description = exif_text(tags.get(base.ImageDescription))
    found.creator = exif_text(tags.get(base.Artist))[:300]
    found.copyright = exif_text(tags.get(base.Copyright))[:500]
    found.focal_length_mm = _positive(tags.get(base.FocalLength))
    found.f_number = _positive(tags.get(base.FNumber))
    found.exposure_seconds = _positive(tags.get(base.ExposureTime))
    iso = tags.get(base.ISOSpeedRatings)
    iso = _positive(iso[0] if isinstance(iso, tuple) and iso else iso)
    found.iso = int(iso) if iso else None
    found.taken_at, found.taken_offset_minutes = _taken_at(
        clean_text(tags.get(base.DateTimeOriginal)),
        clean_text(tags.get(base.SubsecTimeOriginal)),
        clean_text(tags.get(base.OffsetTimeOriginal)),
    )
    with contextlib.suppress(Exception):
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        found.latitude, found.longitude = _position(gps)


def _taken_at(text: str, fraction: str, offset: str) -> tuple[datetime | None, int | None]:
    """Return (UTC time, offset in minutes); without an offset the local time is taken as UTC."""
    match = re.match(r"(\d{4})[:\-](\d\d)[:\-](\d\d)[ T](\d\d):(\d\d):(\d\d)", text)
    if not match:
        return None, None
    try:
        local = datetime(*(int(part) for part in match.groups()), tzinfo=UTC)
    except ValueError:
        return None, None
    if fraction.isdigit():
        local += timedelta(seconds=float(f"0.{fraction}"))
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)", offset)
    if not match:
        return local, None
    minutes = int(match[2]) * 60 + int(match[3])
    minutes = -minutes if match[1] == "-" else minutes
    if abs(minutes) > 14 * 60:
        return local, None
    zone = timezone(timedelta(minutes=minutes))
    return local.replace(tzinfo=zone).astimezone(UTC), minutes


def _position(gps: dict) -> tuple[float | None, float | None]:
    def degrees(values, reference, negative: str, limit: float) -> float | None:
        parts = [float(Fraction(value)) for value in values]
        value = parts[0] + parts[1] / 60 + parts[2] / 3600
        value = -value if clean_text(reference).upper() == negative else value
        return value if math.isfinite(value) and abs(value) <= limit else None

    tags = ExifTags.GPS
    latitude = degrees(gps[tags.GPSLatitude], gps.get(tags.GPSLatitudeRef), "S", 90)
    longitude = degrees(gps[tags.GPSLongitude], gps.get(tags.GPSLongitudeRef), "W", 180)
    return (latitude, longitude) if None not in (latitude, longitude) else (None, None)


def _read_iptc(image: Image.Image, found: Metadata) -> None:
    iptc = IptcImagePlugin.getiptcinfo(image) or {}

    def texts(dataset: int) -> list[str]:
        values = iptc.get((2, dataset), [])
        return [clean_text(one) for one in (values if isinstance(values, list) else [values])]

    def first(dataset: int) -> str:
        return next(iter(texts(dataset)), "")

    found.title = first(5)[:300] or found.title
    found.description = first(120) or found.description
    found.creator = ", ".join(texts(80))[:300] or found.creator
    found.copyright = first(116)[:500] or found.copyright
    places = [first(90), first(95), first(101)]
    found.place = ", ".join(part for part in places if part)[:300] or found.place
    found.keywords = _keywords(texts(25)) or found.keywords
    found.raw["iptc"] = {f"{record}:{dataset}": clean_text(value)[:500]
                         for (record, dataset), value in iptc.items()}  # fmt: skip


def _read_xmp(image: Image.Image, found: Metadata) -> None:
    packet = image.info.get("xmp")
    if not packet or len(packet) > MAX_XMP_BYTES:
        return
    packet = packet if isinstance(packet, bytes) else packet.encode()
    try:
        root = ElementTree.fromstring(packet.strip(b"\x00 \r\n\t"))
    except (ElementTree.ParseError, DefusedXmlException):
        return
    values: dict[str, list[str]] = {}
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            values.setdefault(name, []).append(clean_text(value))
        for element in description:
            items = [clean_text(item.text) for item in element.iter(f"{_RDF}li")]
            values.setdefault(element.tag, []).extend(items or [clean_text(element.text)])

    def first(name: str) -> str:
        return next((value for value in values.get(name, []) if value), "")

    found.title = first(f"{_DC}title")[:300] or found.title
    found.description = first(f"{_DC}description") or found.description
    found.creator = ", ".join(values.get(f"{_DC}creator", []))[:300] or found.creator
    found.copyright = first(f"{_DC}rights")[:500] or found.copyright
    places = [first(f"{_PHOTOSHOP}{part}") for part in ("City", "State", "Country")]
    found.place = ", ".join(part for part in places if part)[:300] or found.place
    found.keywords = _keywords(values.get(f"{_DC}subject", [])) or found.keywords
    found.raw["xmp"] = {"rating": first(f"{_XMP}Rating")}


def _keywords(values: list[str]) -> list[str]:
    """Return distinct keywords in their order, each at most 200 characters."""
    return list(dict.fromkeys(value[:200] for value in values if value))[:MAX_KEYWORDS]
