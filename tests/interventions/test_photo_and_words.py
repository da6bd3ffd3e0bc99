"""Changes of the photo and the text, against occlusion, brute force and the texts written out."""

import numpy as np
import pytest
import torch

from tests.interventions.conftest import TEXT, value
from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import Fill, Masked, filled
from vtviz.attribution.options import Options
from vtviz.inputs import ImageInput, InputError
from vtviz.interventions.changes import Change, Cut, Drop, Hide, Move, Only, Push, Without, as_plain, from_plain
from vtviz.interventions.intervene import intervene
from vtviz.interventions.photo import changed_patches, changed_picture, changed_pixels
from vtviz.models.base import Target, as_score
from vtviz.models.vtviz_base.model import VtvizBase

CORNER = (0.0, 0.0, 0.5, 0.25)  # the first two patches of the first row
ALL: tuple[Change, ...] = (
    Hide((CORNER,), (7,), "mean"),
    Only(patches=(1, 2)),
    Move((CORNER,), rows=1, columns=-1, copy=False),
    Drop(2),
    Without("text→image", 1, 0),
    Cut((CORNER,), place=1),
    Push(patches=(3,), place=0, strength=0.25),
)


@pytest.mark.parametrize("fill", ["blur", "mean", "zero"])
def test_hiding_equals_occlusion_with_the_same_fill(tiny: VtvizBase, photo: ImageInput, case: Case, fill: Fill) -> None:
    kept = np.ones((1, 16), dtype=bool)
    kept[0, :2] = False
    outcome = intervene(tiny, photo, TEXT, [Hide((CORNER,), fill=fill)])
    assert outcome.after.value == pytest.approx(Masked(case, fill, as_shown=False).without_patches(kept)[0], abs=1e-6)
    assert outcome.after.score == pytest.approx(Masked(case, fill).without_patches(kept)[0], abs=1e-6)
    only = intervene(tiny, photo, TEXT, [Only(patches=tuple(range(2, 16)), fill=fill)])
    assert only.after.value == outcome.after.value != outcome.before.value


def test_hiding_equals_the_occlusion_method(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    (found,) = attribute_case(case, "occlusion", Options(window=1))
    assert found.details is not None and found.details.image_unit is not None
    drops = found.image.ravel() * found.details.image_unit
    for patch in (0, 6):
        outcome = intervene(tiny, photo, TEXT, [Hide(patches=(patch,), fill="mean")])
        assert outcome.before.value - outcome.after.value == pytest.approx(drops[patch], abs=1e-6)


def test_a_region_is_moved_by_whole_patches(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    pixels = case.pixels
    copied = pixels.clone()
    copied[..., 32:48, 48:64] = pixels[..., :16, 16:32]  # the half that is not moved out of the photo
    found = changed_pixels(pixels, [Move(patches=(1, 3), rows=2, columns=2)], (4, 4))
    assert torch.equal(found, copied)
    moved, stand_in = pixels.clone(), filled(pixels, "mean")
    moved[..., :16, :16], moved[..., :16, 16:32] = stand_in[..., :16, :16], pixels[..., :16, :16]
    change = Move(patches=(0,), columns=1, copy=False, fill="mean")
    assert torch.allclose(changed_pixels(pixels, [change], (4, 4)), moved)
    assert np.flatnonzero(changed_patches([change], (4, 4))).tolist() == [0, 1]
    outcome = intervene(tiny, photo, TEXT, [change])
    assert outcome.after.value == pytest.approx(value(tiny, moved), abs=1e-5)
    with pytest.raises(InputError, match="moved out of the photo"):
        changed_pixels(pixels, [Move(patches=(0,), rows=-1)], (4, 4))


def test_changes_come_one_after_the_other(case: Case) -> None:
    pixels = case.pixels
    hide, move = Hide(patches=(0,), fill="zero"), Move(patches=(0,), columns=1)
    first = changed_pixels(pixels, [hide, move], (4, 4))
    assert not first[..., :16, :32].any()
    second = changed_pixels(pixels, [move, hide], (4, 4))
    assert not second[..., :16, :16].any() and torch.equal(second[..., :16, 16:32], pixels[..., :16, :16])


@pytest.mark.parametrize(("places", "text"), [((1,), "a runs"), ((0, 2), "dog"), ((2,), "a dog")])
def test_dropped_words_had_never_been_written(
    tiny: VtvizBase, photo: ImageInput, case: Case, places: tuple[int, ...], text: str
) -> None:
    outcome = intervene(tiny, photo, TEXT, [Drop(place) for place in places])
    assert outcome.after.value == pytest.approx(value(tiny, case.pixels, text), abs=1e-5)
    tokens = tiny.tokenize(text)
    assert outcome.after.tokens == tokens and outcome.after.relevance.tokens.shape == (len(tokens.pieces),)


def test_what_is_left_of_a_text_keeps_its_spaces_and_spans(tiny: VtvizBase, photo: ImageInput) -> None:
    text = "A  skateboarder runs, a dog."
    case = Case(tiny, photo, [text])
    for kept in ([0, 1], [1, 2, 4, 5], [0, 3, 5, 6]):
        tokens = case.with_words(kept).tokens[0]
        assert [word.text for word in tokens.words] == [case.tokens[0].words[i].text for i in kept]
        for (start, end), owner in zip(tokens.spans, tokens.word_of, strict=True):
            word = tokens.words[owner]
            assert word.start <= start < end <= word.end and tokens.text[word.start : word.end] == word.text
        again = tiny.tokenize(tokens.text)
        assert (again.pieces, again.spans, again.word_of) == (tokens.pieces, tokens.spans, tokens.word_of)


def test_a_photo_that_is_not_changed_is_not_encoded_again(
    tiny: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, encoded = tiny.encode_image(photo), list[int]()
    encode = tiny.encode_pixels
    monkeypatch.setattr(tiny, "encode_pixels", lambda pixels: encoded.append(len(pixels)) or encode(pixels))
    network: tuple[Change, ...] = (Drop(0), Without("fused"), Cut(patches=(1,), place=1), Push(patches=(1,), place=2))
    intervene(tiny, photo, TEXT, network, features=features)
    assert not encoded
    intervene(tiny, photo, TEXT, [Hide(patches=(3,))], features=features)
    assert encoded == [1]


def test_the_answer_to_a_question_can_be_asked(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    target, change = Target("answer", 1), Hide(patches=(3, 4), fill="mean")
    outcome = intervene(tiny, photo, TEXT, [change, Drop(0)], target)
    pixels = changed_pixels(case.pixels, [change], (4, 4))
    assert outcome.before.value == pytest.approx(value(tiny, case.pixels, TEXT, target), abs=1e-5)
    assert outcome.after.value == pytest.approx(value(tiny, pixels, "dog runs", target), abs=1e-5)
    match = as_score(torch.tensor(value(tiny, pixels, "dog runs")), tiny.score_kind)
    assert outcome.after.score == pytest.approx(float(match), abs=1e-5)


def test_a_caption_keeps_the_word_that_is_explained(tiny: VtvizBase, photo: ImageInput, case: Case) -> None:
    outcome = intervene(tiny, photo, TEXT, [Drop(1)], Target("caption", 2))
    assert outcome.after.value == pytest.approx(value(tiny, case.pixels, "a runs", Target("caption", 1)), abs=1e-5)
    with pytest.raises(InputError, match="cannot be dropped"):
        intervene(tiny, photo, TEXT, [Drop(2)], Target("caption", 2))


def test_patches_of_boxes() -> None:
    def patches(box: tuple[float, float, float, float], frame: tuple[float, float, float, float]) -> list[int]:
        return np.flatnonzero(Hide((box,)).mask((2, 3), frame)).tolist()

    whole = (0.0, 0.0, 1.0, 1.0)
    assert patches((0.0, 0.0, 0.5, 1.0), whole) == [0, 1, 3, 4]
    assert patches((0.9, 0.9, 0.95, 0.95), whole) == [5]  # a box within one patch
    assert patches((0.0, 0.0, 0.5, 0.5), (0.25, 0.0, 0.75, 1.0)) == [0, 1]  # the grid lies on the middle half
    with pytest.raises(InputError, match="names no patch"):
        patches((0.0, 0.0, 0.2, 0.2), (0.25, 0.0, 0.75, 1.0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Hide(), "names no patch"),
        (Hide(((0.5, 0.0, 0.4, 1.0),)), "The box 0.5,0,0.4,1 must be"),
        (Hide(((0.0, 0.0, 1.1, 1.0),)), "must be"),
        (Hide(((float("nan"), 0.0, 1.0, 1.0),)), "must be"),
        (Only(patches=(16,)), "no patch 16"),
        (Move(patches=(-1,), rows=1), "no patch -1"),
        (Drop(3), "no word 3"),
        (Drop(-1), "no word -1"),
    ],
)
def test_what_is_not_there_is_refused(tiny: VtvizBase, photo: ImageInput, change: Change, said: str) -> None:
    with pytest.raises(InputError, match=said):
        intervene(tiny, photo, TEXT, [change])


def test_a_text_without_words_is_refused(tiny: VtvizBase, photo: ImageInput) -> None:
    with pytest.raises(InputError, match="contains no words"):
        intervene(tiny, photo, "a dog", [Drop(0), Drop(1)])


def test_changes_are_written_and_read() -> None:
    plain = as_plain(ALL)
    assert [item["change"] for item in plain] == ["hide", "only", "move", "drop", "without", "cut", "push"]
    assert plain[4] == {"change": "without", "kind": "text→image", "layer": 1, "head": 0}
    assert from_plain(plain) == ALL
    for wrong in ([{"change": "burn"}], [{"change": "drop"}], {}, [{"change": "hide", "patches": ["a"]}], None):
        with pytest.raises(InputError, match="not changes that vtviz knows"):
            from_plain(wrong)


def test_the_picture_for_people_shows_what_the_model_sees(photo: ImageInput) -> None:
    found = changed_picture(photo, [Hide(patches=(0,), fill="zero")], (4, 4), (0.0, 0.0, 1.0, 1.0))
    assert (found.width, found.height) == (64, 64) and set(found.pixels[:16, :16].ravel().tolist()) <= {127, 128}
    np.testing.assert_array_equal(found.pixels[16:], photo.pixels[16:])
    for fill in ("blur", "mean"):
        again = changed_picture(photo, [Hide(patches=(0,), fill=fill)], (4, 4), (0.0, 0.0, 1.0, 1.0))  # type: ignore[arg-type]
        assert again.sha256 != photo.sha256 and again.pixels[:16, :16].std() < photo.pixels[:16, :16].std() / 3
