"""One evaluation from beginning to end, in a database that has no photos yet."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from embeddings import spaces
from embeddings.models import EmbeddingSpace
from search.evaluation import material, pictures, studies, tuning
from search.evaluation.gallery import Gallery, Visitor
from search.evaluation.studies import Figures

POOL = 40  # small pictures a scene
FULL_POOL = 200

Report = Callable[[str], None]


@dataclass(frozen=True)
class Evaluation:
    """What was found. chosen: by tuning, if that was asked for."""

    figures: Figures
    shipped: tuning.Fusion
    floor: dict
    chosen: tuning.Fusion | None = None


def evaluate(*, full: bool, tune: bool, photos: Path | None, report: Report) -> Evaluation:
    """Measure everything; takes minutes.

    full: also galleries of 10,000. photos: a folder of photographs with captions. report: is
    told what is done.
    """
    report("loading the model")
    space = demo_space()
    encoder = spaces.load_encoder(space)
    spaces.prepare(space, encoder)
    space = spaces.active_space()
    gallery, visitor = Gallery(space, encoder), Visitor(space, encoder)

    report("drawing the labelled gallery")
    studies.hang_scenes(gallery, pictures.scene_vectors(encoder, studies.PICTURES_A_SCENE))
    report("labelled queries")
    real = material.real_queries()
    answered = studies.answers(visitor, real)
    figures = studies.scenes(answered, gallery.labels)
    shipped, chosen = tuning.Fusion(space.weights, space.k), None
    if tune:
        report("choosing weights")
        chosen, worth = tuning.tune(answered, gallery.labels, shipped)
        figures |= worth
    report("foreign queries")
    kinds = {"letters": material.nonsense(), "off_topic": material.off_topic()}
    figures |= studies.foreign(visitor, kinds)
    held_out = [query for query in real if query.number not in material.first_half()]
    figures |= studies.floor_roc(visitor, held_out, kinds)
    report("misspelt queries")
    figures |= studies.misspellings(visitor, gallery.labels)
    if photos:
        report("photographs")
        figures |= studies.photographs(gallery, visitor, photos)

    report("drawing the galleries of themes")
    vectors = pictures.pool_vectors(encoder, FULL_POOL if full else POOL)
    mixes = studies.MIXES | (studies.FULL_MIXES if full else {})
    figures |= studies.themes(gallery, visitor, vectors, mixes, report)
    return Evaluation(figures, shipped, space.floor, chosen)


def demo_space() -> EmbeddingSpace:
    """Return the active space, which must be the small CLIP's: it alone knows the drawn scenes."""
    spaces.ensure_space()
    space = spaces.active_space()
    if not is_demo(space):
        raise spaces.SpaceError(
            f"The space {space.name} is not the small CLIP's, and drawn scenes say nothing of it."
        )
    return space


def is_demo(space: EmbeddingSpace) -> bool:
    return space.image_model == settings.EMBEDDING_PROFILES["demo"]["image_model"]
