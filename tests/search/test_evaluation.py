"""The evaluation: metrics against values worked out by hand, its material, and one small run."""

import math

import numpy as np
import pytest
from django.core.cache import cache
from django.core.management.base import CommandError
from rapidfuzz.distance import OSA

from embeddings import spaces
from embeddings.demo_model import bank, distractors
from embeddings.demo_model.captions import Query, held_out, rows_of
from embeddings.demo_model.scenes import SCENES
from embeddings.models import EmbeddingSpace
from search.evaluation import limits, material, pictures, studies, tuning
from search.evaluation.gallery import Gallery, NotOurDatabase, Visitor, exhibit
from search.evaluation.metrics import auc, auc_interval, ndcg, recall_at
from search.fusion import reciprocal_rank_fusion
from search.management.commands import evaluate_search

from .conftest import make_photo

SHOWN = ("desert", "lighthouse", "snow_mountain", "city_night")


def test_ndcg_is_the_gain_over_that_of_the_best_order():
    assert ndcg([True, True, False], 2, 10) == 1
    # 1/log2(3) over 1/log2(2)
    assert ndcg([False, True], 1, 10) == pytest.approx(1 / math.log2(3))
    # places 1 and 3 of two right ones: (1 + 1/2) / (1 + 1/log2(3))
    assert ndcg([True, False, True], 2, 10) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))
    assert ndcg([], 3, 10) == 0


def test_ndcg_counts_only_what_fits_into_the_depth():
    assert ndcg([False, False, True], 1, 2) == 0
    assert ndcg([True, True], 5, 2) == 1
    with pytest.raises(ValueError, match="relevant"):
        ndcg([False], 0, 10)


def test_recall_asks_for_one_right_photo_among_the_first():
    assert recall_at([False, True], 1) == 0
    assert recall_at([False, True], 2) == 1
    assert recall_at([], 5) == 0


def test_auc_is_the_share_of_pairs_in_the_right_order():
    assert auc([2, 3], [0, 1]) == 1
    assert auc([0, 1], [2, 3]) == 0
    assert auc([1, 3], [0, 2]) == 0.75
    assert auc([1], [1]) == 0.5
    with pytest.raises(ValueError, match="both kinds"):
        auc([1], [])


def test_auc_agrees_with_counting_all_pairs():
    chance = np.random.default_rng(1)
    real, foreign = chance.integers(0, 9, 40), chance.integers(0, 7, 30)
    pairs = [(one > other) + (one == other) / 2 for one in real for other in foreign]
    assert auc(real, foreign) == pytest.approx(np.mean(pairs))
    low, high = auc_interval(real, foreign)
    assert low < auc(real, foreign) < high


def test_material_is_the_same_each_time_and_of_the_promised_size():
    assert len(material.nonsense()) >= 500
    assert len(material.off_topic()) >= 300
    assert material.nonsense() == material.nonsense()
    assert len(material.first_half()) == material.PER_LANGUAGE // 2


def test_no_text_that_judges_the_floor_has_trained_or_calibrated_it():
    judges, *others = (
        {text for row in rows_of(table) for text in row}
        for table in (
            material.OFF_TOPIC,
            distractors.TRAINING_TOPICS,
            distractors.CALIBRATION_TOPICS,
        )
    )
    assert not judges & set.union(*others)
    asked = {one.text for some in bank.calibration_queries().values() for one in some}
    judging = {*material.off_topic(), *material.nonsense()}
    judging |= {query.text for query in material.real_queries()}
    assert not judging & asked


def test_a_misspelt_query_is_one_edit_away_and_still_asks_for_its_scene():
    for query, text in material.misspelt():
        assert OSA.distance(query.text, text) == 1
        assert query.language == "en"


@pytest.mark.parametrize("size", studies.MIXES | studies.FULL_MIXES)
def test_themes_fill_the_wall_with_their_shares_and_the_absent_are_absent(size):
    for mixture in studies.mixtures(size, (studies.MIXES | studies.FULL_MIXES)[size]):
        shown = [theme for theme, _ in mixture.photos]
        assert len(shown) == size
        assert set(shown) == set(mixture.shares)
        assert not set(shown) & set(mixture.absent)


def test_limits_name_what_fell_below_them(monkeypatch):
    monkeypatch.setattr(limits, "LEAST_LIMITS", {"good": 0.9})
    monkeypatch.setattr(limits, "MOST_LIMITS", {"bad": 0.1})
    assert limits.missed({"good": 0.95, "bad": 0.05}) == []
    assert limits.missed({"good": 0.95}) == []
    assert len(limits.missed({"good": 0.85, "bad": 0.15})) == 2
    assert len(limits.missed({"good": math.nan})) == 1


@pytest.mark.django_db
def test_photos_of_a_site_are_never_replaced(alice):
    make_photo(alice)
    with pytest.raises(NotOurDatabase):
        Gallery(space=None, encoder=None).hang([])


@pytest.fixture(scope="module")
def small_clip():
    return spaces.load_encoder(EmbeddingSpace(**spaces.profile_models("demo")))


@pytest.fixture
def dozen(db, small_clip):
    """Three small pictures of each of four scenes, hung; and a visitor."""
    encoder = small_clip
    spaces.ensure_space()
    spaces.prepare(spaces.active_space(), encoder)
    space = spaces.active_space()
    vectors = np.zeros((len(SCENES), 3, encoder.dimensions), np.float32)
    for scene in SHOWN:
        drawn = [pictures.draw_small((scene, number)) for number in range(3)]
        vectors[list(SCENES).index(scene)] = encoder.encode_images(drawn)
    gallery = Gallery(space, encoder)
    gallery.hang([exhibit(scene, number, vectors) for scene in SHOWN for number in range(3)])
    return gallery, Visitor(space, encoder)


def asked(*languages: str) -> list[Query]:
    """Return two queries a scene and language."""
    return [one for one in held_out(48) if one.scene in SHOWN and one.language in languages]


def test_a_small_run_finds_the_scenes_and_notices_when_rankings_get_worse(dozen, monkeypatch):
    gallery, visitor = dozen
    EmbeddingSpace.objects.update(floor={})  # all photos are ranked, the wrong ones too
    queries = asked("en", "zh")
    measured = studies.scenes(studies.answers(visitor, queries), gallery.labels)
    assert measured["scenes/fused/all/nDCG@10"] > 0.9
    assert measured["scenes/bm25/zh/empty"] == 1

    cache.clear()
    monkeypatch.setattr(
        "search.engine.reciprocal_rank_fusion",
        lambda *rankings, **options: reciprocal_rank_fusion(*rankings, **options)[::-1],
    )
    worse = studies.scenes(studies.answers(visitor, queries), gallery.labels)
    assert worse["scenes/fused/all/nDCG@10"] < measured["scenes/fused/all/nDCG@10"] - 0.2
    assert worse["scenes/image/all/nDCG@10"] == measured["scenes/image/all/nDCG@10"]


def test_tuning_leaves_the_other_half_alone(dozen):
    gallery, visitor = dozen
    numbers = material.first_half()
    answered = studies.answers(visitor, asked("en"))
    shipped = tuning.Fusion(visitor.space.weights, visitor.space.k)
    chosen, figures = tuning.tune(answered, gallery.labels, shipped)
    first = [one for one in answered if one.query.number in numbers]
    assert tuning.tune(first, gallery.labels, shipped)[0] == chosen
    assert figures["tuning/chosen/first"] >= figures["tuning/shipped/first"]


def test_weights_are_stored_only_in_a_space_of_the_small_clip(db):
    spaces.ensure_space()
    fusion = {"weights": {"bm25": 1.0, "text": 0.1, "image": 0.2}, "k": 10}
    evaluate_search.Command().apply(fusion)
    space = spaces.active_space()
    assert (space.weights, space.k) == (fusion["weights"], fusion["k"])

    EmbeddingSpace.objects.update(image_model="sentence-transformers/clip-ViT-B-32", k=60)
    with pytest.raises(CommandError):
        evaluate_search.Command().apply(fusion)
    assert spaces.active_space().k == 60


def test_letters_are_answered_with_nothing(dozen):
    _, visitor = dozen
    figures = studies.foreign(visitor, {"letters": material.nonsense()[:20]})
    assert figures["foreign/letters/fused/empty"] >= 0.8
