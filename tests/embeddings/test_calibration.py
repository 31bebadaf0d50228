"""The floor is chosen on half of the material and keeps what it promises on the other."""

import itertools
import random
import re
import string
import zlib
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from embeddings import spaces
from embeddings.calibration import LARGEST_MISSED, Asked, Material, Shown, calibrate
from embeddings.demo_model import bank, captions, distractors, evaluate
from search.evaluation.material import OFF_TOPIC
from tests.embeddings.conftest import a_space

THEMES = [str(number) for number in range(24)]
PHRASES = 4  # meanings a theme
NOISE = 0.9  # length, beside the theme's direction of length 1


class Directions:
    """Reads "3 …" as direction 3 of its space, and whatever else as noise.

    lift: how much of one common direction is in everything, more in some texts than in others.
    """

    dimensions = 64

    def __init__(self, lift=0.0):
        self.lift = lift

    def encode_texts(self, texts):
        return np.stack([self._vector(text) for text in texts])

    def encode_images(self, images):
        return np.stack([self._vector(f"{one.info['theme']} {one.info['take']}") for one in images])

    def _vector(self, text):
        chance = np.random.default_rng(zlib.crc32(text.encode()))
        vector = chance.normal(size=self.dimensions) * NOISE / np.sqrt(self.dimensions)
        vector[-1] = self.lift * chance.uniform()
        if (theme := text.split()[0]) in THEMES:
            vector[int(theme)] += 1
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def picture(theme, take):
    image = Image.new("RGB", (1, 1))
    image.info |= {"theme": theme, "take": take}
    return image


def material():
    chance = random.Random(2)

    def letters():
        return "".join(chance.choices(string.ascii_lowercase, k=8))

    meanings = [(theme, number) for theme in THEMES for number in range(PHRASES)]
    return Material(
        shown=[
            Shown(
                picture(theme, take),
                f"{theme} {letters()}",
                theme,
                phrase=meanings.index((theme, 0)),
            )
            for theme in THEMES
            for take in range(6)
        ],
        asked={
            "real": [
                Asked(f"{theme} {letters()}", meaning, frozenset([theme]))
                for meaning, (theme, _) in enumerate(meanings)
                for _ in range(3)
            ],
            "off_topic": [Asked(letters(), meaning) for meaning in range(100)],
            "letters": [Asked(letters(), meaning) for meaning in range(100)],
        },
    )


def calibrated(encoder):
    around = [picture(theme, "bank") for theme in THEMES]
    vectors = encoder.encode_images(around)
    return calibrate(material(), encoder, vectors, vectors)


def test_real_queries_pass_and_foreign_ones_do_not_on_the_half_not_chosen_on():
    floor, measures = calibrated(Directions())
    assert {leg: set(limits) for leg, limits in floor.items()} == {
        leg: {"share", "gate", "keep"} for leg in ("image", "text")
    }
    assert all(limits["keep"] <= limits["gate"] for limits in floor.values())
    found = {kind: [one for one in measures if one.kind == kind] for kind in ("real", "off_topic")}
    assert all(one.empty <= 2 * LARGEST_MISSED for one in found["real"])
    assert all(one.empty >= 0.9 for one in found["off_topic"])
    assert all(one.low <= one.empty <= one.high for one in measures)


def test_levels_are_taken_off_where_everything_is_near_to_everything():
    floor, _ = calibrated(Directions(lift=2.0))
    assert max(limits["share"] for limits in floor.values()) > 0


def test_a_photo_that_repeats_the_query_word_for_word_proves_nothing():
    encoder = Directions()
    seen = material()
    repeated = [
        Shown(one.image, next(q.text for q in seen.asked["real"] if q.meaning == one.phrase),
              one.theme, one.phrase)
        for one in seen.shown
    ]  # fmt: skip
    vectors = encoder.encode_images([picture(theme, "bank") for theme in THEMES])
    floor, _ = calibrate(Material(repeated, seen.asked), encoder, vectors, vectors)
    assert floor["text"]["gate"] < 0.9  # a repeated phrase has a cosine of 1


def telling_words(*tables):
    """Return the words that are no fillers, but the shortest; Chinese texts stay whole."""
    fillers = {word.casefold() for text in captions.FILLERS.values() for word in text.split()}
    texts = " ".join(tables).casefold().replace("|", " ")
    return set(re.findall(r"[^\W\d]{4,}|[\u3400-\u9fff]+", texts)) - fillers


def test_what_trains_what_calibrates_and_what_judges_share_no_telling_word():
    topics = [
        telling_words(distractors.TRAINING_TOPICS),
        telling_words(distractors.CALIBRATION_TOPICS),
        telling_words(evaluate.FOREIGN, OFF_TOPIC),
    ]
    for one, two in itertools.combinations(topics, 2):
        assert not one & two


def test_what_calibrates_is_not_what_judges():
    held_out = {query.text for query in captions.held_out(240)}
    assert not held_out & {one.text for one in bank.calibration_queries()["real"]}


@pytest.fixture
def quick(monkeypatch, small_clip):
    """Calibrate in no time: nothing is drawn."""
    made = material()
    floor, measures = calibrated(Directions())
    monkeypatch.setattr(spaces, "calibrated_floor", lambda *arguments: (floor, measures))
    monkeypatch.setattr(spaces, "load_encoder", lambda space: small_clip)
    return floor, made


def test_command_stores_the_floor_and_says_what_it_is_worth(db, small_clip, quick):
    space = a_space(small_clip, name="mine", floor={"image": {"gate": 9, "keep": 9}})
    out = StringIO()
    call_command("calibrate_floor", "--space", "mine", stdout=out)
    before = space.generation
    space.refresh_from_db()
    assert space.floor == quick[0]
    assert space.generation > before
    assert "random letters: empty" in out.getvalue()
    assert f"share {quick[0]['image']['share']:g}" in out.getvalue()


def test_command_names_what_is_missing(db, small_clip, quick):
    with pytest.raises(CommandError, match="no spaces of the name other"):
        call_command("calibrate_floor", "--space", "other")
    spaces.create_space("demo", name="new")
    with pytest.raises(CommandError, match="embedding_space build"):
        call_command("calibrate_floor", "--space", "new")
