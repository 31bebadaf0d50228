"""What files say of themselves; odd values are left out and never an error."""

import io
import struct
from hashlib import md5

import pytest
from PIL import Image, PngImagePlugin

from gallery import metadata
from gallery.models import Photo
from tests.conftest import ready, upload

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Whitby">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">The pier</rdf:li></rdf:Alt></dc:title>
<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>海</rdf:li></rdf:Bag></dc:subject>
<dc:creator><rdf:Seq><rdf:li>Alice</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def iptc(*, digest: bytes | None = None, **datasets: str) -> bytes:
    """Return a Photoshop segment with IPTC-IIM datasets, `d5="title"` for 2:05.

    digest: what the program that wrote the XMP noted of the IPTC; b"" for the right one.
    """
    records = b"".join(
        struct.pack(">BBBH", 0x1C, 2, int(name[1:]), len(text.encode())) + text.encode()
        for name, text in datasets.items()
    )
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(records)) + records
    block += b"\x00" * (len(block) % 2)
    if digest is not None:
        block += b"8BIM" + struct.pack(">HHI", 0x0425, 0, 16) + (digest or md5(records).digest())
    return b"Photoshop 3.0\x00" + block


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def a_jpeg(*, exif: Image.Exif | None = None, xmp: str = "", segment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    options = {"exif": exif} if exif is not None else {}
    Image.new("RGB", (60, 40), "teal").save(buffer, "JPEG", xmp=xmp.encode() or None, **options)
    return with_segment(buffer.getvalue(), 0xED, segment) if segment else buffer.getvalue()


def read(data: bytes, sidecar: str = "") -> metadata.Metadata:
    with Image.open(io.BytesIO(data)) as image:
        return metadata.read_metadata(image, sidecar)


def xmp(properties: str) -> str:
    """Return an XMP packet of these elements."""
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in metadata.NAMESPACES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}>'
        f'<rdf:Description rdf:about="">{properties}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def listed(name: str, *items: str) -> str:
    inside = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    return f"<{name}><rdf:Bag>{inside}</rdf:Bag></{name}>"


def test_xmp_goes_before_iptc_and_iptc_before_exif():
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x8298] = "From EXIF", "Bob", "(c) Bob"
    segment = iptc(d5="IPTC title", d120="From IPTC", d25="harbour", d90="Dover")
    found = read(a_jpeg(exif=exif, segment=segment))
    assert (found.title, found.description, found.creator) == ("IPTC title", "From IPTC", "Bob")
    assert (found.keywords, found.place, found.copyright) == (["harbour"], "Dover", "(c) Bob")
    found = read(a_jpeg(exif=exif, segment=segment, xmp=XMP))
    assert (found.title, found.description, found.creator) == ("The pier", "From IPTC", "Alice")
    assert (found.keywords, found.place) == (["sea", "海"], "Whitby")


@pytest.mark.parametrize(
    ("digest", "title"),
    [(None, "The pier"), (b"", "The pier"), (b"\0" * 16, "The pier"), (b"older digest....", "New")],
)
def test_iptc_goes_before_xmp_when_it_was_changed_later(digest, title):
    found = read(a_jpeg(xmp=XMP, segment=iptc(d5="New", digest=digest)))
    assert (found.title, found.creator) == (title, "Alice")


def test_a_sidecar_goes_before_the_file_and_leaves_the_rest():
    aside = xmp("<dc:title><rdf:Alt><rdf:li>Aside</rdf:li></rdf:Alt></dc:title>")
    found = read(a_jpeg(xmp=XMP), aside)
    assert (found.title, found.place, found.keywords) == ("Aside", "Whitby", ["sea", "海"])
    assert read(a_jpeg(xmp=XMP), "no XML").title == "The pier"


def test_lightroom_keywords_give_tags_for_each_of_their_parts():
    packet = xmp(
        listed("dc:subject", "Vik", "boat, sail")
        + listed("lr:hierarchicalSubject", "Places|Iceland|Vik", "Places|Norway")
        + listed("digiKam:TagsList", "Weather/Fog")
    )
    assert read(a_jpeg(xmp=packet)).keywords == [
        *("Vik", "boat, sail", "Places", "Iceland", "Norway", "Weather", "Fog")
    ]


def test_each_creator_is_kept():
    exif = Image.Exif()
    exif[0x013B] = "Ann One; Ben Two"
    assert read(a_jpeg(exif=exif)).creators == ["Ann One", "Ben Two"]
    assert read(a_jpeg(segment=iptc(d80="Ann One"))).creators == ["Ann One"]
    found = read(a_jpeg(xmp=xmp(listed("dc:creator", "Ann, One", "Ben Two"))))
    assert found.creators == found.raw["creators"] == ["Ann, One", "Ben Two"]
    assert found.creator == "Ann, One, Ben Two"


@pytest.mark.parametrize(
    ("text", "rating"), [("5", 5), ("-1", -1), ("0", 0), ("3.0", 3), ("6", None), ("best", None)]
)
def test_rating_is_kept(text, rating):
    found = read(a_jpeg(xmp=xmp(f"<xmp:Rating>{text}</xmp:Rating>")))
    assert found.rating == found.raw["rating"] == rating


def test_default_language_goes_first():
    packet = xmp(
        "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Hafen</rdf:li>"
        "<rdf:li xml:lang='x-default'>Harbour</rdf:li></rdf:Alt></dc:title>"
    )
    assert read(a_jpeg(xmp=packet)).title == "Harbour"


def test_place_of_iptc_extension():
    packet = xmp(
        "<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType='Resource'>"
        "<Iptc4xmpExt:City>Vik</Iptc4xmpExt:City>"
        "<Iptc4xmpExt:CountryName>Iceland</Iptc4xmpExt:CountryName>"
        "</rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown>"
    )
    assert read(a_jpeg(xmp=packet)).place == "Vik, Iceland"


@pytest.mark.parametrize(
    ("properties", "taken", "offset"),
    [
        ("<xmp:CreateDate>2019-05-06T12:08:09.25+02:00</xmp:CreateDate>",
         "2019-05-06T10:08:09.250000+00:00", 120),
        ("<photoshop:DateCreated>2019-05-06</photoshop:DateCreated>",
         "2019-05-06T00:00:00+00:00", None),
        ("<exif:DateTimeOriginal>2019-05-06T12:08Z</exif:DateTimeOriginal>",
         "2019-05-06T12:08:00+00:00", 0),
    ],
)  # fmt: skip
def test_dates_of_xmp(properties, taken, offset):
    found = read(a_jpeg(xmp=xmp(properties)))
    assert (found.taken_at.isoformat(), found.taken_offset_minutes) == (taken, offset)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2018:01:02 03:04:05"
    both = a_jpeg(exif=exif, xmp=xmp(properties))
    assert read(both).taken_at.year == 2018, "the camera knows best"
    assert read(both, xmp(properties)).taken_at.year == 2019, "unless somebody set it right"


def test_date_of_iptc():
    found = read(a_jpeg(segment=iptc(d55="20190506", d60="120809+0200")))
    assert found.taken_at.isoformat() == "2019-05-06T10:08:09+00:00"
    assert found.taken_offset_minutes == 120


def test_fractions_and_offset_of_exif():
    exif = Image.Exif()
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0x9291], details[0x9011] = "2024:02:29 23:59:58", "123", "+05:45"
    found = read(a_jpeg(exif=exif))
    assert found.taken_at.isoformat() == "2024-02-29T18:14:58.123000+00:00"
    assert found.taken_offset_minutes == 345


def test_camera_data_of_xmp():
    packet = xmp(
        "<tiff:Make>NIKON CORPORATION</tiff:Make><tiff:Model>NIKON D850</tiff:Model>"
        "<aux:Lens>85mm f/1.8</aux:Lens><exif:FNumber>28/10</exif:FNumber>"
        "<exif:GPSLatitude>33,51.596S</exif:GPSLatitude>"
        "<exif:GPSLongitude>151,12,40.12E</exif:GPSLongitude>"
    )
    found = read(a_jpeg(xmp=packet))
    assert (found.camera, found.lens, found.f_number) == ("Nikon D850", "85mm f/1.8", 2.8)
    assert (found.latitude, found.longitude) == pytest.approx((-33.8599333, 151.2111444))


def test_texts_of_png_and_windows():
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "The pier")
    info.add_itxt("Author", "Zoë")
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG", pnginfo=info)
    found = read(buffer.getvalue())
    assert (found.title, found.creator) == ("The pier", "Zoë")
    exif = Image.Exif()
    exif[0x9C9B] = "写真\0".encode("utf-16-le")
    exif[0x9C9E] = "sea;fog".encode("utf-16-le")
    found = read(a_jpeg(exif=exif))
    assert (found.title, found.keywords) == ("写真", ["sea", "fog"])


def test_iptc_that_breaks_off_keeps_what_came_before():
    segment = iptc(d5="The pier", d25="sea")
    at = segment.index(b"sea") - 2
    found = read(a_jpeg(segment=segment[:at] + b"\x7f\xff" + segment[at + 2 :]))
    assert found.title == "The pier" and found.keywords == []


@pytest.mark.parametrize(
    "xmp",
    [
        "<not xml",
        "<a/>",
        '<!DOCTYPE a [<!ENTITY b "bomb">]><a>&b;</a>',
        XMP.replace("The pier", "&#0;"),
        XMP.replace("<rdf:li>", "<rdf:li><b>deep</b>"),
    ],
)
def test_broken_xmp_costs_nothing_else(xmp):
    exif = Image.Exif()
    exif[0x013B] = "Bob"
    assert read(a_jpeg(exif=exif, xmp=xmp)).creator in ("Bob", "Alice")


@pytest.mark.parametrize(
    ("tag", "value", "field"),
    [
        (0x9003, "0000:00:00 00:00:00", "taken_at"),
        (0x9003, "2024:13:45 99:99:99", "taken_at"),
        (0x9003, "yesterday", "taken_at"),
        (0x9003, "0001:01:01 00:00:00", "taken_at"),
        (0x9003, "    :  :     :  :  ", "taken_at"),
        (0x829D, (0, 0), "f_number"),
        (0x829A, -1.0, "exposure_seconds"),
        (0x8827, 0, "iso"),
    ],
)
def test_odd_values_are_unknown(tag, value, field):
    exif = Image.Exif()
    exif[0x0110] = "D850"
    exif.get_ifd(0x8769)[tag] = value
    found = read(a_jpeg(exif=exif))
    assert getattr(found, field) is None
    assert found.camera == "D850"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_exif_text_is_read_in_either_encoding(encoding):
    exif = Image.Exif()
    exif[0x013B] = "Zoë Müller".encode(encoding)
    assert read(a_jpeg(exif=exif)).creator == "Zoë Müller"


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("NIKON CORPORATION", "NIKON D850", "Nikon D850"),
        ("FUJIFILM", "X100V", "Fujifilm X100V"),
        ("Canon", "Canon EOS R6", "Canon EOS R6"),
        ("SONY", "ILCE-7M4", "Sony ILCE-7M4"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("LEICA CAMERA AG", "LEICA Q2", "Leica Q2"),
        ("", "Hasselblad X2D", "Hasselblad X2D"),
        ("OLYMPUS IMAGING CORP.", "E-M5", "Olympus E-M5"),
        ("OM Digital Solutions", "OM-1", "OM-1"),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-1", "Pentax K-1"),
        ("RICOH", "GR III", "Ricoh GR III"),
        ("EASTMAN KODAK COMPANY", "DC290", "Kodak DC290"),
        ("samsung", "SM-S918B", "Samsung SM-S918B"),
        ("DJI", "FC3170", "DJI FC3170"),
        ("Phase One", "IQ3 100MP", "Phase One IQ3 100MP"),
    ],
)
def test_cameras_have_human_names(make, model, name):
    assert metadata.camera_name(make, model) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NIKKOR Z  24-70mm f/2.8 S", "NIKKOR Z 24-70mm f/2.8 S"),
        ("50mm", "50mm"),
        ("----", ""),
        ("0.0 mm f/0.0", ""),
        ("Unknown (0)", ""),
    ],
)
def test_lens_that_is_not_known_is_none(text, name):
    assert metadata.lens_name(text) == name


def test_lens_is_named_by_what_it_can_do():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA432] = (24.0, 70.0, 2.8, 4.0)
    assert read(a_jpeg(exif=exif)).lens == "24-70mm f/2.8-4"


@pytest.mark.parametrize("text", ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "DCIM\\100"])
def test_what_a_camera_writes_is_no_description(text):
    exif = Image.Exif()
    exif[0x010E] = text
    assert read(a_jpeg(exif=exif)).description == ""


def test_no_satellite_is_no_place():
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (0.0, 0.0, 0.0), "E", (0.0, 0.0, 0.0)
    assert read(a_jpeg(exif=exif)).latitude is None


@pytest.mark.django_db
def test_a_persons_words_stay_and_the_files_fill_the_gaps(alice):
    photo = ready(alice, a_jpeg(xmp=XMP), title="My title", tags=["mine"])
    assert (photo.title, photo.creator, photo.place) == ("My title", "Alice", "Whitby")
    assert [tag.name for tag in photo.tags.all()] == ["mine"]
    other = ready(alice, a_jpeg(xmp=XMP.replace("The pier", "Another")))
    assert other.title == "Another"
    assert {tag.name for tag in other.tags.all()} == {"sea", "海"}


@pytest.mark.django_db
def test_words_written_while_the_pixels_were_made_stay(alice, monkeypatch):
    from gallery import pipeline, renditions

    photo = upload(alice, a_jpeg(xmp=XMP))
    render = renditions.render

    def write_meanwhile(*args, **kwargs):
        Photo.objects.filter(pk=photo.pk).update(title="Written meanwhile")
        return render(*args, **kwargs)

    monkeypatch.setattr(renditions, "render", write_meanwhile)
    pipeline.process_next()
    photo.refresh_from_db()
    assert (photo.state, photo.title, photo.creator) == ("ready", "Written meanwhile", "Alice")
