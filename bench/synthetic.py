"""Galleries of any size drawn from a seed: metadata like photographers', vectors like a CLIP's.

Words are English, as frequent as they are in English. Every photo shows one sub-topic of one of
TOPICS topics, which lends it words, tags and a place in both halves of the space: pictures and
texts lie in two narrow cones some way apart (the modality gap), and a few directions hold most of
the variance (anisotropy).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from spellchecker import SpellChecker

from search.analysis import fold, is_stop_word

DIMENSIONS = 512
TOPICS = 1000
SUBTOPICS = 20  # of a topic
VOCABULARY = 30_000
TOPIC_WORDS = 14
PHOTOS_AN_ALBUM = 250
PLACES = 2000
BANK = 300  # neutral captions, and as many neutral pictures
CHUNK = 10_000  # photos drawn at once, from a seed of their own

# What a vector is made of; the squares add up to one. Two pictures of different topics then have
# a mean cosine of .45, a query and a picture .11, and its nearest picture in 100,000 some .45:
# what a CLIP shows on photographs (measured elsewhere, and what makes the approximate index work).
CONE, TOPIC, SUBTOPIC, NOISE = 0.67, 0.5, 0.35, 0.42
CONES_APART = 0.245  # cosine of the two cones' axes
DECAY = 0.35  # of the standard deviation along the directions, by rank

MODELS = {
    "Nikon": "D850 Z6 Z8 Z50 D7500",
    "Canon": "R5 R6 5D 80D M50",
    "Sony": "A7III A7IV A6400 RX100",
    "Fujifilm": "X100V X-T4 X-T5 X-E4 GFX50",
    "Leica": "Q2 M10",
    "Olympus": "E-M1 E-M5",
    "Panasonic": "S5 GX9",
    "Apple": "iPhone13 iPhone15",
    "Ricoh": "GR3",
    "Pentax": "K-1",
}
CAMERAS = [f"{make} {model}" for make, models in MODELS.items() for model in models.split()]
LENSES = [
    f"{focal}mm F{aperture}"
    for focal in ("16", "18-55", "23", "24-70", "35", "50", "70-200", "85", "100-400")
    for aperture in ("1.4", "1.8", "2.8", "4")
]
ISOS = [100, 200, 400, 800, 1600, 3200, 6400]
F_NUMBERS = [1.4, 1.8, 2.8, 4.0, 5.6, 8.0, 11.0]
# Of photos, that show enough of it: roughly as in 17 photographs and 48 drawn scenes.
COLOUR_SHARES = {
    **{"blue": 0.4, "grey": 0.35, "green": 0.3, "brown": 0.3, "orange": 0.25, "black": 0.2},
    **{"red": 0.15, "purple": 0.12, "teal": 0.12, "pink": 0.08, "yellow": 0.08, "white": 0.05},
    "monochrome": 0.05,
}
FIRST_DAY = datetime(2010, 1, 1)
DAYS = 15 * 365


@dataclass(frozen=True)
class Entry:
    """One photo's metadata."""

    title: str
    description: str
    tags: tuple[str, ...]
    public_place: str
    camera: str
    lens: str
    focal_length_mm: float
    f_number: float
    iso: int
    taken_at: datetime
    is_portrait: bool
    colours: list[str]


@dataclass(frozen=True)
class Chunk:
    """Photos in a row. image_vectors, text_vectors: (n, DIMENSIONS) float32, L2-normalised."""

    entries: list[Entry]
    image_vectors: np.ndarray
    text_vectors: np.ndarray


@dataclass(frozen=True)
class Question:
    """A query and its vector, (DIMENSIONS,) float32, L2-normalised."""

    text: str
    vector: np.ndarray


class World:
    """What galleries of one seed have in common: words, topics, and the shape of the space."""

    def __init__(self, seed: int = 1):
        self._seed = seed
        chance = np.random.default_rng(seed)
        counts = SpellChecker(language="en").word_frequency.dictionary
        common = sorted(counts, key=lambda word: (-counts[word], word))
        self.words = [word for word in common if word.isalpha() and len(word) > 2][:VOCABULARY]
        frequency = np.array([counts[word] for word in self.words], float)
        self._word_share = np.cumsum(frequency / frequency.sum())
        telling = np.array([not is_stop_word(fold(word)) for word in self.words])
        # Topics are told by words that are neither among the commonest nor unheard of.
        share = np.where(telling, np.sqrt(frequency), 0.0)
        share /= share.sum()
        self.topic_words = [
            list(chance.choice(VOCABULARY, TOPIC_WORDS, replace=False, p=share))
            for _ in range(TOPICS)
        ]
        self._telling_share = np.cumsum(
            np.where(telling, frequency, 0.0) / frequency[telling].sum()
        )
        self._topic_share = _zipf(TOPICS)
        self._tag_share = _zipf(TOPIC_WORDS)
        names = [
            self.words[int(number)].title() for number in chance.integers(0, VOCABULARY, PLACES)
        ]
        countries = names[:60]
        self.places = [f"{name}, {countries[i % 60]}" for i, name in enumerate(names)]
        self._spread = (1 + np.arange(DIMENSIONS, dtype=np.float32)) ** -DECAY
        self._image_cone = self._directions(chance, 1)[0]
        apart = self._directions(chance, 1)[0]
        apart -= (apart @ self._image_cone) * self._image_cone
        apart /= np.linalg.norm(apart)
        self._text_cone = CONES_APART * self._image_cone + np.sqrt(1 - CONES_APART**2) * apart
        self._topics = self._directions(chance, TOPICS)
        self._subtopics = self._directions(chance, TOPICS * SUBTOPICS)
        self._palettes = _colours(np.random.default_rng([seed, 4]), TOPICS)

    def _directions(self, chance: np.random.Generator, count: int) -> np.ndarray:
        drawn = chance.standard_normal((count, DIMENSIONS), dtype=np.float32) * self._spread
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def _vectors(self, chance, cone: np.ndarray, topics: np.ndarray, subtopics: np.ndarray):
        made = (
            CONE * cone
            + TOPIC * self._topics[topics]
            + SUBTOPIC * self._subtopics[subtopics]
            + NOISE * self._directions(chance, len(topics))
        )
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    def _draw_topics(self, chance, count: int) -> tuple[np.ndarray, np.ndarray]:
        topics = np.searchsorted(self._topic_share, chance.random(count))
        return topics, topics * SUBTOPICS + chance.integers(0, SUBTOPICS, count)

    def chunk(self, number: int, count: int = CHUNK) -> Chunk:
        """Return the photos of one chunk, the same ones whenever they are asked for."""
        chance = np.random.default_rng([self._seed, 1, number])
        topics, subtopics = self._draw_topics(chance, count)
        return Chunk(
            [
                self._entry(chance, topic, colours)
                for topic, colours in zip(topics, self._draw_colours(number, topics), strict=True)
            ],
            self._vectors(chance, self._image_cone, topics, subtopics),
            self._vectors(chance, self._text_cone, topics, subtopics),
        )

    def _draw_colours(self, number: int, topics: np.ndarray) -> list[list[str]]:
        """Return the colours of a chunk's photos: of each name half go by their topic."""
        chance = np.random.default_rng([self._seed, 4, number])
        own = _colours(chance, len(topics))
        shown = np.where(chance.random(own.shape) < 0.5, self._palettes[topics], own)
        names = np.array(list(COLOUR_SHARES))
        return [names[row].tolist() for row in shown]

    def _topic_word(self, chance, topic: int, count: int) -> list[str]:
        places = np.searchsorted(self._tag_share, chance.random(count))
        return [self.words[self.topic_words[topic][place]] for place in places]

    def _any_words(self, chance, count: int) -> list[str]:
        return [self.words[i] for i in np.searchsorted(self._word_share, chance.random(count))]

    def _entry(self, chance: np.random.Generator, topic: int, colours: list[str]) -> Entry:
        title = self._topic_word(chance, topic, chance.integers(1, 4))
        title += self._any_words(chance, chance.integers(0, 3))
        story = []
        if chance.random() < 0.5:
            story = self._any_words(chance, chance.integers(6, 25))
            story += self._topic_word(chance, topic, chance.integers(1, 5))
        tags = dict.fromkeys(self._topic_word(chance, topic, chance.integers(2, 6)))
        lens = LENSES[int(len(LENSES) * chance.random() ** 2)]
        return Entry(
            title=" ".join(title),
            description=" ".join(story),
            tags=tuple(tags),
            public_place=(
                self.places[int(PLACES * chance.random() ** 3)] if chance.random() < 0.7 else ""
            ),
            camera=CAMERAS[int(len(CAMERAS) * chance.random() ** 2)],
            lens=lens,
            focal_length_mm=float(lens.split("mm")[0].split("-")[0]),
            f_number=F_NUMBERS[chance.integers(len(F_NUMBERS))],
            iso=ISOS[int(len(ISOS) * chance.random() ** 2)],
            taken_at=FIRST_DAY + timedelta(days=float(DAYS * chance.random())),
            is_portrait=chance.random() < 0.3,
            colours=colours,
        )

    def questions(self, count: int, *, seed: int) -> list[Question]:
        """Return queries of one to six words, half of them of the topic that is meant."""
        chance = np.random.default_rng([self._seed, 2, seed])
        topics, subtopics = self._draw_topics(chance, count)
        vectors = self._vectors(chance, self._text_cone, topics, subtopics)
        found = []
        for topic, vector in zip(topics, vectors, strict=True):
            length = chance.integers(1, 7)
            own = (length + 1) // 2
            words = self._topic_word(chance, topic, own)
            others = np.searchsorted(self._telling_share, chance.random(length - own))
            words += [self.words[i] for i in others]
            found.append(Question(" ".join(dict.fromkeys(words)), vector))
        return found

    def banks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return neutral captions and pictures, (BANK, DIMENSIONS) float32 each."""
        chance = np.random.default_rng([self._seed, 3])
        topics, subtopics = self._draw_topics(chance, BANK)
        return (
            self._vectors(chance, self._text_cone, topics, subtopics),
            self._vectors(chance, self._image_cone, topics, subtopics),
        )


def _colours(chance: np.random.Generator, count: int) -> np.ndarray:
    """Return which colours each of so many shows, (count, colours) bool."""
    shares = list(COLOUR_SHARES.values())
    return chance.random((count, len(shares))) < shares


def _zipf(count: int) -> np.ndarray:
    """Return the cumulative shares of things, each rarer than the last as words are."""
    shares = 1 / np.arange(3, count + 3)  # Zipf and Mandelbrot: the first do not tower
    return np.cumsum(shares / shares.sum())
