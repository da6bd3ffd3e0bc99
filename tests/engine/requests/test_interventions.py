"""Changes, contrasts and regions as an engine answers them."""

import json

import numpy as np
import pytest

from vtviz.engine.engine import Engine
from vtviz.engine.heads import words_of_patches
from vtviz.engine.intervention import intervention_json
from vtviz.engine.lens import lens_view
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.interventions import ExplainContrast, FindSmallestRegion, Intervene, MeasurePromise
from vtviz.engine.requests.things import ComparePatches
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import Cut, Drop, Hide, Without
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.render.lens.pack import pack

TEXT = "a dog runs"


def test_before_and_after_are_explanations(tiny_engine: Engine, photo: ImageInput) -> None:
    asked = Explain(photo, TEXT, "tiny", "attention_gradcam")
    plain = tiny_engine.ask(asked)
    found = tiny_engine.ask(Intervene(asked, (Hide(patches=(0, 1)), Drop(0), Without("fused", 0, 1))))
    assert found.before.score == plain.score and found.before.fingerprint == plain.fingerprint
    np.testing.assert_array_equal(found.before.relevance.maps, plain.relevance.maps)
    assert found.after.score != plain.score and found.after.fingerprint != plain.fingerprint
    assert found.after.tokens.text == "dog runs" and found.after.image.sha256 == photo.sha256
    assert found.shown.seen.pixels.shape == photo.pixels.shape and found.shown.score == found.after.score
    assert not (found.shown.seen.pixels[:16, :32] == photo.pixels[:16, :32]).all()
    (joined,) = found.after.record.of_kind("fused")
    assert joined.weights[0].any() and not joined.weights[1].any()
    pack(lens_view(found.shown))


def test_the_file_has_both_sides_and_the_changes(tiny_engine: Engine, photo: ImageInput) -> None:
    changes = (Hide(((0.0, 0.0, 0.5, 0.5),)), Cut(patches=(3,), place=2))
    file = json.loads(
        intervention_json(tiny_engine.ask(Intervene(Explain(photo, TEXT, "tiny", "attention_gradcam"), changes)))
    )
    assert file["schema"] == "vtviz.interventions/1" and file["image"]["sha256"] == photo.sha256
    assert file["changes"][0]["boxes"] == [[0.0, 0.0, 0.5, 0.5]] and file["changes"][1]["place"] == 2
    for side in ("before", "after"):
        assert [token["text"] for token in file[side]["tokens"]] == ["a", "dog", "runs"]
        assert all(np.isfinite(token["relevance"]) for token in file[side]["tokens"])
    assert file["before"]["score"] != file["after"]["score"] and 0 < file["promise"]["predicted"] < 1
    assert file["promise"]["fell"] == pytest.approx(file["before"]["value"] - file["after"]["value"])
    assert {"model", "weights_sha256", "versions", "device", "fingerprint", "method"} <= set(file)


def test_the_photo_is_encoded_once(
    tiny_engine: Engine, tiny: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded, encode = list[int](), tiny.encode_pixels
    monkeypatch.setattr(tiny, "encode_pixels", lambda pixels: encoded.append(len(pixels)) or encode(pixels))
    asked = Explain(photo, TEXT, "tiny", "attention_gradcam")
    for changes in ((Drop(0),), (Drop(1),), (Without("fused"),)):
        tiny_engine.ask(Intervene(asked, changes))
    assert encoded == [1]
    tiny_engine.ask(Intervene(asked, (Hide(patches=(0,)),)))
    assert encoded == [1, 1]


def test_why_one_text_rather_than_another(tiny_engine: Engine, photo: ImageInput) -> None:
    found = tiny_engine.ask(ExplainContrast(Explain(photo, TEXT, "tiny"), "a skateboarder runs"))
    assert found.first.tokens.text == TEXT and found.second.tokens.text == "a skateboarder runs"
    assert found.first.method == "attention_gradcam" and found.first.relevance.signed
    np.testing.assert_allclose(found.first.relevance.image, -found.second.relevance.image, atol=1e-6)
    assert found.first.fingerprint != found.second.fingerprint and lens_view(found.first).show == "attribution"
    own = tiny_engine.ask(ExplainContrast(Explain(photo, TEXT, "tiny"), TEXT))
    assert not own.first.relevance.maps.any() and not own.first.relevance.tokens.any()
    with pytest.raises(InputError, match="does not depend on the answer"):
        tiny_engine.ask(ExplainContrast(Explain(photo, TEXT, "tiny", "rollout"), "a dog"))


def test_regions_and_cuts_of_an_explanation(tiny_engine: Engine, photo: ImageInput) -> None:
    made = tiny_engine.ask(Explain(photo, TEXT, "tiny", "attention_gradcam"))
    cuts = tiny_engine.ask(MeasurePromise(made.attribution))
    assert cuts is not None and cuts.predicted.shape == cuts.fell.shape == (8,)
    region = tiny_engine.ask(FindSmallestRegion(made.attribution, threshold=0.0))
    assert region.least == 0.0 and region.threshold == 0.0
    whole, word = (tiny_engine.ask(FindSmallestRegion(made.attribution, words)) for words in ((), (1,)))
    assert whole.threshold == 0.5 and whole.values.tolist() != word.values.tolist()
    assert whole.values[-1] == pytest.approx(made.score, abs=1e-5)


def test_patches_of_two_photos(tiny_engine: Engine, photo: ImageInput) -> None:
    other = ImageInput(photo.pixels[::-1, ::-1].copy(), "1" * 64)
    found = tiny_engine.ask(ComparePatches(photo, other, "tiny"))
    assert found.cosines.shape == (16, 16) and found.grids == ((4, 4), (4, 4))
    own = tiny_engine.ask(ComparePatches(photo, model="tiny"))
    assert all(own.best(patch) == patch for patch in range(16))


def test_the_words_that_a_box_attends_to(tiny_engine: Engine, photo: ImageInput) -> None:
    made = tiny_engine.ask(Explain(photo, "a skateboarder runs", "tiny", "attention_gradcam"))
    found = words_of_patches(made, [0, 1, 5])
    assert found.kind == "image→text" and found.layers.shape == (2, 2, 3)
    for layer, record in enumerate(made.record.of_kind("image→text")):
        rows = record.weights.numpy()[:, [0, 1, 5], 1:5].mean(axis=1)
        np.testing.assert_allclose(found.layers[layer][:, 1], rows[:, 1] + rows[:, 2], rtol=1e-5)
    np.testing.assert_allclose(found.mean, found.layers.mean(axis=(0, 1)))
    similar = words_of_patches(tiny_engine.ask(Explain(photo, "a dog", "tiny")), [3])
    assert similar.layers.shape == (2, 2, 2)
    for patches in ([], [16], [-1]):
        with pytest.raises(InputError, match="no patch"):
            words_of_patches(made, patches)
