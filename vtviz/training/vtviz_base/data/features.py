"""Backbone features of every view of every training photo, computed once and kept on disk.

A part is one float16 array ``[rows, patches, channels]`` and one JSONL file that says what each row shows.
Parts that exist are not computed again, so an interrupted run resumes.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from vtviz.evaluation.split import Row, read_rows, read_split
from vtviz.files import read_photo, write_atomically
from vtviz.models.vtviz_base.backbone import PatchBackbone, to_pixels
from vtviz.training.precision import mixed_precision
from vtviz.training.vtviz_base.data.imagenet import class_activation, load_backbone, load_classifier
from vtviz.training.vtviz_base.data.names import NAME_VIEWS, held_out
from vtviz.training.vtviz_base.data.regions import coverage
from vtviz.training.vtviz_base.data.views import View, apply_view, jitter, mosaic, paste, random_view
from vtviz.watch import Watch

BATCH = 16
SIZE = 320
SIDED_WORDS = {"left", "right"}
MOSAIC_SIDES = (2, 2, 3, 4)  # photos along one side of a mosaic
PASTED = (1, 2, 3)  # photos pasted onto another
CLASSES = 50  # classes whose activation is computed at a time
DEV_SCENES = 300  # of each kind, of held-out things, pasted onto dev photos
ACTIVE = 0.4  # share of the strongest activation in a thing's box from which a patch counts as the thing

Shown = tuple[Image.Image, Row]  # an image, and what it shows


def cache_features(
    photos: Path,
    names: Path | None,
    cache: Path,
    views: int,
    scenes: int,
    seed: int,
    watch: Watch,
    device: str = "cpu",
) -> None:
    """Writes the features of both splits, ``views`` augmented views of each training photo, and composed scenes.

    Args:
        photos: folder with ``train.jsonl``, ``dev.jsonl`` and ``images/``.
        names: folder with one photo for each ImageNet class (``classes.jsonl``, ``images/``), or None.
        cache: folder to fill.
        views: augmented views of each training photo, beside the plain one.
        scenes: composed scenes of each of the two kinds, beside those of held-out things.
        seed: seed of the views and scenes.
        watch: hears of every batch, part by part.
        device: where the backbone runs.

    Raises:
        Cancelled: if the watch says so; finished parts are kept.
    """
    cache.mkdir(parents=True, exist_ok=True)
    classifier = load_classifier()
    backbone = load_backbone(classifier).to(device).to(memory_format=torch.channels_last)
    for split in ("dev", "train"):
        rows = read_split(photos, split)
        for view in range(1 if split == "dev" else 1 + views):
            source = _views(rows, photos / "images", view, seed)
            _write_part(cache, f"{split}-{view}", len(rows), source, backbone, watch)
    if names is not None:
        _cache_names(photos, names, cache, scenes, seed, (classifier, backbone), watch)


def _cache_names(
    photos: Path, names: Path, cache: Path, scenes: int, seed: int, networks: tuple[Any, PatchBackbone], watch: Watch
) -> None:
    """Views of the photos of named things, and scenes composed from them.

    Scenes of held-out things, which training never shows, are on dev photos.
    """
    classifier, backbone = networks
    classes, folder = read_rows(names / "classes.jsonl"), names / "images"
    for view in range(NAME_VIEWS):
        part = f"names-{view}"
        _write_part(cache, part, len(classes), _views(classes, folder, view, seed), backbone, watch)
        _write_activations(cache, part, classes, classifier, watch)
    unseen = held_out(classes)
    seen = [row for row in range(len(classes)) if row not in unseen]
    for split, own, count in (("train", seen, scenes), ("dev", sorted(unseen), min(scenes, DEV_SCENES))):
        backgrounds = [photos / "images" / row["image"] for row in read_split(photos, split)]
        for kind in ("mosaic", "paste"):
            part = kind if split == "train" else f"{kind}-dev"
            source = _scenes(part, [folder / row["image"] for row in classes], own, backgrounds, count, seed)
            _write_part(cache, part, count, source, backbone, watch)
            _write_regions(cache, part, classes, classifier, watch)


def _views(rows: list[Row], images: Path, number: int, seed: int) -> Iterator[Shown]:
    for index, row in enumerate(rows):
        image = read_photo(images / row["image"]).to_pil()
        rng, view = random.Random(f"{seed}-{number}-{index}"), View()
        if number > 0:
            words = {word for caption in row.get("captions", ()) for word in caption.lower().split()}
            view = random_view(rng, may_flip=not words & SIDED_WORDS)
            image = jitter(apply_view(image, view), rng)
        yield image, {"row": index, **asdict(view)}


def _scenes(
    part: str, images: list[Path], own: list[int], backgrounds: list[Path], count: int, seed: int
) -> Iterator[Shown]:
    for index in range(count):
        rng, background = random.Random(f"{seed}-{part}-{index}"), None
        is_mosaic = part.startswith("mosaic")
        shown = rng.choice(MOSAIC_SIDES) ** 2 if is_mosaic else rng.choice(PASTED)
        chosen = rng.sample(own, k=shown)
        parts = [read_photo(images[row]).to_pil() for row in chosen]
        parts = [jitter(apply_view(item, random_view(rng, may_flip=True)), rng) for item in parts]
        if is_mosaic:
            image, boxes = mosaic(parts, rng, SIZE)
        else:
            background = rng.randrange(len(backgrounds))
            image, boxes = paste(read_photo(backgrounds[background]).to_pil(), parts, rng, SIZE)
        yield image, {"classes": chosen, "boxes": boxes, "background": background}


def _write_part(
    cache: Path, name: str, count: int, source: Iterator[Shown], backbone: PatchBackbone, watch: Watch
) -> None:
    target = cache / f"{name}.npy"
    if target.exists():
        return
    patches = (SIZE // 16) ** 2
    partial = cache / f"{name}.partial.npy"  # always the same: what a killed run left is overwritten, not kept
    array = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float16, shape=(count, patches, backbone.channels))
    notes: list[Row] = []
    device = next((parameter.device for parameter in backbone.parameters()), torch.device("cpu"))
    watch.enter(f"features {name}", count)
    with ThreadPoolExecutor(1) as ahead:
        watch.check()
        upcoming = ahead.submit(_next_batch, source)
        while True:
            pixels, batch_notes = upcoming.result()
            if not batch_notes:
                break
            upcoming = ahead.submit(_next_batch, source)
            pixels = pixels.to(device, memory_format=torch.channels_last)
            with torch.inference_mode(), mixed_precision(device):
                features = backbone(pixels)
            array[len(notes) : len(notes) + len(batch_notes)] = features.half().cpu().numpy()
            notes.extend(batch_notes)
            watch.advance(len(batch_notes))
    array.flush()
    write_atomically(cache / f"{name}.jsonl", "".join(json.dumps(note) + "\n" for note in notes).encode())
    os.replace(partial, target)


def _next_batch(source: Iterator[Shown]) -> tuple[torch.Tensor, list[Row]]:
    items = [item for _, item in zip(range(BATCH), source, strict=False)]
    if not items:
        return torch.empty(0), []
    return torch.stack([to_pixels(image, SIZE) for image, _ in items]), [note for _, note in items]


def _write_activations(cache: Path, part: str, classes: list[Row], classifier: Any, watch: Watch) -> None:
    """The class activation map of each named thing, ``[classes, patches]`` in 0..1."""
    target = cache / f"{part}.activation.npy"
    if target.exists():
        return
    features = np.load(cache / f"{part}.npy", mmap_mode="r")
    maps = []
    for first in watch.follow(f"class activations {part}", range(0, len(classes), CLASSES)):
        labels = [row["class"] for row in classes[first : first + CLASSES]]
        maps.append(_activations(classifier, features[first : first + CLASSES], labels))
    _save(target, np.concatenate(maps))


def _write_regions(cache: Path, kind: str, classes: list[Row], classifier: Any, watch: Watch) -> None:
    """Where each thing of each scene is, ``[things, patches]`` in 0..1, scene after scene: the part of its box that its
    class activation map marks."""
    target = cache / f"{kind}.regions.npy"
    if target.exists():
        return
    features, notes = np.load(cache / f"{kind}.npy", mmap_mode="r"), read_rows(cache / f"{kind}.jsonl")
    regions = []
    for index in watch.follow(f"regions {kind}", range(len(notes))):
        note = notes[index]
        labels = [classes[row]["class"] for row in note["classes"]]
        boxes = np.stack([coverage([box], SIZE // 16) for box in note["boxes"]])
        active = _activations(classifier, features[index : index + 1], labels)
        inside = np.where(boxes > 0.5, active, np.nan)
        low, high = np.nanmin(inside, axis=1, keepdims=True), np.nanmax(inside, axis=1, keepdims=True)
        regions.append(np.where(active - low >= ACTIVE * (high - low), boxes, 0.0).astype(np.float16))
    _save(target, np.concatenate(regions))


def _save(path: Path, array: np.ndarray) -> None:
    """As ``np.save``, but whole or not at all, because a file that exists counts as finished."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_atomically(path, buffer.getbuffer())


@torch.inference_mode()
def _activations(classifier: Any, features: np.ndarray, labels: list[int]) -> np.ndarray:
    last_stage = torch.from_numpy(features[:, :, -classifier.conv_head.in_channels :].astype(np.float32))
    return class_activation(classifier, last_stage, torch.tensor(labels)).numpy()
