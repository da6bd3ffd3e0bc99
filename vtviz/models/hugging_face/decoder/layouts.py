"""How the decoders of transformers arrange a photo: as one picture, as tiles and a view of the whole, or as a grid.

An architecture is added by a function that reads its ``Source``, and its line in ``LAYOUTS``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

from vtviz.models.hugging_face.decoder.grids import qwen
from vtviz.models.hugging_face.decoder.layout import Layout, Source
from vtviz.models.hugging_face.decoder.prompts import DESCRIPTION, Asked
from vtviz.models.hugging_face.decoder.tiles import idefics_tiles, internvl_tiles


def layout_of(source: Source) -> Layout:
    """How a decoder arranges a photo."""
    return LAYOUTS[source.config.model_type](source)


def llava(source: Source) -> Layout:
    """LLaVA: one picture, its class token left out as a rule."""
    vision, token = source.config.vision_config, source.token
    side = int(vision.image_size) // int(vision.patch_size)
    before = 0 if source.config.vision_feature_select_strategy == "default" else 1
    before = 0 if "siglip" in vision.model_type else before
    return Layout(token, token * (side**2 + before), int(vision.image_size), side, before=before)


def idefics(source: Source) -> Layout:
    """Idefics 3 and SmolVLM: tiles row by row, each after its name, and then the whole; or the whole alone."""
    vision, token = source.config.vision_config, source.token
    pixels = int(vision.image_size)
    side = pixels // int(vision.patch_size) // int(source.config.scale_factor)
    fake, whole, picture = "<fake_token_around_image>", "<global-img>", token * side**2
    rows, columns = idefics_tiles(source, pixels, side)
    if rows * columns == 1:
        return Layout(token, f"{fake}{whole}{picture}{fake}", pixels, side)
    lines = (
        "".join(f"{fake}<row_{row + 1}_col_{column + 1}>{picture}" for column in range(columns)) for row in range(rows)
    )
    written = "".join(f"{line}\n" for line in lines) + f"\n{fake}{whole}{picture}{fake}"
    return Layout(token, written, pixels, side, (rows, columns), overview=True)


def internvl(source: Source) -> Layout:
    """InternVL: tiles row by row, and then the whole where there is more than one."""
    vision, token = source.config.vision_config, source.token
    pixels, patch = (int(x[0] if isinstance(x, list | tuple) else x) for x in (vision.image_size, vision.patch_size))
    side = int(pixels // patch * source.config.downsample_ratio)
    rows, columns = internvl_tiles(source, pixels, side)
    pictures = 1 if rows * columns == 1 else rows * columns + 1
    written = f"<img>{token * side**2 * pictures}</img>"
    return Layout(token, written, pixels, side, (rows, columns), overview=pictures > 1)


def gemma(source: Source) -> Layout:
    """Gemma 3, with the whole photo as one picture (its pan and scan is off)."""
    config = source.config
    begin, token, end = (
        source.tokenizer.convert_ids_to_tokens(index)
        for index in (config.boi_token_id, config.image_token_id, config.eoi_token_id)
    )
    side = isqrt(int(config.mm_tokens_per_image))
    written = f"\n\n{begin}{token * side**2}{end}\n\n"
    return Layout(begin, written, int(config.vision_config.image_size), side, ahead="photo")


def paligemma(source: Source) -> Layout:
    """PaliGemma, whose prompts are the tasks that it was trained with (Beyer et al., arXiv 2407.07726)."""
    vision, token = source.config.vision_config, source.token
    side = int(vision.image_size) // int(vision.patch_size)
    asked = Asked(
        match=f"answer en Does the photo show this: {DESCRIPTION}?",
        caption="caption en",
        plain=f"{{image}}{source.tokenizer.bos_token or ''}{{question}}\n",
        later="",
    )
    return Layout(token, token * side**2, int(vision.image_size), side, ahead="prompt", asked=asked)


LAYOUTS: dict[str, Callable[[Source], Layout]] = {
    "llava": llava,
    "idefics3": idefics,
    "smolvlm": idefics,
    "internvl": internvl,
    "gemma3": gemma,
    "paligemma": paligemma,
    "qwen2_5_vl": qwen,
    "qwen3_vl": qwen,
}
