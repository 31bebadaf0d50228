"""What the demo photos are called: title, description and place by scene, and their albums.

One row is "title | description"; every scene has three, so 72 photos all differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .captions import words_of

STORIES = {
    "sunset_sea": """
        Last light over the ocean | The sun going down over calm water, the evening sky turning red
        Sunset after a long day | A red sunset over the sea, seen from the shore
        Where the sun meets the sea | Evening sun at the seaside and its path on the waves""",
    "snow_mountain": """
        Winter on the high peaks | Snow-capped mountains under a clear winter sky
        First snow on the summit | A high white peak above snowy slopes and small firs
        Cold morning below the mountains | Mountains covered with snow in clear light""",
    "forest_path": """
        Into the green forest | A path between tall trees with light falling through the leaves
        Morning walk in the woods | A quiet trail through the woods in soft light
        The path under the trees | Tall trunks on both sides of a forest path""",
    "city_night": """
        City lights after midnight | Lit towers of a big city at night and streaks of traffic
        Skyline from the bridge | A skyline of skyscrapers with illuminated windows at night
        The city never sleeps | Street traffic between tall buildings at night""",
    "desert": """
        Dunes before noon | Sand dunes in the desert with sharp shadows
        Silence of the desert | Dry hot sand, dune behind dune, under a pale sky
        Walking on sand | The long curve of a dune in the desert""",
    "beach": """
        Palms and turquoise water | Palm trees leaning over a tropical beach
        Summer on the island | A sandy beach on a tropical island in summer
        Shade at the beach | Turquoise water, white sand and a few palms""",
    "lake": """
        Mirror of the mountains | Mountains reflected in a calm alpine lake
        Still water in the morning | A mountain lake like a mirror below the peaks
        By the quiet lake | Reflection of peaks and firs in a still lake""",
    "rainbow": """
        After the rain | A rainbow over green hills after the rain
        A bow across the hills | A colourful rainbow in the sky above the hills
        Colours over the green land | Hills with a rainbow and dark rain clouds""",
    "starry_sky": """
        The Milky Way in August | The Milky Way in a dark sky full of stars
        A thousand stars | Stars in the night sky above a dark ridge
        Night under the stars | A starry night sky, far from any town""",
    "moon_sea": """
        Moonlight on the water | A full moon and its path of light on the sea
        Full moon at sea | The moon above the ocean at night
        Silver night | Moonlight over the dark sea and soft clouds""",
    "waterfall": """
        Behind the falling water | A waterfall between mossy rocks
        White water, dark cliff | Water falling from a cliff into a green pool
        The waterfall in spring | A high waterfall and mist above the rocks""",
    "autumn": """
        Gold in October | Autumn trees with orange leaves, fallen leaves on the ground
        The last warm day of autumn | Colourful fall foliage in soft sun
        Under orange leaves | Trees in autumn and a carpet of fallen leaves""",
    "volcano": """
        Mountain of fire | An erupting volcano at night with streams of lava
        Lava in the dark | Glowing lava on the flanks of a volcano
        The eruption | Fire and smoke above an erupting volcano""",
    "fireworks": """
        New Year over the water | Colourful fireworks in the night sky above the town
        Midnight celebration | A firework display over the town and the river
        Sparks in the sky | Fireworks at New Year, mirrored in dark water""",
    "road": """
        Straight on to the horizon | A long straight road through open fields
        The empty road | A country road without a car, running to the horizon
        Two hundred miles to go | An empty highway with white lines between fields""",
    "lighthouse": """
        Keeper of the coast | A red and white lighthouse on the coast
        The lighthouse in the wind | A lighthouse on the rocks above the sea
        Striped tower on the shore | A red and white lighthouse by the sea""",
    "snow_cabin": """
        Warm windows in winter | A wooden cabin in the snow with lit windows
        The hut among the firs | A snow-covered cottage among snowy firs in winter
        Snowfall at the cabin | A winter cabin and falling snow at dusk""",
    "misty_hills": """
        Ridges in the morning haze | Misty hills, ridge behind ridge, fading into fog
        Fog in the valley | Morning fog between dark hills
        A quiet foggy morning | A foggy landscape with hills in the haze""",
    "aurora": """
        Northern lights in January | Green northern lights above snowy mountains
        Curtains of green light | The aurora in an arctic night over the snow
        Arctic night | Aurora borealis with stars above a frozen plain""",
    "harbour_lights": """
        Harbour lights at dusk | Lamps of a small harbour reflected in the water at dusk
        Evening at the quay | Boats and masts in the harbour in the evening
        The port goes to sleep | The lights of a small port and their reflections""",
    "balloons": """
        Up in the morning air | Hot air balloons over hills in the morning
        Balloon festival | Colourful hot air balloons in the sky
        Drifting over the hills | A balloon flight above soft hills at sunrise""",
    "flower_field": """
        Rows of spring | A field of flowers in bloom, rows running to the horizon
        Colours of the field | Rows of tulips and lavender in spring
        The flower farm | Colourful blossoms in long rows under a wide sky""",
    "sailing_boat": """
        Under full sail | A sailing boat on blue water in a fresh wind
        Out on the blue water | A yacht under sail on the open sea
        Fair wind | A boat with sails in the wind, far from the coast""",
    "lightning": """
        The storm arrives | Lightning from dark clouds over the plain
        Thunder at night | A bolt of lightning in a thunderstorm
        Two seconds of light | Forked lightning and heavy storm clouds""",
}

ALBUMS = {
    "By the sea": (
        "sunset_sea",
        "moon_sea",
        "beach",
        "lighthouse",
        "sailing_boat",
        "harbour_lights",
    ),
    "Mountains and mist": ("snow_mountain", "lake", "misty_hills", "waterfall", "snow_cabin"),
    "Night": ("starry_sky", "aurora", "fireworks", "city_night", "lightning"),
    "Far away": ("road", "desert", "volcano", "balloons", "rainbow"),
    "Through the seasons": ("autumn", "forest_path", "flower_field"),
}

PLACES = {  # scene: place, latitude, longitude, offset from UTC
    "sunset_sea": ("Cascais, Portugal", 38.6960, -9.4210, "+01:00"),
    "snow_mountain": ("Zermatt, Switzerland", 45.9763, 7.6586, "+01:00"),
    "desert": ("Merzouga, Morocco", 31.0994, -4.0120, "+01:00"),
    "lake": ("Hallstatt, Austria", 47.5622, 13.6493, "+02:00"),
    "lighthouse": ("Ouessant, France", 48.4686, -5.0957, "+02:00"),
    "aurora": ("Tromsø, Norway", 69.6492, 18.9553, "+01:00"),
    "harbour_lights": ("Honfleur, France", 49.4188, 0.2329, "+02:00"),
    "balloons": ("Göreme, Türkiye", 38.6431, 34.8289, "+03:00"),
    "volcano": ("Stromboli, Italy", 38.7891, 15.2130, "+02:00"),
}


@dataclass(frozen=True)
class Story:
    """The words of one demo photo. tags: the scene's name first, e.g. "harbour lights"."""

    title: str
    description: str
    tags: tuple[str, ...]
    album: str
    place: str

    @property
    def text(self) -> str:
        """Title, description and tags as one text, as a text vector stands for."""
        return f"{self.title}. {self.description}. {', '.join(self.tags)}."


@cache
def album_of(scene: str) -> str:
    """Return the album a scene belongs to."""
    return next(album for album, scenes in ALBUMS.items() if scene in scenes)


@cache
def stories(scene: str) -> list[Story]:
    """Return the scene's stories."""
    found = []
    names = [row[0] for row, _ in words_of(scene)]
    for number, line in enumerate(STORIES[scene].strip().splitlines()):
        title, description = (part.strip() for part in line.split("|"))
        picked = [names[(number + i) % len(names)] for i in range(min(3, len(names)))]
        label = label_tag(scene)
        tags = (label, *(name for name in picked if name != label))
        place = PLACES[scene][0] if scene in PLACES and number == 0 else ""
        found.append(Story(title, description, tags, album_of(scene), place))
    return found


def label_tag(scene: str) -> str:
    """Return the tag that tells a demo photo's scene, e.g. "harbour lights"."""
    return scene.replace("_", " ")


def label_of(tags: list[str] | tuple[str, ...]) -> str | None:
    """Return the scene of a demo photo from its tags; None for another photo."""
    labels = {label_tag(scene): scene for scene in STORIES}
    # "beach" or "road" are words of other scenes too: the scene's own name is written first.
    return next((labels[tag] for tag in tags if tag in labels), None)
