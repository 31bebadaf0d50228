"""The figures as a page of Markdown."""

from collections.abc import Sequence

from embeddings.demo_model.captions import LANGUAGES
from search.evaluation import limits, studies
from search.evaluation.gallery import DENSE_LEGS, LEGS
from search.evaluation.run import Evaluation
from search.evaluation.studies import Figures

NAMES = {
    "bm25": "words (BM25)",
    "text": "query to photo text",
    "image": "query to image",
    "fused": "fused, the whole search",
    "letters": "random letters",
    "off_topic": "off-topic sentences",
}
KINDS = ("letters", "off_topic")


def write(found: Evaluation, *, options: str) -> str:
    """Return the page. options: of the command that measured."""
    figures = found.figures
    sections = [
        _INTRODUCTION.format(options=options),
        _bars(figures),
        _scenes(figures),
        _themes(figures),
        _absent(figures),
        _foreign(figures),
        _roc(figures),
        _misspelt(figures),
        _photographs(figures),
        _fusion(found),
        _floor(found),
        _WEAKNESSES,
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence]) -> str:
    """Return a table; numbers get three decimals, whole ones none."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _section(title: str, text: str, *tables: str) -> str:
    return "\n\n".join((f"## {title}", text.strip(), *tables))


def _bars(figures: Figures) -> str:
    rows = [
        (
            bar.name,
            f"at {'most' if bar.at_most else 'least'} {bar.aim:g}",
            bar.value(figures),
            "met" if bar.is_met(figures) else "**not met yet**",
        )
        for bar in limits.BARS
    ]
    return _section("Bars", _BARS, table(("bar", "aim", "measured", ""), rows))


def _scenes(figures: Figures) -> str:
    metrics = (f"nDCG@{studies.NDCG_DEPTH}", *(f"R@{depth}" for depth in studies.RECALL_DEPTHS))
    by_ranking = [
        (
            NAMES[name],
            *(figures[f"scenes/{name}/all/{metric}"] for metric in metrics),
            figures[f"scenes/{name}/all/empty"],
        )
        for name in studies.RANKINGS
    ]
    by_language = [
        (NAMES[name], *(figures[f"scenes/{name}/{one}/{metrics[0]}"] for one in LANGUAGES))
        for name in studies.RANKINGS
    ]
    recall = [
        (f"fused {metric}", *(figures[f"scenes/fused/{one}/{metric}"] for one in LANGUAGES))
        for metric in metrics[1:]
    ]
    return _section(
        "Scenes: does it find what is meant?",
        _SCENES,
        table(("ranking", *metrics, "empty"), by_ranking),
        table((f"{metrics[0]} by language", *LANGUAGES), by_language + recall),
    )


def _themes(figures: Figures) -> str:
    rows = []
    for size, share in _cells(figures):
        place = f"themes/{size}/{share}"
        rows.append(
            (
                f"{int(size):,}",
                f"{share} %",
                int(figures[f"{place}/queries"]),
                figures[f"{place}/fused/empty"],
                figures[f"{place}/image/empty"],
            )
        )
    total = int(figures["themes/queries"])
    rows.append(("all", "", total, figures["themes/fused/empty"], figures["themes/image/empty"]))
    head = ("photos", "share of the theme", "queries", "wrongly empty", "image leg alone")
    return _section("Themes: is a real query ever left empty?", _THEMES, table(head, rows))


def _cells(figures: Figures) -> list[tuple[str, str]]:
    """Return (size, share) of the themes that were measured."""
    names = (name.split("/") for name in figures if name.startswith("themes/"))
    return [(name[1], name[2]) for name in names if len(name) == 4 and name[3] == "queries"]


def _absent(figures: Figures) -> str:
    rows = []
    for size in dict.fromkeys(size for size, _ in _cells(figures)):
        place = f"absent/{size}"
        rows.append(
            (
                f"{int(size):,}",
                int(figures[f"{place}/queries"]),
                figures[f"{place}/fused/empty"],
                figures[f"{place}/dense/empty"],
                figures[f"{place}/cosine/empty"],
                figures[f"{place}/real_empty"],
                figures[f"{place}/cosine/auc"],
            )
        )
    head = (
        "photos", "queries", "whole search empty", "vectors: floor", "plain cosine",
        "real queries empty in both", "AUC of cosine",
    )  # fmt: skip
    return _section("Absent themes", _ABSENT, table(head, rows))


def _foreign(figures: Figures) -> str:
    rows = [
        (
            NAMES[kind],
            int(figures[f"foreign/{kind}/queries"]),
            *(figures[f"foreign/{kind}/{name}/empty"] for name in studies.RANKINGS),
        )
        for kind in KINDS
    ]
    head = ("asked", "queries", *(NAMES[leg] for leg in LEGS), "whole search")
    return _section("Queries that should find nothing", _FOREIGN, table(head, rows))


def _roc(figures: Figures) -> str:
    rows = []
    for kind in KINDS:
        for leg in DENSE_LEGS:
            cells = []
            for measure in ("score", "cosine"):
                place = f"roc/{kind}/{leg}/{measure}"
                low, high = figures[f"{place}/low"], figures[f"{place}/high"]
                cells += [
                    f"{figures[place]:.3f} [{low:.3f}, {high:.3f}]",
                    figures[f"{place}/empty"],
                ]
            rows.append((NAMES[kind], NAMES[leg], *cells))
    text = _ROC.format(
        real=int(figures["roc/real/queries"]),
        letters=int(figures["roc/letters/queries"]),
        off_topic=int(figures["roc/off_topic/queries"]),
        missed=f"{studies.MISSED:.0%}",
    )
    head = ("against", "leg", "AUC of s", "empty by s", "AUC of cosine", "empty by cosine")
    return _section("How well the floor can tell", text, table(head, rows))


def _misspelt(figures: Figures) -> str:
    depth = f"R@{studies.MISSPELT_DEPTH}"
    rows = [
        (label, *(figures[f"misspelt/{kind}/{name}/{depth}"] for name in studies.RANKINGS))
        for kind, label in (("intact", "as written"), ("edited", "one edit"))
    ]
    return _section(
        "Misspellings",
        _MISSPELT.format(queries=int(figures["misspelt/queries"])),
        table((depth, *(NAMES[name] for name in studies.RANKINGS)), rows),
    )


def _photographs(figures: Figures) -> str:
    if "photographs/photos" not in figures:
        return ""
    names = (name.split("/") for name in figures if name.startswith("photographs/bm25/"))
    languages = list(dict.fromkeys(name[2] for name in names))
    rows = [
        (
            f"{NAMES[name]}, {depth}",
            *(figures[f"photographs/{name}/{one}/{depth}"] for one in languages),
        )
        for name in ("bm25", "fused")
        for depth in ("R@1", "R@5")
    ]
    text = _PHOTOGRAPHS.format(photos=int(figures["photographs/photos"]))
    return _section("Photographs", text, table(("", *languages), rows))


def _fusion(found: Evaluation) -> str:
    if found.chosen is None:
        return ""
    figures = found.figures
    rows = [
        (
            label,
            *(f"{fusion.weights[leg]:g}" for leg in LEGS),
            fusion.k,
            figures[f"tuning/{name}/first"],
            figures[f"tuning/{name}/second"],
        )
        for label, name, fusion in (
            ("shipped", "shipped", found.shipped),
            ("best of the grid", "chosen", found.chosen),
        )
    ]
    head = ("weights", *LEGS, "k", "nDCG@10, half tuned on", "nDCG@10, other half")
    return _section("Fusion weights", _FUSION, table(head, rows))


def _floor(found: Evaluation) -> str:
    rows = [
        (NAMES[leg], *(found.floor[leg][one] for one in ("share", "gate", "keep")))
        for leg in DENSE_LEGS
    ]
    return _section(
        "The floor that was measured", _FLOOR, table(("leg", "share", "gate", "keep"), rows)
    )


_INTRODUCTION = """
# How good the search is

Measured by `evaluate_search{options}`; `make eval` measures it again. Every figure is of the
small CLIP that ships with Pictures, on scenes drawn by its own generator. **Nothing here is about
photographs, or about another model.** The space, its floor and its weights are those of the demo.

    make eval                           # galleries of 5, 17, 72 and 200 photos
    make eval ARGS="--full"             # and of 10,000
    make eval ARGS="--tune"             # and the fusion's weights, tried on a grid
    make eval ARGS="--photos FOLDER"    # and photographs that have captions

It takes about ten minutes on two cores, `--full` twice as long or more. It runs on a Postgres and
a Redis of its own in a temporary folder, never in a site's data, writes this page, and exits with 1
when a figure falls below the limits in `search/evaluation/limits.py`.
The photos' words go through the word index, their vectors are stored and indexed, and every query
walks through the result pages of `search.engine`, with what corrects its spelling. All is seeded:
a second run gives the same figures, up to the approximate index of the largest galleries.
"""

_BARS = """
What the search is meant to do. A bar that is missed stays where it is. The gates are calibrated, on
other material, to answer the fewest foreign queries while few real ones are left empty. What they
cannot tell apart, the model cannot.
"""

_SCENES = """
72 photos, three of each of 24 scenes, 640 px wide, drawn from seeds that nothing else uses, with
the titles, descriptions, tags and places of the demo gallery. 200 queries a language that training
never saw, the same meanings in all five. A photo of the scene that is asked for is right. nDCG@10
is 1 when the three right photos lead; R@k is the share of queries with a right photo among the
first k. Each ranking is measured as the engine uses it, cut by the floor; "empty" is the share
of queries that it answers with nothing. The photos' words are English: other languages reach
them through the vectors only.
"""

_THEMES = """
Galleries of several sizes in which themes have different shares, of small drawings (120 by 90 px,
some 50 ms each; the model sees 64). Ten queries a theme, two a language; all of them should find
something. The measure is the share that gets an empty page, and that the image leg alone would
leave empty. 30 % of five photos are two of them.
"""

_ABSENT = """
In the same galleries, three themes that they do not show are asked for; an empty page is right.
What the vectors say, both legs with their gates, is set beside one threshold on the image's plain
cosine that leaves, at each size, as many real queries empty as the gates do: a comparison that
favours cosine, whose threshold has seen the answers. The AUC is of the nearest photo's cosine,
real against absent. The whole search also answers by words, and words such as "sea" occur in the
texts of several themes. Some absent themes have near neighbours that are shown (a lake below
mountains, snowy mountains).
"""

_FOREIGN = """
Asked of the 72 photos; the share that gets an empty page. Random letters are single words of 4 to
20 letters and groups of words, some in Chinese characters. Off-topic sentences are 80 meanings in
five languages, in templates that training never saw.
"""

_ROC = """
Area under the ROC curve of the best s in the gallery of 72, and of the best cosine; they are the
same where the floor takes no share of the levels off. With bootstrap 95 % intervals over queries:
how often a real query stands above a foreign one, whatever the thresholds. 0.5 is chance. Real
queries of the half that tuning never sees ({real}), against {letters} random letters and
{off_topic} off-topic sentences. "Empty": the share of foreign queries that a leg leaves empty where
its threshold leaves {missed} of the real ones empty. That threshold has seen the answers, the
shipped gates have not.
"""

_MISSPELT = """
{queries} English queries, one random edit (a letter too many, missing, wrong or swapped) in a word
of the phrase that is asked for.
"""

_PHOTOGRAPHS = """
{photos} photographs with English titles, descriptions and tags, which should be found by captions
that came with them, written by the same hand: few, and easy. To the small CLIP photographs are
noise: this shows what words do alone, and what the noise costs when it is fused in.
"""

_FUSION = """
Weights and k of the fusion chosen on half of the labelled queries (the same meanings in all
languages), judged on the other half. The two dense weights together stay below that of the words,
whatever the labelled set says: to this model photographs are noise. Nothing is stored unless
`evaluate_search --tune --apply` is asked to.
"""

_FLOOR = """
A leg is empty when its best s is below its gate; else it keeps what reaches keep. Share is that of
the levels which calibration takes off the cosine: 0 is plain cosine. `calibrate_floor` does it for
any space.
"""

_WEAKNESSES = """
## What these figures do not say

- Nothing about photographs: model, pictures and texts come from one generator, and the scenes
  are far apart. A real CLIP on a real collection meets near-synonyms and mixed content.
- The held-out phrases recombine words that training saw; the templates are new.
- Titles and tags of the demo share words with the queries, more than photographers' would.
- Three right photos a scene: nDCG@10 says little of long lists.
- In galleries of themes pictures repeat where a theme needs more than were drawn, and their texts
  always do: three stories a scene.
- Large galleries are searched through an approximate index. Where many photos share one text or
  one picture it can miss a small theme altogether; `--full` measures that, and its pictures repeat
  more often than those of a real gallery would.
- The halves are split by meaning; both halves hold the same phrases in other templates.
- Off-topic means far from drawn landscapes. A real CLIP has seen taxes and kitchens as pictures:
  to it these would be absent themes, which are harder.
- One model, trained once; no interval includes the chance of another training.
"""
