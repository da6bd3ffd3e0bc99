"""CoCa's composed maps, its likelihood and its captions, against open_clip's own forward."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.captions_and_answers import WriteCaptions
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import MATCH, CaptionModel, Target
from vtviz.models.open_clip.coca import CocaModel
from vtviz.tasks.caption import write_captions

TEXT = "a dog, two cats"


@pytest.fixture(scope="module")
def coca(loaded: Callable[[str], CocaModel]) -> CocaModel:
    return loaded("tiny-coca")


@torch.no_grad()
def plain_log_probabilities(coca: CocaModel, photo: ImageInput, ids: torch.Tensor) -> torch.Tensor:
    """Of each of ``ids [1, n]`` after the first, by open_clip's own forward on a padded text."""
    padded = torch.nn.functional.pad(ids, (0, 16 - ids.shape[1]))
    logits = coca.network(coca.pixels(photo), padded)["logits"].log_softmax(dim=-1)
    return logits[0, : ids.shape[1] - 1].gather(1, ids[0, 1:, None])[:, 0]


def test_likelihood_and_caption_pieces_equal_open_clips_own(coca: CocaModel, photo: ImageInput) -> None:
    features, text = coca.encode_image(photo), coca.encode_texts([TEXT])
    plain = plain_log_probabilities(coca, photo, text.ids)
    for recorded in (set(), {"text→image", "text", "image"}):
        with torch.no_grad(), coca.record(recorded):
            match = coca.score(features, text, MATCH)
            pieces = [coca.score(features, text, Target("caption", i))[0] for i in range(len(plain) - 1)]
        torch.testing.assert_close(match[0], plain.mean(), atol=1e-6, rtol=0)
        torch.testing.assert_close(torch.stack(pieces), plain[:-1], atol=2e-6, rtol=0)
    with pytest.raises(InputError, match="no token 9"):
        coca.score(features, text, Target("caption", 9))


def test_texts_of_different_lengths_score_as_they_do_alone(coca: CocaModel, photo: ImageInput) -> None:
    features, texts = coca.encode_image(photo), [TEXT, "a dog", "two"]
    for target in (MATCH, Target("similarity")):
        together = coca.score(features, coca.encode_texts(texts), target)
        alone = [coca.score(features, coca.encode_texts([each]), target)[0] for each in texts]
        torch.testing.assert_close(together, torch.stack(alone), atol=1e-5, rtol=0)


def test_composed_maps_are_the_product_of_both_attentions(coca: CocaModel, photo: ImageInput) -> None:
    """By hand: torch's own attention weights of the decoder, times those of the pooler."""
    text = coca.encode_texts([TEXT])
    network, found = coca.network, []
    with torch.no_grad(), coca.record({"text→image"}) as recording:
        coca.score(coca.encode_image(photo), text, MATCH)
    pooler = network.visual.attn_pool
    with torch.no_grad():
        tokens = network.visual.transformer(network.visual._embeds(coca.pixels(photo)))
        keys, queries = pooler.ln_k(tokens), pooler.ln_q(pooler.query)[None]
        pooled = pooler.attn(queries, keys, keys, average_attn_weights=True)[1][:, 1:]
        embeddings = network.visual(coca.pixels(photo))[1]
        states = network.text(torch.nn.functional.pad(text.ids, (0, 16 - text.ids.shape[1])))[1]
        states = states[:, : text.ids.shape[1] - 1]
        mask = network.text_decoder.attn_mask[: states.shape[1], : states.shape[1]]
        for own, cross in zip(network.text_decoder.resblocks, network.text_decoder.cross_attn, strict=True):
            states = own(states, attn_mask=mask)
            memory = cross.ln_1_kv(embeddings)
            weights = cross.attn(cross.ln_1(states), memory, memory, average_attn_weights=False)[1]
            found.append(weights @ pooled)
            states = cross(states, k_x=embeddings, v_x=embeddings)
    for recorded, by_hand in zip(recording.of_kind("text→image"), found, strict=True):
        assert recorded.shape[-1] == coca.image_offset + 16
        torch.testing.assert_close(recorded, by_hand, atol=1e-6, rtol=0)
        torch.testing.assert_close(recorded.sum(dim=-1), torch.ones(recorded.shape[:-1]), atol=1e-5, rtol=0)


def test_the_composed_gradient_agrees_with_a_nudge(coca: CocaModel, photo: ImageInput) -> None:
    """More attention of one word and head to one patch adds that patch's own value to what is mixed."""
    features, text = coca.encode_image(photo), coca.encode_texts([TEXT])
    with torch.enable_grad(), coca.record({"text→image"}) as recording:
        value = coca.score(features, text, MATCH)
        layer = recording.layers_of("text→image")[-1]
        gradient, from_mixed = torch.autograd.grad(value.sum(), [layer.weights, layer.mixed])
    torch.testing.assert_close(gradient, from_mixed @ layer.value.transpose(-1, -2), atol=1e-8, rtol=1e-4)
    assert layer.value.shape[-2] == gradient.shape[-1]


def test_captions_come_with_a_map_a_word(coca: CocaModel, photo: ImageInput) -> None:
    assert isinstance(coca, CaptionModel)
    captions = write_captions(coca, coca.encode_image(photo), count=2, width=2)
    for each in captions:
        assert each.maps.shape == (len(each.tokens.pieces), *coca.grid) and each.score_kind == "likelihood"
        assert 0 < each.score < 1 and (each.maps.max(axis=(1, 2)) == 1).all()


def test_the_most_likely_caption_is_what_a_greedy_search_finds(coca: CocaModel, photo: ImageInput) -> None:
    (found,) = write_captions(coca, coca.encode_image(photo), count=1, width=1)
    ids = torch.tensor([[coca.caption_starts["en"]]])
    with torch.no_grad():
        while ids.shape[1] < coca.caption_length:
            padded = torch.nn.functional.pad(ids, (0, 16 - ids.shape[1]))
            logits = coca.network(coca.pixels(photo), padded, output_labels=False)["logits"]
            ids = torch.cat([ids, logits[:, ids.shape[1] - 1].argmax(dim=-1, keepdim=True)], dim=1)
            if int(ids[0, -1]) == coca.caption_end:
                break
    expected = coca.caption_tokens([each for each in ids[0, 1:].tolist() if each != coca.caption_end])
    assert found.tokens.text == expected.text


def test_a_text_that_grows_piece_by_piece_reads_as_the_whole_does(coca: CocaModel, photo: ImageInput) -> None:
    """Texts that branch, swap places and start anew, against the logits of whole texts, which keep nothing."""
    memory = coca.caption_memory(coca.encode_image(photo))
    steps = [
        [[coca.caption_starts["en"]]],
        [[coca.caption_starts["en"], 5], [coca.caption_starts["en"], 9]],
        [[coca.caption_starts["en"], 9, 4], [coca.caption_starts["en"], 5, 7], [coca.caption_starts["en"], 9, 2]],
        [[coca.caption_starts["en"], 5, 7, 7]],
        [[coca.caption_starts["en"], 8, 1, 3, 5], [coca.caption_starts["en"], 8, 1, 3, 6]],
    ]
    for step in steps:
        chosen = torch.tensor(step)
        with torch.no_grad():
            whole = coca.caption_logits(memory, chosen)[:, -1]
        torch.testing.assert_close(coca.caption_following(memory, chosen), whole, atol=1e-5, rtol=0)
    modules = coca.network.modules()
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in modules)
    with coca.record({"text"}), pytest.raises(RuntimeError, match="recorded already"):
        coca.caption_following(memory, torch.tensor(steps[0]))


def test_pieces_before_the_last_are_not_run_again(coca: CocaModel, photo: ImageInput) -> None:
    memory, seen = coca.caption_memory(coca.encode_image(photo)), []
    words = coca.embedding(MATCH)
    handle = words.register_forward_hook(lambda module, args, output: seen.append(args[0].numel()))
    try:
        coca.caption_following(memory, torch.tensor([[coca.caption_starts["en"]]]))
        coca.caption_following(memory, torch.tensor([[coca.caption_starts["en"], 5], [coca.caption_starts["en"], 6]]))
    finally:
        handle.remove()
    assert seen == [1, 2]


def test_an_engine_explains_with_coca(coca: CocaModel, photo: ImageInput) -> None:
    engine = LocalEngine("cpu")
    try:
        assert engine.ask(WriteCaptions(photo, coca.name))[0].maps.shape[1:] == coca.grid
    finally:
        engine.close()
