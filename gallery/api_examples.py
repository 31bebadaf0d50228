"""Examples in the schema of the API."""

from drf_spectacular.utils import OpenApiExample

_CARD = {
    "public_id": "4x7TqWm2Rz",
    "title": "Pier at low tide",
    "alt": "Pier at low tide",
    "url": "https://photos.example.org/photos/4x7TqWm2Rz/",
    "photographer": "Alice",
    "image": {
        "src": "https://photos.example.org/media/r/4x7TqWm2Rz-Kp3vN8sYtB/1280.jpg",
        "width": 1280,
        "height": 853,
        "srcset_webp": "https://photos.example.org/media/r/4x7TqWm2Rz-Kp3vN8sYtB/640.webp 640w",
        "srcset_avif": "https://photos.example.org/media/r/4x7TqWm2Rz-Kp3vN8sYtB/640.avif 640w",
        "placeholder": "data:image/webp;base64,UklGRhYAAABXRUJQVlA4TAoAAAAvAAAAAEX/I/of",
    },
}
_TEXTS = {"title": "Pier at low tide", "description": "", "tags": ["fog", "low tide"]}
_PHOTO = {
    **_CARD,
    **_TEXTS,
    "width": 6000,
    "height": 4000,
    "taken_at": "2024-05-17T05:12:44Z",
    "camera": "FUJIFILM X100V",
    "lens": "23mmF2",
    "focal_length_mm": 23.0,
    "f_number": 5.6,
    "exposure_seconds": 0.004,
    "iso": 200,
    "place": "Cromer, Norfolk",
    "creator": "Alice",
    "copyright": "© 2024 Alice",
    "licence": "https://creativecommons.org/licenses/by-nc/4.0/",
    "state": "ready",
    "renditions": [
        {
            "url": "https://photos.example.org/media/r/4x7TqWm2Rz-Kp3vN8sYtB/640.webp",
            "width": 640,
            "height": 427,
            "format": "webp",
            "size_bytes": 48210,
        }
    ],
}
_OWN = {
    "visibility": "public",
    "featured": False,
    "published_at": "2024-05-18T09:00:00Z",
    "original_name": "DSCF1042.jpg",
    "binned_at": None,
    "failure": "",
}
_UPLOADED = {
    **_PHOTO,
    **_OWN,
    **{"width": None, "height": None, "taken_at": None, "camera": "", "lens": ""},
    **{"focal_length_mm": None, "f_number": None, "exposure_seconds": None, "iso": None},
    **{"place": "", "copyright": "", "state": "pending", "image": None, "renditions": []},
}
_ALBUM = {
    "slug": "norfolk",
    "title": "Norfolk",
    "description": "Three winters by the sea.",
    "url": "https://photos.example.org/albums/norfolk/",
    "photographer": "Alice",
    "photo_count": 1,
    "cover": _CARD,
}
_HIT = {**_CARD, "ranks": {"bm25": 3, "text": None, "image": 1}, "score": 0.031}


def _sent(name: str, value: dict) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


def _got(name: str, value: dict, status: str = "200") -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=[status])


PHOTO = [_got("A listed photo", _PHOTO)]
PHOTOS = [_got("A page", {"next": None, "previous": None, "results": [_CARD], "problems": []})]
OWN_PHOTOS = [_got("A page", {"next": None, "previous": None, "results": [_PHOTO | _OWN]})]
UPLOAD = [_got("A photo that waits for its pixels", _UPLOADED, "201")]
EDIT = [
    _sent("A title and who sees it", {"title": "Pier at low tide", "visibility": "public"}),
    _got("As it is now", _PHOTO | _OWN),
]
ALBUMS = [_got("A page", {"count": 1, "next": None, "results": [_ALBUM]})]
ALBUM = [
    _sent("An album", {"title": "Norfolk", "description": "Three winters by the sea."}),
    _got(
        "An album",
        {**_ALBUM, "photos": {"next": None, "previous": None, "results": [_CARD]}},
    ),
]
ORDER = [_sent("Two photos in order", {"photos": ["4x7TqWm2Rz", "9bHnCf5LqD"]})]
SEARCH = [
    _got(
        "A page of results",
        {
            "query": "pier camera:x100v",
            "corrected_query": None,
            "problems": [],
            "count": 1,
            "next": None,
            "semantic": True,
            "results": [_HIT],
        },
    )
]
