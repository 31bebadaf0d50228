"""SQL in files of its own, each headed by what it does."""

from functools import cache
from pathlib import Path


@cache
def sql_of(name: str) -> str:
    """Return the statement in embeddings/sql/<name>.sql."""
    return (Path(__file__).parent / f"{name}.sql").read_text()
