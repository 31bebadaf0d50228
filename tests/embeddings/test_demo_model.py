"""The small CLIP: loads as the real one does, finds what it should, and its gallery is drawn."""

import io
import json

import numpy as np
import pytest
from PIL import Image, IptcImagePlugin
from sentence_transformers import SentenceTransformer

from embeddings.demo_model import bank, captions, draw, evaluate, scenes, stories

MODEL = evaluate.HERE / "model"


@pytest.fixture(scope="module")
def encoder(small_clip):
    return small_clip


@pytest.fixture(scope="module")
def drawn():
    return draw.draw_photo(19)  # the first harbour: it has a place


def test_folder_loads_like_the_real_model():
    model = SentenceTransformer(str(MODEL), device="cpu").float()
    vectors = model.encode([{"text": "sunset over the sea"}], normalize_embeddings=True)
    assert vectors.shape == (1, 128)
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-3)


def test_folder_is_small_and_half_precision():
    size = (MODEL / "0_CLIPModel" / "model.safetensors").stat().st_size
    assert size < 6e6
    config = json.loads((MODEL / "0_CLIPModel" / "config.json").read_text())
    assert config["dtype"] == "float16"


def test_held_out_queries_find_their_scene_in_every_language(encoder):
    keys = list(scenes.SCENES)
    images = encoder.encode_images([scenes.render(key, 320, 213, 500_000) for key in keys])
    queries = captions.held_out(48)
    vectors = encoder.encode_texts([query.text for query in queries])
    best = np.argsort(-(vectors @ images.T), axis=1)[:, :5]
    for language in captions.LANGUAGES:
        hits = [
            query.scene in {keys[i] for i in best[number]}
            for number, query in enumerate(queries)
            if query.language == language
        ]
        assert np.mean(hits) >= 0.95, language


def test_same_meaning_is_near_in_two_languages(encoder):
    queries = captions.held_out(48)
    english = encoder.encode_texts([q.text for q in queries if q.language == "en"])
    for language in captions.LANGUAGES[1:]:
        other = encoder.encode_texts([q.text for q in queries if q.language == language])
        same = (english * other).sum(axis=1).mean()
        different = (english * np.roll(other, 1, axis=0)).sum(axis=1).mean()
        assert same > different + 0.4


def test_queries_are_aligned_and_held_out():
    queries = captions.held_out(200)
    assert len(queries) == 1000
    for number in range(200):
        assert len({q.scene for q in queries if q.number == number}) == 1
    trained = {text for scene in scenes.SCENES for row in captions.phrases(scene) for text in row}
    assert not trained & {query.text for query in queries}
    plain = {("{}",) * len(captions.LANGUAGES)}
    held = set(captions.templates(captions.HELD_OUT_TEMPLATES)) - plain
    for table in (captions.TRAINING_TEMPLATES, captions.CALIBRATION_TEMPLATES):
        assert not held & set(captions.templates(table))


def test_more_queries_than_exist_are_refused():
    with pytest.raises(ValueError):
        captions.held_out(10_000)


def test_every_scene_has_words_stories_and_an_album():
    assert set(scenes.SCENES) == set(captions.PHRASES) == set(stories.STORIES)
    titles = [story.title for scene in scenes.SCENES for story in stories.stories(scene)]
    assert len(set(titles)) == 72
    assert not any(
        word in title.lower()
        for title in titles
        for word in ("ladybird", "pagoda", "eileen collins", "rowing boats")
    )
    for scene in scenes.SCENES:
        assert captions.words_of(scene)
        for story in stories.stories(scene):
            assert stories.label_of(story.tags) == scene
            assert story.album in stories.ALBUMS


def test_rendering_is_deterministic_and_seeds_differ():
    first, again, other = (scenes.render("lake", 96, 64, seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("key", list(scenes.SCENES))
@pytest.mark.parametrize("size", [(150, 100), (100, 150)])
def test_every_scene_draws_in_both_directions(key, size):
    image = scenes.render(key, *size, seed=3)
    assert image.size == size
    assert np.asarray(image).std() > 8


def test_drawing_a_photo_twice_gives_the_same_bytes(drawn):
    assert draw.draw_photo(19)[0] == drawn[0]


def test_photo_carries_exif_iptc_and_xmp(drawn):
    data, meta = drawn
    image = Image.open(io.BytesIO(data))
    exif = image.getexif()
    shot = exif.get_ifd(draw.EXIF_IFD)
    assert exif[0x0110] in {camera[1] for camera in draw.CAMERAS}
    assert shot[0x9003][:2] == "20"
    assert shot[0x9011][0] in "+-"
    assert shot[0x8827] >= 100
    assert exif.get_ifd(draw.GPS_IFD)[2][0] == 49  # Honfleur
    iptc = IptcImagePlugin.getiptcinfo(image)
    assert iptc[(2, 5)] == b"Harbour lights at dusk"
    assert set(iptc[(2, 25)]) == {tag.encode() for tag in meta["tags"]}
    assert b"Lamps of a small harbour" in image.info["xmp"]
    assert meta["scene"] == "harbour_lights"
    assert max(image.size) >= 1600


def test_turned_photo_is_upright_once_its_orientation_is_applied():
    data, meta = draw.draw_photo(draw.TURNED_EVERY - 1)
    image = Image.open(io.BytesIO(data))
    orientation = image.getexif()[0x0112]
    assert orientation in draw.TURNED
    size = image.size if orientation == 3 else image.size[::-1]
    assert size == (meta["width"], meta["height"])


def test_bank_captions_are_neutral_and_the_same_every_time():
    texts = bank.bank_captions()
    assert len(texts) == bank.BANK_SIZE
    assert texts == bank.bank_captions()
    assert not set(texts) & {query.text for query in captions.held_out(240)}
