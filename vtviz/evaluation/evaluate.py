"""Every figure of a model on a split, as ``vtviz evaluate`` reports them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vtviz.attribution.base import Method
from vtviz.attribution.options import Options
from vtviz.evaluation.answers import answer_figures
from vtviz.evaluation.captioning import caption_figures
from vtviz.evaluation.classification import matching_figures
from vtviz.evaluation.matching import judgement_figures, match_logits, mismatch_logits, probabilities
from vtviz.evaluation.photos import EncodedPhoto, Photos
from vtviz.evaluation.pointing import PointingGame
from vtviz.evaluation.retrieval import retrieval_figures
from vtviz.evaluation.side_by_side import look_at_photos
from vtviz.evaluation.split import Row, read_judgements
from vtviz.inputs import InputError
from vtviz.jobs.many import Many
from vtviz.models.base import AnswerModel, CaptionModel, FusionModel
from vtviz.watch import Watch


def evaluate(
    model: FusionModel,
    data: Path,
    rows: list[Row],
    methods: Sequence[Method],
    judgements: Path | None = None,
    pointing_only: bool = False,
    watch: Watch | None = None,
    chinese: Mapping[str, Sequence[Row | None]] | None = None,
    images: Path | None = None,
    heard: Callable[[Tensor], None] | None = None,
    elsewhere: tuple[Many, str] | None = None,
) -> dict[str, Any]:
    """Figures of matching, retrieval and pointing; those of captions and answers where the model gives any; and the
    agreement with human judgements where a file of them is passed.

    Args:
        model: what is evaluated.
        data: the folder with ``images/``.
        rows: the photos with their captions and boxed phrases.
        methods: attribution methods for the pointing game, all of which support the model's match.
        judgements: JSON lines of ``image``, ``text`` and ``ratings``.
        pointing_only: only the pointing game, because slow methods are evaluated separately.
        watch: hears of every photo, stage by stage.
        chinese: for each kind of Chinese sentences the photos' rows, for figures of their own.
        images: the folder of the photos; ``data/images`` where None.
        heard: gets the match logits of all pairs, ``[n]``, in the order of ``pairs.read.split_pairs``.
        elsewhere: how steps are done on several machines, and the name of the model there; each photo is encoded,
            explained and described there, and compared with the others here.

    Raises:
        InputError: if a photo is missing or cannot be read, there are fewer than two photos, or a line of the
            judgements is wrong.
        Cancelled: if the watch says so.
    """
    if len(rows) < 2:
        raise InputError("Matching needs at least two photos; raise the limit or give more data.")
    judged = None if judgements is None else read_judgements(judgements)  # before hours of work, not after them
    watch, photos = watch or Watch(), Photos(model, images or data / "images")
    figures: dict[str, Any] = {"photos": len(rows), "captions": sum(len(row["captions"]) for row in rows)}
    game, written = PointingGame({method.name: (method, Options()) for method in methods}), None
    if elsewhere is None:
        encoded = [photos.encode(row["image"]) for row in watch.follow("photos", rows)]
        right = _play(game, photos, encoded, rows, "pointing" if pointing_only else "pointing and matching", watch)
    else:
        names = [method.name for method in methods]
        looked = list(look_at_photos(*elsewhere, photos.folder, rows, names, not pointing_only, watch))
        encoded, right = [each.photo for each in looked], [each.logits for each in looked]
        written = [each.caption or "" for each in looked]
        for each in looked:
            game.add(each.game)
    if pointing_only:
        return {**figures, "pointing": game.figures(), "cover": game.cover_figures()}
    features = [photo.features.to(model.device) for photo in encoded]
    figures |= _text_figures(model, features, rows, right, watch, heard)
    figures |= {"chinese": _chinese_figures(model, features, chinese, watch)} if chinese else {}
    if any(row.get("phrases") for row in rows):
        figures |= {"pointing": game.figures(), "cover": game.cover_figures()}
    if isinstance(model, CaptionModel):
        figures["caption"] = caption_figures(model, features, rows, watch, written)
    if isinstance(model, AnswerModel):
        answers = answer_figures(model, features, rows, watch)
        figures.update({"answers": answers} if answers else {})
    if judged is not None:
        figures["judgements"] = judgement_figures(model, photos, judged, watch)
    return figures


def _text_figures(
    model: FusionModel,
    features: Sequence[Tensor],
    rows: Sequence[Row],
    right: Sequence[Tensor],
    watch: Watch,
    heard: Callable[[Tensor], None] | None = None,
) -> dict[str, Any]:
    """Figures of matching and retrieval; ``right`` are the match logits of the photos' own captions."""
    indices = watch.follow("matching with other photos", range(len(rows)))
    wrong = [mismatch_logits(model, features, rows, index) for index in indices]
    if heard is not None:
        heard(torch.cat([*right, *wrong]))
    return {
        "matching": matching_figures(probabilities(right), probabilities(wrong), model.threshold),
        "retrieval": retrieval_figures(model, features, rows, watch),
    }


def _chinese_figures(
    model: FusionModel, features: Sequence[Tensor], chinese: Mapping[str, Sequence[Row | None]], watch: Watch
) -> dict[str, Any]:
    """Figures of matching and retrieval for each kind of Chinese sentences, of the photos that have any."""
    figures = {}
    for kind, rows in chinese.items():
        own = [(photo, row) for photo, row in zip(features, rows, strict=True) if row is not None]
        if len(own) > 1:
            photos, texts = [photo for photo, _ in own], [row for _, row in own]
            stage = watch.follow(f"matching {kind}", range(len(own)))
            right = [match_logits(model, photos[index], texts[index]["captions"]) for index in stage]
            figures[kind] = _text_figures(model, photos, texts, right, watch)
    return figures


def _play(
    game: PointingGame, photos: Photos, encoded: Sequence[EncodedPhoto], rows: Sequence[Row], stage: str, watch: Watch
) -> list[Tensor]:
    """The pointing game on all photos; the match logits ``[captions]`` of each photo's own captions."""
    model, methods = photos.model, [method for method, _ in game.candidates.values()]
    from_pixels = model.attention_in_pixels or any(method.perturbs for method in methods)  # others need no photo
    logits = []
    for index in watch.follow(stage, range(len(rows))):
        image = photos.read(rows[index]["image"]) if from_pixels else None
        logits.append(game.play(model, encoded[index], rows[index], image, watch.quietly()))
    return logits
