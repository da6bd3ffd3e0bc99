"""Captions and answers of the shipped model."""

import numpy as np
import pytest
import torch

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.files import read_photo
from vtviz.inputs import ImageInput, InputError, split_words
from vtviz.interventions.changes import Drop
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.paths import ASSETS
from vtviz.stories.files import read_story
from vtviz.tasks.caption import write_captions
from vtviz.tasks.policy.check import score_rules
from vtviz.tasks.policy.policy import read_policy
from vtviz.tasks.policy.rows import read_rows
from vtviz.watch import Cancelled, Progress, Watch


@pytest.fixture(scope="module")
def model() -> VtvizBase:
    loaded = load_model("vtviz-base")
    assert isinstance(loaded, VtvizBase)
    return loaded


def test_every_piece_of_a_caption_has_its_probability_and_map(
    engine: LocalEngine, model: VtvizBase, cat: ImageInput
) -> None:
    captions = engine.ask(WriteCaptions(cat))
    assert len({each.text for each in captions}) == len(captions) > 1
    best = captions[0]
    assert best.maps.shape == (len(best.tokens.pieces), *model.grid)
    np.testing.assert_allclose(best.maps.max(axis=(1, 2)), 1.0)
    # The same probabilities, when the whole caption is given at once.
    assert model.network.caption is not None
    known = model.network.caption.pieces.tolist()
    pieces = [known.index(model.tokenizer.token_to_id(piece)) for piece in best.tokens.pieces]
    with torch.inference_mode():
        memory = model.caption_memory(model.encode_image(cat))
        logits = model.caption_logits(memory, torch.tensor([[0, *pieces[:-1]]]))[0]
    expected = logits.softmax(dim=-1)[range(len(pieces)), pieces]
    np.testing.assert_allclose(best.probabilities, expected, atol=1e-4)


def test_who_waits_for_captions_hears_of_each_piece_and_may_go(model: VtvizBase, cat: ImageInput) -> None:
    features, heard = model.encode_image(cat), list[tuple[int, int]]()

    def hear(now: Progress) -> None:
        heard.append((now.done, now.total))

    captions = write_captions(model, features, watch=Watch(hear))
    longest = max(len(each.tokens.pieces) for each in captions)
    assert heard == [(pieces, model.caption_length) for pieces in range(len(heard))] and len(heard) >= longest
    with pytest.raises(Cancelled):
        write_captions(model, features, watch=Watch(hear, lambda: heard[-1][0] == 2))
    assert heard[-1][0] == 2


def test_an_answer_has_candidates_and_a_map(engine: LocalEngine, model: VtvizBase, cat: ImageInput) -> None:
    answer = engine.ask(AnswerQuestion(cat, "Is there a person?"))
    assert [p for _, p in answer.candidates] == sorted((p for _, p in answer.candidates), reverse=True)
    assert {name for name, _ in answer.candidates} <= set(model.answers)
    assert answer.relevance.maps.shape == (len(answer.question.pieces), *model.grid)
    assert answer.relevance.image.max() == pytest.approx(1.0)


def test_the_map_of_an_answer_is_attention_times_its_gradient(
    engine: LocalEngine, model: VtvizBase, cat: ImageInput
) -> None:
    """Against finite differences: more attention to a patch changes the answer as the gradient says."""
    question = "What colour is the cat?"
    answer = engine.ask(AnswerQuestion(cat, question))
    assert model.network.answer is not None
    with model.record({"text→image"}) as recording:
        features = model.encode_image(cat)
        best = model.answer_logits(features, [question])[0].argmax()
    observed: list[torch.Tensor] = [each.weights.clone() for each in recording.layers]
    grads = []
    with torch.enable_grad(), model.record({"text→image"}) as again:
        logit = model.answer_logits(features, [question])[0, best]
        grads = list(torch.autograd.grad(logit, again.of_kind("text→image")))
    rows = sum((a * g.clamp_min(0)).mean(dim=1)[0] for a, g in zip(observed, grads, strict=True)) / len(grads)
    assert isinstance(rows, torch.Tensor)
    pieces = rows[model.text_offset : model.text_offset + len(answer.question.pieces)]
    expected = pieces.mean(dim=0).reshape(model.grid).detach().numpy()
    np.testing.assert_allclose(answer.relevance.image, expected / expected.max(), atol=1e-4)


def test_a_question_with_an_unknown_word_is_not_answered(engine: LocalEngine, cat: ImageInput) -> None:
    answer = engine.ask(AnswerQuestion(cat, "Is there a theodolite?"))
    assert answer.text is None and [answer.question.words[i].text for i in answer.unknown] == ["theodolite"]


def test_an_empty_question_gets_one_sentence(engine: LocalEngine, cat: ImageInput) -> None:
    with pytest.raises(InputError, match="no words"):
        engine.ask(AnswerQuestion(cat, " ? "))


def test_answering_leaves_nothing_behind(model: VtvizBase, engine: LocalEngine, cat: ImageInput) -> None:
    engine.ask(AnswerQuestion(cat, "Where is the cat?"))
    assert not any(p.requires_grad or p.grad is not None for p in model.network.parameters())
    assert all(getattr(m, "observer", None) is None for m in model.network.modules())


def test_the_shipped_examples_are_as_their_notes_say(model: VtvizBase) -> None:
    """Weights change: the notes of a story and the rows of a policy must still hold."""
    assert model.bounds is not None
    names = ("dog", "chelsea", "astronaut", "horses", "sheep")
    images = [read_photo(ASSETS / "samples" / f"{name}.jpg") for name in names]
    features = {image.sha256: model.encode_image(image) for image in images}
    for name, expected in (("2-one-word", "+-+-"), ("3-doubt", "-++-")):
        moments = read_story(ASSETS / "story" / "examples" / f"{name}.en.json").story.moments
        texts = []
        for moment in moments:
            dropped = {change.place for change in moment.changes if isinstance(change, Drop)}
            words = enumerate(word.text for word in split_words(moment.text))
            texts.append(" ".join(word for place, word in words if place not in dropped))
        with torch.inference_mode():
            photos = torch.cat([features[moment.photo] for moment in moments])
            scores = model.match_logits(photos, texts).sigmoid().tolist()
        verdicts = ["+" if model.bounds.verdict(score) == "describes" else "-" for score in scores]
        assert verdicts == [*expected] and "not sure" not in map(model.bounds.verdict, scores)
    policies = ASSETS / "policies"
    rules = read_policy((policies / "example.yaml").read_bytes(), "example.yaml").rules
    for row in read_rows(policies / "example.csv", {rule.name for rule in rules}):
        if row.image.stem in ("horses", "sheep"):
            scores = score_rules(model, rules, features[read_photo(row.image).sha256], row.text)
            assert {score.rule for score in scores if score.fires} == row.rules, row
