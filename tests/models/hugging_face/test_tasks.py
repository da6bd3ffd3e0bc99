"""Captions, answers and the command line with models of transformers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from tests.models.hugging_face.conftest import PIECES, Make
from vtviz.cli import app
from vtviz.inputs import ImageInput
from vtviz.models.base import AnswerModel, CaptionModel, Target
from vtviz.models.hugging_face.writing import spell
from vtviz.tasks.answer import answer_question
from vtviz.tasks.caption import write_captions

Loaded = Callable[[str], Any]
WRITERS = ["blip-caption", "llava", "smolvlm-tiles", "gemma3", "paligemma2", "qwen2.5", "qwen3"]


@pytest.mark.parametrize("kind", WRITERS)
def test_captions_have_a_map_for_each_word(kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(kind)
    assert isinstance(model, CaptionModel)
    features = model.encode_image(photo)
    for caption in write_captions(model, features, count=2, width=2):
        assert caption.maps.shape == (len(caption.tokens.pieces), *model.grid)
        np.testing.assert_allclose(caption.maps.max(axis=(1, 2)), 1.0, atol=1e-5)


@pytest.mark.parametrize("kind", WRITERS)
def test_steps_that_keep_what_was_computed_equal_the_whole(kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(kind)
    features, start = model.encode_image(photo), model.caption_starts["en"]
    memory = model.caption_memory(features)
    texts = [[[start]], [[start, 6], [start, 9]], [[start, 9, 7], [start, 9, 8], [start, 6, 5]], [[start, 6, 5, 9]]]
    for chosen in map(torch.tensor, texts):
        with torch.inference_mode():
            whole = model.caption_logits(model.caption_memory(features), chosen)[:, -1]
        torch.testing.assert_close(model.caption_following(memory, chosen), whole, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["blip-caption", "llava", "paligemma", "qwen3"])
def test_a_piece_has_the_probability_with_which_it_is_written(kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(kind)
    features, text = model.encode_image(photo), model.encode_texts(["a red dog"])
    pieces = [PIECES.index(word) for word in ("a", "red", "dog")]
    chosen = torch.tensor([[model.caption_starts["en"], *pieces[:-1]]])
    with torch.inference_mode():
        logits = model.caption_logits(model.caption_memory(features), chosen)[0]
    for place in range(1, 3):  # of two pieces of one step, what cannot be written does not change the difference
        other = model.encode_texts(["a red cat" if place == 2 else "a dog dog"])
        both = [model.score(features, one, Target("caption", place)) for one in (text, other)]
        swapped = PIECES.index("cat" if place == 2 else "dog")
        wanted = logits[place, pieces[place]] - logits[place, swapped]
        torch.testing.assert_close((both[0] - both[1])[0], wanted, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["blip-answer", "vilt-answer"])
def test_questions_are_answered(kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded(kind)
    assert isinstance(model, AnswerModel)
    features = model.encode_image(photo)
    answer = answer_question(model, features, "does a dog run?")
    assert answer.candidates[0][0] in model.answers and answer.relevance.maps.shape[1:] == model.grid
    text = model.encode_texts(["does a dog run?"])
    logits = model.answer_logits(features, ["does a dog run?"])[0]
    value = model.score(features, text, Target("answer", 2, 0))
    torch.testing.assert_close(value[0], logits[2] - logits[0], atol=1e-5, rtol=1e-5)


def test_spelling_gives_each_piece_its_characters(loaded: Loaded) -> None:
    tokenizer = loaded("blip-caption").tokenizer
    tokens = spell(tokenizer, [PIECES.index(piece) for piece in ("two", "cat", "##s", "run", ".")])
    assert tokens.text == "two cats run ."
    assert tokens.pieces == ("two", "cat", "s", "run", ".")
    assert [word.text for word in tokens.words] == ["two", "cats", "run", "."]
    assert spell(tokenizer, [PIECES.index("[SEP]")]).pieces == ()


@pytest.mark.parametrize("kind", ["blip-match", "smolvlm", "qwen2.5"])
def test_explain_writes_an_explanation(kind: str, made: Make, photo: ImageInput, tmp_path: Path) -> None:
    Image.fromarray(photo.pixels).save(tmp_path / "photo.png")
    arguments = [str(tmp_path / "photo.png"), "a red dog", "--model", f"hf:{made(kind)}", "--device", "cpu"]
    result = CliRunner().invoke(app, ["explain", *arguments, "--output", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert [token["text"] for token in written["tokens"]] == ["a", "red", "dog"]
    assert np.array(written["maps"]).shape == (3, *written["grid"])


def test_what_a_model_writes_has_maps_without_interference(made: Make, photo: ImageInput, tmp_path: Path) -> None:
    Image.fromarray(photo.pixels).save(tmp_path / "photo.png")

    def told(command: str, kind: str, *more: str) -> Any:
        arguments = [command, str(tmp_path / "photo.png"), *more, "--model", f"hf:{made(kind)}", "--device", "cpu"]
        return json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)[0]

    plain, clean = told("caption", "blip-caption"), told("caption", "blip-caption", "--subtract")
    maps = np.array(clean.pop("maps"))
    assert maps.shape == (len(clean["tokens"]), 4, 4) and not np.allclose(maps[1:], plain.pop("maps")[1:])
    assert clean == plain
    reply = told("reply", "llava", "what is on the left?", "--subtract")
    assert np.array(reply["maps"]).shape == (len(reply["tokens"]), 4, 4)
