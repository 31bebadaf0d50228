"""SQL in files of its own, each headed by what it does."""

from functools import cache
from pathlib import Path


@cache
def sql_of(name: str) -> str:
    """Return the statement in search/sql/<name>.sql, without its comments."""
    lines = (Path(__file__).parent / f"{name}.sql").read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))
