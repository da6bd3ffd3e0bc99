"""The lens as bytes."""

import json
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vtviz.attribution.base import Relevance
from vtviz.engine.lens import lens_view
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput, group_pieces
from vtviz.render.lens.pack import RECORD_BYTES, first_word, join, pack, quantise, said
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensLayer, LensView, Look

TOKENS = group_pieces("a skateboarder", ["a", "skate", "##boarder"], [(0, 1), (2, 7), (7, 14)])
RANDOM = np.random.default_rng(0)
LONG = " ".join(["the skateboarder photographed a theodolite near the harbour while"] * 7)


def view(layers: tuple[LensLayer, ...] = (), grid: tuple[int, int] = (2, 3)) -> LensView:
    maps = RANDOM.random((3, *grid)).astype(np.float32)
    relevance = Relevance(np.array([0.1, 0.2, 0.4]), maps, maps.mean(axis=0), signed=False)
    return LensView("v", ImageInput(np.full((20, 30, 3), 9, np.uint8), "0" * 64), TOKENS, relevance, layers)


def unpack(blobs: bytes, packed: dict[str, Any]) -> np.ndarray:
    """What the browser makes of rows, computed apart from it."""

    def read(name: str, kind: type) -> np.ndarray:
        place, size = packed[name]
        return np.frombuffer(zlib.decompress(blobs[place : place + size]), kind)

    rows = read("bytes", np.uint8).reshape(-1, packed["shape"][-1]).astype(np.float64)
    values = rows * read("step", np.float32)[:, None].astype(np.float64)
    if "low" in packed:
        values += read("low", np.float32)[:, None]
    return values.reshape(packed["shape"])


@pytest.mark.parametrize(
    "rows",
    [
        RANDOM.dirichlet(np.full(400, 0.1), size=(8, 5)),  # softmax rows
        RANDOM.normal(size=(3, 7, 50)),  # signed
        -RANDOM.random((2, 9)),
        np.zeros((2, 4)),
    ],
)
def test_the_error_of_8_bits_is_at_most_a_255th_of_the_largest_size_in_the_row(rows: np.ndarray) -> None:
    quantised, low, step = quantise(rows)
    error = np.abs(low[..., None] + step[..., None].astype(np.float64) * quantised - rows)
    assert (error <= np.abs(rows).max(axis=-1, keepdims=True) / 255 * (1 + 1e-5)).all()


def test_unsigned_rows_keep_their_zeros_and_their_maximum() -> None:
    quantised, low, step = quantise(np.array([[0.0, 0.25, 1.0]]))
    assert low[0] == 0 and list(quantised[0]) == [0, 64, 255] and step[0] == pytest.approx(1 / 255)


def test_what_is_packed_is_read_back_and_the_header_names_it() -> None:
    weights = RANDOM.dirichlet(np.ones(6), size=(4, 3)).astype(np.float32)
    shown = view((LensLayer("block", "text→image", {"text_image": weights}),))
    header, blobs = pack(shown)
    (layer,) = header["layers"]
    np.testing.assert_allclose(unpack(blobs, layer["blocks"]["text_image"]), weights, atol=weights.max() / 255)
    np.testing.assert_allclose(
        unpack(blobs, header["views"][0]["maps"]), shown.relevance.maps.reshape(3, 6), atol=1 / 255
    )
    assert header["grid"] == [2, 3] and header["pieces"] == [["a", 0], ["skate", 1], ["boarder", 1]]
    whole = join({**header, **said(shown, "alt", "k", LensSettings(opacity=5), "zh")}, blobs)
    (length,) = struct.unpack_from("<I", whole)
    read = json.loads(whole[4 : 4 + length])
    assert whole[4 + length :] == blobs and read["settings"] == {"opacity": 5} and read["labels"]["whole"] == "整段文本"
    assert read["views"][0]["peak"] == pytest.approx(shown.relevance.maps.max())
    assert read["peak"] == pytest.approx(weights.max())


def test_layers_beyond_the_limit_stay_until_they_are_asked_for_but_leave_their_summary() -> None:
    weights = RANDOM.random((12, 196, 196)).astype(np.float32)  # noise hardly deflates
    summary = RANDOM.random((12, 1, 196)).astype(np.float32)
    layers = [LensLayer(f"{i}", "image", {"summary": summary, "image_image": weights}) for i in range(5)]
    cross = LensLayer("cross", "text→image", {"text_image": RANDOM.random((12, 3, 196)).astype(np.float32)})
    shown = view((*layers, cross), (14, 14))
    header, blobs = pack(shown)
    here = [layer["here"] for layer in header["layers"]]
    assert here[-1] and 0 < sum(here[:-1]) < 5 and here[:-1] == sorted(here[:-1])  # the last layers go first
    assert all("summary" in layer["blocks"] for layer in header["layers"][:-1])
    assert len(blobs) - 100_000 < RECORD_BYTES
    assert pack(shown, wanted=[0])[0]["layers"][0]["here"] and not here[0]


def record_bytes(header: dict[str, Any]) -> int:
    blocks = [block for layer in header["layers"] for block in layer["blocks"].values()]
    return sum(block[part][1] for block in blocks for part in ("bytes", "step", "low") if part in block)


@pytest.mark.parametrize("text", ["A brown cat with green eyes", LONG])
def test_the_cross_attention_of_vtviz_base_travels_whole_in_a_megabyte(
    engine: LocalEngine, cat: ImageInput, text: str
) -> None:
    shown = lens_view(engine.ask(Explain(cat, text)))
    assert text != LONG or len(shown.tokens.pieces) == 62  # as many as the model reads
    header, _ = pack(shown)
    assert all(layer["here"] for layer in header["layers"] if "→" in layer["kind"])
    assert record_bytes(header) <= 1_000_000


def named(words: list[str], maps: list[list[float]], unknown: tuple[int, ...] = ()) -> LensView:
    """Words of one piece, each with a map of three patches."""
    text, starts = " ".join(words), np.cumsum([0, *(len(word) + 1 for word in words)])
    tokens = group_pieces(text, words, [(int(a), int(a) + len(word)) for a, word in zip(starts, words, strict=False)])
    values = np.array(maps, np.float32)[:, None]
    relevance = Relevance(np.ones(len(words)), values, values.mean(axis=0), signed=True)
    photo = ImageInput(np.full((20, 30, 3), 9, np.uint8), "0" * 64)
    return LensView("v", photo, tokens, relevance, unknown=unknown)


SPREAD, SHARP = [1.0, 1.0, 1.0], [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("words", "maps", "first"),
    [
        (["a", "dog", "behind", "trees"], [SHARP, SPREAD, SHARP, [1, 0.5, 0]], 3),  # the noun of the sharpest map
        (["a", "red", "gizmo"], [SHARP, SPREAD, [1, 1, 0]], 2),  # no noun that is known: the sharpest telling word
        (["dog", "cat"], [[-1, 0, 0], [1, 1, 0]], 1),  # a map that speaks only against shows nothing
        (["with", "the"], [SHARP, SHARP], None),
    ],
)
def test_the_first_word_names_the_thing_with_the_sharpest_map(
    words: list[str], maps: list[list[float]], first: int | None
) -> None:
    assert first_word(named(words, maps)) == first


def test_the_first_word_is_one_that_the_model_knows_and_of_the_way_to_look_that_comes_first() -> None:
    assert first_word(named(["dog", "cat"], [SHARP, SPREAD], unknown=(0,))) == 1
    shown = named(["dog", "cat"], [SHARP, SPREAD])
    other = named(["dog", "cat"], [SPREAD, SHARP]).relevance
    assert first_word(replace(shown, looks=(Look("where", "m", other),), show="where")) == 1


def test_every_way_to_look_is_packed_and_the_method_itself_first() -> None:
    shown = named(["dog", "cat"], [SHARP, SPREAD])
    look = Look("where", "method.maskclip", named(["dog", "cat"], [[0, -0.5, 0], SHARP]).relevance)
    shown = replace(shown, looks=(look,), show="where", offered=False)
    header, blobs = pack(shown)
    assert [(way["name"], way["offered"], way["signed"]) for way in header["views"]] == [
        ("attribution", False, True),
        ("where", True, True),
    ]
    np.testing.assert_allclose(unpack(blobs, header["views"][1]["maps"]), [[0, -0.5, 0], SHARP], atol=1 / 200)
    assert (
        header["show"] == "where"
        and said(shown, "", "", LensSettings(), "en")["methods"][1] == "Patch–word similarity (MaskCLIP)"
    )


def test_likeness_of_patches_travels_where_it_is_known() -> None:
    assert pack(view())[0]["alike"] is None
    cosines = RANDOM.uniform(-1, 1, size=(6, 6)).astype(np.float32)
    header, blobs = pack(view(), alike=cosines)
    np.testing.assert_allclose(unpack(blobs, header["alike"]), cosines, atol=1 / 127)
