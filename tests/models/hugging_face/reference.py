"""What transformers itself says: scores and attentions by its own forward passes, with ``output_attentions``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from transformers import Qwen2VLImageProcessor

from vtviz.models.base import EncodedText

Answer = tuple[Tensor, dict[str, list[Tensor]]]  # the match, and the attentions of each kind


def blip_match(network: Any, pixels: Tensor, text: EncodedText) -> Answer:
    score = network(input_ids=text.ids, pixel_values=pixels, attention_mask=text.mask.long()).itm_score
    vision = network.vision_model(pixels, output_attentions=True)
    seen = torch.ones(vision.last_hidden_state.shape[:2])
    read = network.text_encoder(
        text.ids,
        text.mask.long(),
        encoder_hidden_states=vision.last_hidden_state,
        encoder_attention_mask=seen,
        output_attentions=True,
    )
    crossing = list(read.cross_attentions)
    return score[:, 1] - score[:, 0], {
        "image": list(vision.attentions),
        "text→image": crossing,
        "text": list(read.attentions),
    }


def blip_caption(network: Any, pixels: Tensor, text: EncodedText) -> Answer:
    inputs = text.ids[:, :-1].clone()
    inputs[:, 0] = network.config.text_config.bos_token_id
    vision = network.vision_model(pixels, output_attentions=True)
    read = network.text_decoder(
        inputs, encoder_hidden_states=vision.last_hidden_state, output_attentions=True, use_cache=False
    )
    values = []
    for logits, ids, mask in zip(read.logits.log_softmax(-1), text.ids, text.mask, strict=True):
        count = int(mask.sum()) - 1
        values.append(sum(logits[i, ids[i + 1]] for i in range(count)) / count)
    attentions = {"image": list(vision.attentions), "text→image": list(read.cross_attentions)}
    return torch.stack(values), {**attentions, "text": list(read.attentions)}


def blip_answer(network: Any, pixels: Tensor, text: EncodedText) -> Answer:
    vision = network.vision_model(pixels, output_attentions=True)
    values, first = [], None
    for ids, mask, photo in zip(text.ids, text.mask, vision.last_hidden_state, strict=True):
        read = network.text_encoder(ids[None][:, mask], encoder_hidden_states=photo[None], output_attentions=True)
        first, states = first or read, read.last_hidden_state
        both = []
        for word in ("yes", "no"):
            piece = PIECES_OF[word]
            logits = network.text_decoder(torch.tensor([[4, piece]]), encoder_hidden_states=states).logits
            logits = logits[0].log_softmax(-1)
            both.append(logits[0, piece] + logits[1, 3])
        values.append(both[0] - both[1])
    assert first is not None
    return torch.stack(values), {
        "image": list(vision.attentions),
        "text→image": list(first.cross_attentions),
        "text": list(first.attentions),
    }


def vilt(network: Any, pixels: Tensor, text: EncodedText) -> Answer:
    with patch("torch.multinomial", lambda weights, count: torch.arange(count)):  # which shuffles the patches
        out = network(text.ids, text.mask.long(), pixel_values=pixels, output_attentions=True)
    count = text.ids.shape[1]
    sides = {"text": slice(0, count), "image": slice(count, None)}
    values = out.logits[:, 0] if out.logits.shape[1] == 1 else out.logits[:, 1] - out.logits[:, 3]
    parts = {"text": ("text", "text"), "image": ("image", "image")}
    parts |= {"text→image": ("text", "image"), "image→text": ("image", "text")}
    return values, {
        kind: [layer[:, :, sides[q], sides[k]] for layer in out.attentions] for kind, (q, k) in parts.items()
    }


def dual(network: Any, pixels: Tensor, text: EncodedText) -> Answer:
    has_no_mask = hasattr(network.text_model, "final_layer_norm")  # SigLIP was trained so, and CLIP is causal
    mask = None if has_no_mask else text.mask.long()
    out = network(text.ids, pixels, mask, output_attentions=True)
    logits = out.logits_per_text.diagonal()
    values = logits if hasattr(network, "logit_bias") else logits / network.logit_scale.exp()
    return values, {
        "image": list(out.vision_model_output.attentions),
        "text": list(out.text_model_output.attentions),
    }


def decoder(network: Any, pixels: Tensor, text: EncodedText) -> Answer:
    """Each text by itself, in a sequence with the photo's placeholders; the attentions are those of the first."""
    model_type, image = network.config.model_type, network.config.image_token_id
    tiled = model_type in ("smolvlm", "internvl")
    rows, columns = (size // 32 if tiled else 1 for size in pixels.shape[-2:])
    given = pixels[:1]
    if tiled:
        spots = [(row, column) for row in range(rows) for column in range(columns)]
        pictures = [pixels[:1, :, 32 * r : 32 * r + 32, 32 * c : 32 * c + 32] for r, c in spots]
        if len(spots) > 1:
            pictures.append(torch.nn.functional.interpolate(pixels[:1], (32, 32), mode="bilinear", antialias=True))
        given = torch.stack(pictures, dim=1) if model_type == "smolvlm" else torch.cat(pictures)
    more: dict[str, Tensor] = {}
    before, after = PROMPTS[model_type]
    if model_type.startswith("qwen"):
        squares, down, across = Qwen2VLImageProcessor().patchify(pixels[:1], 4, 2, 2)
        given, more = squares[0], {"image_grid_thw": torch.tensor([[1, down, across]])}
    values, attentions = [], None
    for row, mask in zip(text.ids, text.mask, strict=True):
        pieces = row[mask].tolist()
        ids = torch.tensor([[*before, *pieces, *after]])
        at_photo = (ids == image).long()
        if model_type.startswith("qwen"):
            more["mm_token_type_ids"] = at_photo
        if "gemma" in model_type:
            more["token_type_ids"] = at_photo if model_type == "gemma3" else torch.zeros_like(ids)
        out = network(input_ids=ids, pixel_values=given, output_attentions=True, use_cache=False, **more)
        last = out.logits[0, -1]
        yes, no = (last[PIECES_OF[word]] for word in ("yes", "no"))
        values.append(yes - no)
        attentions = out.attentions if attentions is None else attentions
        if attentions is out.attentions:
            photo = [i for i, piece in enumerate(before) if piece == image]
            words = [*range(len(before), len(before) + len(pieces))]
            words += [i for i, piece in enumerate(before) if piece != image]
            words += range(len(before) + len(pieces), ids.shape[1])
    if rows * columns > 1:  # tiles of n × n tokens, then as many of the whole
        count = len(photo) // (rows * columns + 1)
        side = int(count**0.5)
        grid = [[0] * (columns * side) for _ in range(rows * side)]
        for index in range(rows * columns * count):
            tile, inside = divmod(index, count)
            down, across = divmod(tile, columns)
            grid[down * side + inside // side][across * side + inside % side] = photo[index]
        photo = [*photo[-count:], *(spot for line in grid for spot in line)]
    assert attentions is not None
    parts = {
        "text→image": (words, photo),
        "text": (words, words),
        "image": (photo, photo),
        "image→text": (photo, words),
    }
    found = {kind: [layer[:, :, q][..., k] for layer in attentions] for kind, (q, k) in parts.items()}
    return torch.stack(values), found


PROMPTS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}
PIECES_OF: dict[str, int] = {}
REFERENCES: dict[str, Callable[[Any, Tensor, EncodedText], Answer]] = {
    "blip-match": blip_match,
    "blip-caption": blip_caption,
    "blip-answer": blip_answer,
    "vilt-match": vilt,
    "vilt-answer": vilt,
    "clip": dual,
    "siglip": dual,
    "chinese-clip": dual,
    "alt-clip": dual,
    "llava": decoder,
    "smolvlm": decoder,
    "smolvlm-tiles": decoder,
    "internvl": decoder,
    **dict.fromkeys(("gemma3", "paligemma", "paligemma2", "qwen2.5", "qwen3"), decoder),
}
