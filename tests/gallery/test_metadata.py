"""What files say of themselves; odd values are left out and never an error."""

import io
import struct

import pytest
from PIL import Image

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


def iptc(**datasets: str) -> bytes:
    """Return a Photoshop segment with IPTC-IIM datasets, `d5="title"` for 2:05."""
    records = b"".join(
        struct.pack(">BBBH", 0x1C, 2, int(name[1:]), len(text.encode())) + text.encode()
        for name, text in datasets.items()
    )
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(records)) + records
    return b"Photoshop 3.0\x00" + block + b"\x00" * (len(block) % 2)


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def a_jpeg(*, exif: Image.Exif | None = None, xmp: str = "", segment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    options = {"exif": exif} if exif else {}
    Image.new("RGB", (60, 40), "teal").save(buffer, "JPEG", xmp=xmp.encode() or None, **options)
    return with_segment(buffer.getvalue(), 0xED, segment) if segment else buffer.getvalue()


def read(data: bytes) -> metadata.Metadata:
    with Image.open(io.BytesIO(data)) as image:
        return metadata.read_metadata(image)


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
    ],
)
def test_cameras_have_human_names(make, model, name):
    assert metadata.camera_name(make, model) == name


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
