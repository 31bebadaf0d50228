"""Measure the query tower at its true size, beside torch: python bench/query_tower.py

The tower is clip-ViT-B-32-multilingual-v1's in shape, with random weights and a vocabulary of made
up words: what it costs is true, what it answers means nothing. It goes through the export that
production uses. Each figure comes from a process of its own, on one core. Prints a table.
"""

import json
import os
import random
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

VOCABULARY, POSITIONS, WIDTH, LAYERS, HEADS, DIMENSIONS = 119_547, 512, 768, 6, 12, 512
MOST_TOKENS = 128
QUERIES = 200
WORDS = range(3, 13)
FORKS = 2
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SCRIPTS = (string.ascii_lowercase, "абвгдежзиклмнопрст", "αβγδεζηθικλμ", "ابتثجحخدرزسشصط")
WAYS = ("torch", "fp32", "int8")
LIMITS = {"fp32": "40 ms, 900 MB", "int8": "20 ms, 350 MB", "torch": "–"}


def words(known: Iterable[str] = ()) -> list[str]:
    """Return the vocabulary: letters, the words given, and pieces of words in several scripts."""
    rng = random.Random(1)
    letters = [letter for script in SCRIPTS for letter in script]
    found = dict.fromkeys([*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *known])
    while len(found) < VOCABULARY:
        piece = "".join(rng.choices(rng.choice(SCRIPTS), k=rng.randint(2, 8)))
        found[rng.choice(("", "##")) + piece] = None
    return list(found)


def queries() -> list[str]:
    """Return texts of 3 to 12 words; two in three are in the vocabulary, others in pieces."""
    rng = random.Random(2)
    whole = [word for word in words() if word.isalpha() and len(word) > 2]

    def word() -> str:
        return rng.choice(whole) + (rng.choice(whole) if rng.random() < 1 / 3 else "")

    return [" ".join(word() for _ in range(rng.choice(WORDS))) for _ in range(QUERIES)]


def save_model(folder: Path, known: Iterable[str] = ()) -> None:
    """Save a model of the true shape as sentence-transformers does.

    known: words that are one token each.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast

    ids = {word: number for number, word in enumerate(words(known))}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    inner = folder / "inner"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=MOST_TOKENS,
        **dict(zip(names, SPECIAL, strict=True)),
    ).save_pretrained(inner)
    config = DistilBertConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=POSITIONS,
        dim=WIDTH,
        hidden_dim=4 * WIDTH,
        n_layers=LAYERS,
        n_heads=HEADS,
    )
    DistilBertModel(config).save_pretrained(inner)
    dense = modules.Dense(WIDTH, DIMENSIONS, bias=False, activation_function=torch.nn.Identity())
    parts = [modules.Transformer(str(inner)), modules.Pooling(WIDTH), dense]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "torch"))


def export(folder: Path) -> dict:
    """Make both towers the way production does."""
    from embeddings import towers
    from embeddings.onnx_encoder import OnnxEncoder
    from embeddings.onnx_graph import quantise
    from embeddings.torch_encoder import TorchEncoder

    encoder = _text_only(TorchEncoder, folder)
    for way in ("fp32", "int8"):
        (folder / way).mkdir()
    started = time.perf_counter()
    encoder.export_text_tower(list(towers.SAMPLES), folder / "fp32")
    seconds, peak = time.perf_counter() - started, _memory(os.getpid())["VmHWM"]
    quantise(folder / "fp32", folder / "int8")
    return {
        "export seconds": seconds,
        "export peak MB": peak,
        **{way: OnnxEncoder(folder / way).fidelity() for way in ("fp32", "int8")},
    }


def _text_only(kind, folder: Path):
    """Return a TorchEncoder without an image tower, which has nothing to do with queries."""
    from embeddings import torch_encoder

    torch_encoder.torch.set_num_threads(1)
    encoder = kind.__new__(kind)
    encoder._text_model = torch_encoder._load(str(folder / "torch"))
    return encoder


def encode(way: str, folder: Path) -> dict:
    """Load one way to encode, ask it every query once, fork, ask again; return what it took."""
    texts = queries()
    started = time.perf_counter()
    if way == "torch":
        from embeddings.torch_encoder import TorchEncoder

        encoder = _text_only(TorchEncoder, folder)

        def ask(text: str):
            return encoder.encode_texts([text])[0]
    else:
        from embeddings.onnx_encoder import OnnxEncoder

        ask = OnnxEncoder(folder / way).encode_text
    ask(texts[0])
    first = time.perf_counter() - started
    milliseconds = sorted(_timed(ask, text) for text in texts[1:])
    alone = _memory(os.getpid())["Rss"]
    return {
        "first": first,
        "median": milliseconds[len(milliseconds) // 2],
        "p95": milliseconds[int(len(milliseconds) * 0.95)],
        "rss": alone,
        "pss": _shared(ask, texts),
    }


def _timed(ask, text: str) -> float:
    started = time.perf_counter()
    ask(text)
    return 1000 * (time.perf_counter() - started)


def _shared(ask, texts: list[str]) -> float:
    """Return the mean proportional size of this process and its forks, all of which encode."""
    asked, leave = os.pipe(), os.pipe()
    children = []
    for _ in range(FORKS):
        child = os.fork()
        if not child:
            for text in texts:
                ask(text)
            os.write(asked[1], b".")
            os.close(leave[1])
            os.read(leave[0], 1)
            os._exit(0)
        children.append(child)
    for _ in children:
        os.read(asked[0], 1)
    sizes = [_memory(pid)["Pss"] for pid in (os.getpid(), *children)]
    os.close(leave[1])
    for child in children:
        os.waitpid(child, 0)
    return sum(sizes) / len(sizes)


def _memory(pid: int) -> dict[str, float]:
    """Return figures of a process in MB, by the kernel's names."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text() + Path(f"/proc/{pid}/status").read_text()
    parts = [line.split() for line in lines.splitlines()]
    return {one[0].rstrip(":"): int(one[1]) / 1024 for one in parts if one[-1:] == ["kB"]}


def _in_a_process(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True, cwd=ROOT
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="pictures-bench-") as folder:
        made = _in_a_process("export", folder)
        # The second round starts from files that the first has read: as a process that restarts.
        rounds = [{way: _in_a_process(way, folder) for way in WAYS} for _ in range(2)]
    print(
        "| encoder | cold query, median / p95 | limit | RSS | PSS, one of "
        f"{1 + FORKS} forked | first query after start | least cosine to torch |\n"
        "|---|---|---|---|---|---|---|"
    )
    for way in WAYS:
        one = rounds[1][way]
        fidelity = f"{made[way]:.5f}" if way in made else "1"
        print(
            f"| {way} | {one['median']:.1f} / {one['p95']:.1f} ms | {LIMITS[way]} | "
            f"{one['rss']:.0f} MB | {one['pss']:.0f} MB | {one['first']:.2f} s | {fidelity} |"
        )
    print(
        f"\n{QUERIES} queries of {WORDS[0]} to {WORDS[-1]} words, one core; export "
        f"{made['export seconds']:.0f} s, peak {made['export peak MB']:.0f} MB."
    )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        from config import embedded

        way, place = sys.argv[1], Path(sys.argv[2])
        if way == "export":
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            embedded.acquire()
            import django

            django.setup()
            save_model(place)
            found = export(place)
        else:
            found = encode(way, place)
        print(json.dumps(found))
