"""Train the small CLIP: `python -m embeddings.demo_model.train OUT`.

Draws the scenes, learns a byte-level BPE and a CLIPModel of about 2M parameters on one CPU
thread, and writes a sentence-transformers folder to OUT. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch.nn import functional
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
)

from embeddings.banks import make_banks, save_banks
from embeddings.torch_encoder import TorchEncoder

from .captions import (
    FILLERS,
    LANGUAGES,
    TRAINING_TEMPLATES,
    photo_text,
    phrases,
    templates,
    training_meaning,
    with_fillers,
    words_of,
)
from .distractors import TRAINING_TOPICS, clutter, off_topic, pseudo_words, random_letters
from .scenes import SCENES, render

IMAGE_SIZE = 64  # px
PATCH_SIZE = 16  # px
STORED_SIZE = 70  # px; training crops IMAGE_SIZE out of this, at random
WIDTH = 128  # of both towers, and of the shared space
LAYERS = 4
HEADS = 4
TEXT_LENGTH = 48  # tokens
VOCABULARY = 2000  # byte-level BPE, Han characters not counted
SCENE_PICTURES = 80  # a batch
CLUTTER_PICTURES = 8
OFF_TOPIC_PAIRS = 36
STEPS = 800  # about ten minutes
WARM_STEPS = 40
LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.05
LARGEST_SCALE = 40.0  # of the logits
TEXT_LOSS = 0.5  # weight of text against text
ALIGNMENT_LOSS = 1.0  # weight of the distance between two wordings of one meaning
FLOOR_LOSS = 2.0  # weight of how near off-topic texts come to scenes and to what is said of them
FAR = 0.2  # cosine to which they may come
TRAINING_SEEDS = 1_000_000  # pictures of the demo, the bank and the tests use smaller seeds
ASPECTS = ((3, 2), (2, 3), (4, 3), (16, 9), (1, 1))
HAN = re.compile(r"[\u3400-\u9fff]")
WORD_PATTERN = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


# tokenizer


def byte_symbols() -> dict[int, str]:
    """Return the printable symbol byte-level BPE uses for every byte (as GPT-2 does)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = {byte: chr(byte) for byte in plain}
    symbols.update(
        (byte, chr(256 + i)) for i, byte in enumerate(b for b in range(256) if b not in symbols)
    )
    return symbols


def learn_bpe(texts: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Learn (vocabulary, merges) as CLIP's tokenizer wants them.

    CLIP takes a run of Han characters for one word, so ordinary BPE would learn whole phrases
    as tokens and know nothing of their characters. Here Han merges stop at one character.
    """
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        end_of_word_suffix="</w>",
        initial_alphabet=alphabet,
        show_progress=False,
        min_frequency=2,
    )
    tokenizer.train_from_iterator([HAN.sub(" ", text) for text in texts], trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    vocabulary = dict(learnt["vocab"])
    merges = [
        tuple(pair) if isinstance(pair, list) else tuple(pair.split(" "))
        for pair in learnt["merges"]
    ]
    known = set(merges)

    def add(token: str) -> None:
        vocabulary.setdefault(token, len(vocabulary))

    symbols = byte_symbols()
    for character in sorted(set(HAN.findall("".join(texts)))):
        first, second, third = (symbols[byte] for byte in character.encode())
        pairs = [(first, second), (first + second, third), (first + second, third + "</w>")]
        for pair in pairs:
            if pair not in known:
                known.add(pair)
                merges.append(pair)
            add("".join(pair))
    for token in [*(letter + "</w>" for letter in alphabet), "<|startoftext|>", "<|endoftext|>"]:
        add(token)
    return vocabulary, merges


def corpus() -> list[str]:
    """Return the texts the tokenizer is learnt from: nothing that is held out."""
    chance = random.Random(0)
    texts = []
    for scene in SCENES:
        texts += [text for row in phrases(scene) for text in row] * 3
        texts += [text for row, _ in words_of(scene) for text in row] * 3
        texts += [photo_text(scene, chance) for _ in range(4)]
    texts += [" ".join(FILLERS[language].split()) for language in LANGUAGES] * 3
    texts += [part.format("") for row in templates(TRAINING_TEMPLATES) for part in row] * 3
    texts += [part for line in TRAINING_TOPICS.strip().splitlines() for part in line.split("|")] * 2
    return texts


def build(texts: list[str], *, width: int = WIDTH) -> tuple[CLIPModel, CLIPProcessor]:
    """Make the untrained model and its processor. width: of both towers and the space."""
    vocabulary, merges = learn_bpe(texts)
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=TEXT_LENGTH)
    image_processor = CLIPImageProcessor(
        size={"shortest_edge": IMAGE_SIZE},
        crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
    )
    tower = {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "projection_dim": width,
    }
    end = vocabulary["<|endoftext|>"]
    config = CLIPConfig(
        projection_dim=width,
        text_config={
            **tower,
            "vocab_size": len(vocabulary),
            "max_position_embeddings": TEXT_LENGTH,
            "eos_token_id": end,
            "bos_token_id": vocabulary["<|startoftext|>"],
            "pad_token_id": end,
        },
        vision_config={**tower, "image_size": IMAGE_SIZE, "patch_size": PATCH_SIZE},
    )
    processor = CLIPProcessor(image_processor=image_processor, tokenizer=tokenizer)
    return CLIPModel(config), processor


def save(model: CLIPModel, processor: CLIPProcessor, folder: Path) -> None:
    """Write a sentence-transformers folder, fp16, in the layout of clip-ViT-B-32."""
    inner = folder / "0_CLIPModel"
    shutil.rmtree(folder, ignore_errors=True)
    inner.mkdir(parents=True)
    model.half().save_pretrained(inner)
    processor.save_pretrained(inner)
    (inner / "model.safetensors").chmod(0o644)  # written for its owner only
    modules = [
        {
            "idx": 0,
            "name": "0",
            "path": "0_CLIPModel",
            "type": "sentence_transformers.models.CLIPModel",
        }
    ]
    (folder / "modules.json").write_text(json.dumps(modules, indent=2) + "\n")
    versions = {"__version__": {"sentence_transformers": "2.0.0"}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(versions, indent=2) + "\n")


# pictures


def draw_training_picture(job: tuple[str, int]) -> np.ndarray:
    """Draw (scene or "clutter", seed) as a centre crop, (STORED_SIZE, STORED_SIZE, 3) uint8."""
    key, seed = job
    chance = random.Random(f"{key} {seed}")
    across, down = chance.choice(ASPECTS)
    scale = 200 / min(across, down)
    size = (round(across * scale), round(down * scale))
    if key == "clutter":
        image = clutter(*size, seed)
    else:
        image = render(key, *size, seed, grain=chance.uniform(0.0, 0.04))
    enlarge = STORED_SIZE / min(image.size)
    image = image.resize(
        (round(image.width * enlarge), round(image.height * enlarge)), Image.Resampling.BICUBIC
    )
    left, top = (image.width - STORED_SIZE) // 2, (image.height - STORED_SIZE) // 2
    return np.asarray(image.crop((left, top, left + STORED_SIZE, top + STORED_SIZE)))


def draw_training_set(each: int, processes: int) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Draw `each` pictures a scene: (pictures (n, scenes, 3, h, w) uint8, clutter, scene keys)."""
    keys = list(SCENES)
    jobs = [(key, TRAINING_SEEDS + i) for key in [*keys, "clutter"] for i in range(each)]
    with ProcessPoolExecutor(processes) as pool:
        pictures = np.stack(list(pool.map(draw_training_picture, jobs, chunksize=32)))
    stack = (
        torch.from_numpy(pictures)
        .permute(0, 3, 1, 2)
        .reshape(len(keys) + 1, each, 3, STORED_SIZE, STORED_SIZE)
    )
    return stack[:-1].contiguous(), stack[-1].contiguous(), keys


# training


@dataclass
class Batch:
    """Pixels with their scenes (None for clutter) and texts in pairs of one meaning."""

    pixels: torch.Tensor  # (n, 3, IMAGE_SIZE, IMAGE_SIZE) float32, 0..1
    scenes: list[str | None]
    texts: list[str]  # the first half pairs with the second half, in order
    truths: list[frozenset[str]]  # scenes each text is true for; empty when off-topic


def augment(pictures: torch.Tensor, chance: random.Random) -> torch.Tensor:
    """Crop, flip, brighten and tint at random; uint8 in, float 0..1 out."""
    shift = STORED_SIZE - IMAGE_SIZE
    out = torch.empty(len(pictures), 3, IMAGE_SIZE, IMAGE_SIZE)
    for i, picture in enumerate(pictures):
        left, top = chance.randint(0, shift), chance.randint(0, shift)
        crop = picture[:, top : top + IMAGE_SIZE, left : left + IMAGE_SIZE].float() / 255
        out[i] = crop.flip(-1) if chance.random() < 0.5 else crop
    light = 0.85 + 0.3 * torch.rand(len(out), 1, 1, 1)
    tint = 0.96 + 0.08 * torch.rand(len(out), 3, 1, 1)
    noise = 0.02 * torch.randn_like(out) * torch.rand(len(out), 1, 1, 1)
    return (out * light * tint + noise).clamp(0, 1)


def draw_batch(
    pictures: torch.Tensor, nothing: torch.Tensor, keys: list[str], chance: random.Random
) -> Batch:
    """Choose pictures and write what is true of them, each meaning in two languages."""
    numbers = [chance.randrange(len(keys)) for _ in range(SCENE_PICTURES)]
    chosen = torch.stack([pictures[n, chance.randrange(pictures.shape[1])] for n in numbers])
    blanks = nothing[torch.randint(0, len(nothing), (CLUTTER_PICTURES,))]
    first, second, truths = [], [], []
    for number in numbers:
        key = keys[number]
        texts, scenes = training_meaning(key, chance)
        one, two = chance.sample(range(len(LANGUAGES)), 2)
        pair = [texts[one], texts[two]]
        for i, column in enumerate((one, two)):
            if chance.random() < 0.35:
                pair[i] = with_fillers(pair[i], LANGUAGES[column], chance)
            if chance.random() < 0.15:
                noise = chance.choice([random_letters, pseudo_words])(chance)
                pair[i] = f"{noise} {pair[i]}" if chance.random() < 0.5 else f"{pair[i]} {noise}"
        if len(scenes) == 1 and chance.random() < 0.3:
            pair[1] = photo_text(key, chance)
        first.append(pair[0])
        second.append(pair[1])
        truths.append(scenes)
    for _ in range(OFF_TOPIC_PAIRS):
        one, two = off_topic(chance)
        first.append(one)
        second.append(two)
        truths.append(frozenset())
    return Batch(
        pixels=augment(torch.cat([chosen, blanks]), chance),
        scenes=[keys[n] for n in numbers] + [None] * CLUTTER_PICTURES,
        texts=first + second,
        truths=truths * 2,
    )


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross entropy against rows of weights; rows without any weight do not count."""
    weight = targets.sum(1, keepdim=True)
    rows = (weight[:, 0] > 0).float()
    per_row = -(targets / weight.clamp(min=1e-6) * functional.log_softmax(logits, 1)).sum(1)
    return (per_row * rows).sum() / rows.sum()


def loss_of(
    images: torch.Tensor, texts: torch.Tensor, batch: Batch, scale: torch.Tensor
) -> torch.Tensor:
    """Multi-positive contrastive loss, text against text, and the distance of translations."""
    keys = sorted(SCENES)
    holds = torch.tensor([[float(key in truth) for key in keys] for truth in batch.truths])
    shown = torch.tensor([[float(key == scene) for key in keys] for scene in batch.scenes])
    true = shown @ holds.T
    logits = images @ texts.T * scale
    total = (soft_cross_entropy(logits, true) + soft_cross_entropy(logits.T, true.T)) / 2
    half = len(texts) // 2
    shared = holds @ holds.T
    either = holds.sum(1)[:, None] + holds.sum(1)[None] - shared
    overlap = shared / either.clamp(min=1)
    pairs = torch.eye(half).repeat(2, 2)
    targets = torch.maximum(overlap, pairs)
    itself = torch.eye(len(texts), dtype=torch.bool)
    between = (texts @ texts.T * scale).masked_fill(itself, -1e4)
    total = total + TEXT_LOSS * soft_cross_entropy(between, targets.masked_fill(itself, 0))
    apart = 1 - (texts[:half] * texts[half:]).sum(1)
    off_topic = holds.sum(1) == 0
    known = torch.cat([images[shown.sum(1) > 0], texts[~off_topic]])
    too_near = functional.relu((texts[off_topic] @ known.T).amax(1) - FAR)
    return total + ALIGNMENT_LOSS * apart.mean() + FLOOR_LOSS * too_near.mean()


def train(
    model: CLIPModel,
    processor: CLIPProcessor,
    pictures: torch.Tensor,
    nothing: torch.Tensor,
    keys: list[str],
    steps: int,
    seed: int = 0,
) -> None:
    """Train for a number of steps, on a cosine schedule."""
    chance = random.Random(seed)
    torch.manual_seed(seed)
    mean = torch.tensor(processor.image_processor.image_mean).view(3, 1, 1)
    deviation = torch.tensor(processor.image_processor.image_std).view(3, 1, 1)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": WEIGHT_DECAY},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=LEARNING_RATE,
        betas=(0.9, 0.98),
    )
    model.train()
    started = time.monotonic()
    for step in range(steps):
        for group in optimiser.param_groups:
            warm = min(1.0, (step + 1) / WARM_STEPS)
            falling = 0.5 * (1 + math.cos(math.pi * step / steps))
            group["lr"] = LEARNING_RATE * warm * (falling + 0.01)
        batch = draw_batch(pictures, nothing, keys, chance)
        tokens = processor.tokenizer(
            batch.texts, padding=True, truncation=True, return_tensors="pt"
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            images = model.get_image_features(pixel_values=(batch.pixels - mean) / deviation)
            texts = model.get_text_features(
                input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
            )
        images = functional.normalize(images.pooler_output.float(), dim=-1)
        texts = functional.normalize(texts.pooler_output.float(), dim=-1)
        scale = model.logit_scale.exp().clamp(max=LARGEST_SCALE)
        loss = loss_of(images, texts, batch, scale)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if step % 50 == 0:
            seconds = time.monotonic() - started
            print(
                f"step {step}  {seconds:.0f} s  loss {loss.item():.3f}  scale {scale:.1f}",
                flush=True,
            )
    model.eval()


def main(arguments: list[str]) -> None:
    """Draw, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write (replaced)")
    parser.add_argument("--steps", type=int, default=STEPS, help="of training, after drawing")
    parser.add_argument("--pictures", type=int, default=160, help="drawn a scene")
    parser.add_argument("--processes", type=int, default=1, help="that draw")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, processor = build(corpus())
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{count / 1e6:.2f}M parameters, {len(processor.tokenizer)} tokens", flush=True)
    started = time.monotonic()
    pictures, nothing, keys = draw_training_set(options.pictures, options.processes)
    print(
        f"{pictures.shape[0] * pictures.shape[1]} pictures drawn in "
        f"{time.monotonic() - started:.0f} s",
        flush=True,
    )
    train(model, processor, pictures, nothing, keys, options.steps)
    save(model, processor, options.out)
    encoder = TorchEncoder(str(options.out.resolve()), str(options.out.resolve()))
    save_banks(make_banks(encoder), options.out)
    print(f"saved to {options.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
