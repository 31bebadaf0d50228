"""What may stand in a URL."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class NameConverter(StringConverter):
    """A part of a path that a database can be asked for: no slash, and no NUL."""

    regex = r"[^/\x00]+"


register_converter(NameConverter, "name")
