"""Grids that follow the shape of a photo: those of the library's own image processors, laid back on the photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from transformers import GotOcr2ImageProcessor, Qwen2VLImageProcessor, SmolVLMImageProcessor

from tests.models.hugging_face.conftest import PIECES, Make
from tests.models.hugging_face.reference import PIECES_OF, PROMPTS, decoder
from vtviz.attribution.attribute import attribute
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, ModelError, for_photo
from vtviz.models.hugging_face.decoder.layouts import layout_of
from vtviz.models.hugging_face.family import load
from vtviz.models.record import KINDS
from vtviz.tasks.caption import write_captions

PIECES_OF.update({piece: index for index, piece in enumerate(PIECES)})
Loaded = Callable[[str], Any]
KINDS_OF_GRID = ("qwen2.5", "qwen3", "smolvlm-shaped", "internvl")
SHAPES = {"square": (64, 64), "wide": (36, 96), "tall": (97, 60), "slim": (16, 200)}


def shaped(model: Any, size: tuple[int, int], most: int = 40) -> Any:
    """The model for a photo of this size, whose patches stay few."""
    model = model.for_photo(_photo(1, 1))  # not the one that all tests share
    model._source = replace(model._source, most=most, settings={**model._source.settings, "max_pixels": None})
    return model.for_photo(_photo(*size))


@pytest.mark.parametrize("size", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", KINDS_OF_GRID)
def test_attention_is_that_of_the_library_for_photos_of_any_shape(
    kind: str, size: tuple[int, int], loaded: Loaded, made: Make
) -> None:
    model = shaped(loaded(kind), size)
    network = getattr(transformers, type(model.network).__name__).from_pretrained(
        made(kind), attn_implementation="eager", dtype=torch.float64
    )
    PROMPTS[network.config.model_type] = (model._match.before, model._match.after)
    photo, text = _photo(*size, noisy=True), model.encode_texts(["a dog runs on the left", "two cats"])
    features = model.encode_image(photo)
    model.network.double()  # larger sequences of random weights round by more than 1e-6
    try:
        with torch.no_grad():
            wanted, attentions = decoder(network.eval(), model.pixels(photo).double(), text)
            torch.testing.assert_close(model.score(features, text, MATCH), wanted.float(), atol=1e-5, rtol=1e-5)
            with model.record(KINDS) as recording:
                model.score(features, text, MATCH)
    finally:
        model.network.float()
    for side, layers in attentions.items():
        for one, other in zip(recording.of_kind(side), layers, strict=True):  # type: ignore[arg-type]
            torch.testing.assert_close(one[: len(other)], other, atol=1e-6, rtol=0, check_dtype=False)


@pytest.mark.parametrize("size", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", KINDS_OF_GRID)
def test_a_bright_square_lights_its_patch(kind: str, size: tuple[int, int], loaded: Loaded) -> None:
    model = shaped(loaded(kind), size)
    rows, columns = model.grid
    assert (rows > columns) == (size[0] > size[1]) and (rows < columns) == (size[0] < size[1])
    for place in {(0, 0), (rows // 2, columns - 1), (rows - 1, columns // 2)}:
        text, keys = model.encode_texts(["a dog"]), []
        for photo in (_photo(rows * 8, columns * 8), _photo(rows * 8, columns * 8, (place, (8, 8)))):
            assert model.frame(photo) == (0.0, 0.0, 1.0, 1.0)
            with torch.no_grad(), model.record({"image"}) as recording:
                model.score(model.encode_image(photo), text, MATCH)
            keys.append(recording.layers_of("image")[0].key[0].transpose(0, 1).flatten(1))
        moved = (keys[0] - keys[1]).norm(dim=-1)[model.image_offset :]
        assert divmod(int(moved.argmax()), columns) == place


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (333, 333), (90, 700), (500, 130), (20, 31)])
def test_grids_are_those_of_the_processors(size: tuple[int, int], loaded: Loaded) -> None:
    photo = _photo(*size, noisy=True).to_pil()
    idefics = SmolVLMImageProcessor(size={"longest_edge": 128}, max_image_size={"longest_edge": 32}, resample=3)
    got = idefics(photo, return_row_col_info=True)
    source = replace(loaded("smolvlm")._source, settings={"size": {"longest_edge": 128}}, photo=size, most=4096)
    assert layout_of(source).tiles == (max(1, got["rows"][0][0]), max(1, got["cols"][0][0]))
    tiles = GotOcr2ImageProcessor(size={"height": 32, "width": 32}, crop_to_patches=True, max_patches=12)
    layout = layout_of(replace(loaded("internvl")._source, settings={}, photo=size, most=4096))
    assert layout.tiles[0] * layout.tiles[1] + layout.overview == int(tiles(photo)["num_patches"][0])
    least, most = 20 * 64, 100 * 64
    qwen = Qwen2VLImageProcessor(patch_size=4, merge_size=2, size={"shortest_edge": least, "longest_edge": most})
    for settings in (
        {"size": {"shortest_edge": least, "longest_edge": most}},
        {"min_pixels": least, "max_pixels": most},
    ):
        layout = layout_of(replace(loaded("qwen3")._source, settings=settings, photo=size))
        wanted = qwen(photo, return_tensors="pt")["image_grid_thw"][0] // torch.tensor([1, 2, 2])
        assert layout.grid == tuple(wanted[1:].tolist())


@pytest.mark.parametrize("kind", KINDS_OF_GRID)
def test_the_network_gets_what_the_processor_makes(kind: str, loaded: Loaded) -> None:
    photo = _photo(64, 96, noisy=True)  # no scaling, so that nothing depends on how it is done
    model = shaped(loaded(kind), (64, 96), most=24 if kind == "smolvlm-shaped" else 200)
    same: dict[str, Any] = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "return_tensors": "pt"}
    found = model.layout.pictures(model.pixels(photo))[0]
    if kind.startswith("qwen"):
        wanted = Qwen2VLImageProcessor(patch_size=4, merge_size=2, **same)(photo.to_pil())["pixel_values"]
    elif kind == "internvl":
        processor = GotOcr2ImageProcessor(
            size={"height": 32, "width": 32}, crop_to_patches=True, max_patches=12, **same
        )
        wanted, found = processor(photo.to_pil())["pixel_values"][:-1], found[:-1]
    else:
        processor = SmolVLMImageProcessor(size={"longest_edge": 96}, max_image_size={"longest_edge": 32}, **same)
        wanted, found = processor(photo.to_pil())["pixel_values"][0, :-1], found[:-1]
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_every_door_gives_a_photo_its_grid(made: Make) -> None:
    photo, name = _photo(40, 80, noisy=True), f"hf:{made('smolvlm-shaped')}?patches=8"
    model: Any = load(name, torch.device("cpu"))
    assert model.grid == (2, 2) and for_photo(model, photo).grid == (2, 4)
    assert for_photo(model, _photo(80, 40)).grid == (4, 2) and for_photo(model, _photo(80, 80)).grid == (2, 2)
    assert attribute(model, photo, "a dog").maps.shape[1:] == (2, 4)
    engine = LocalEngine("cpu")
    try:
        explanation = engine.ask(Explain(photo, "a dog", name, "raw_attention"))
    finally:
        engine.close()
    assert explanation.grid == (2, 4) and explanation.relevance.maps.shape[1:] == (2, 4)
    own = for_photo(model, photo)
    assert for_photo(own, photo) is own
    assert write_captions(own, own.encode_image(photo), count=1, width=1)[0].maps.shape[1:] == (2, 4)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="The number of patches is fixed in"):
        load(f"hf:{made('llava')}?patches=8", torch.device("cpu"))


def _photo(
    height: int, width: int, bright: tuple[tuple[int, int], tuple[int, int]] | None = None, noisy: bool = False
) -> ImageInput:
    pixels = np.zeros((height, width, 3), np.uint8)
    if noisy:
        pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    if bright is not None:
        (row, column), (high, wide) = bright
        pixels[row * high : (row + 1) * high, column * wide : (column + 1) * wide] = 255
    return ImageInput(pixels, f"{height}x{width}")
