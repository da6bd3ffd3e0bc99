"""Replies to prompts: those of the library's own greedy generation, each word with its map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import Prepend, Replace, Sequence
from transformers import PreTrainedTokenizerFast

from tests.models.hugging_face.conftest import PIECES
from vtviz.engine.engine import Workbench
from vtviz.engine.messages import decode_answer, decode_request, encode, encode_request
from vtviz.engine.requests.captions_and_answers import WriteReply
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import ModelError, TalkingModel, Turn, for_photo
from vtviz.models.hugging_face.decoder.layout import Layout
from vtviz.models.hugging_face.decoder.prompts import Prompter
from vtviz.tasks.reply import write_reply
from vtviz.watch import Progress, Watch

Loaded = Callable[[str], Any]
EARLIER = (Turn("does the photo show a dog?", "yes, a red dog."),)
TEMPLATE = (
    "{% for turn in messages %}<{{ turn.role }}>{% for part in turn.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
)


@pytest.mark.parametrize("kind", ["llava", "smolvlm-shaped", "internvl"])
def test_a_reply_is_what_the_library_generates(kind: str, loaded: Loaded, photo: ImageInput) -> None:
    model = for_photo(loaded(kind), photo)
    assert isinstance(model, TalkingModel)
    talking: Any = model.replying("what is on the left?", EARLIER)
    talking.caption_length = 12
    heard: list[Progress] = []
    features = model.encode_image(photo)
    talking.replying = lambda prompt, earlier: talking
    reply = write_reply(talking, features, "", (), watch=Watch(heard.append))
    pictures = model.layout.pictures(model.pixels(photo))  # type: ignore[attr-defined]
    wanted = model.network.generate(  # type: ignore[attr-defined]
        input_ids=torch.tensor([talking._caption.before]),
        attention_mask=torch.ones(1, len(talking._caption.before), dtype=torch.long),
        pixel_values=pictures if kind.startswith("smolvlm") else pictures[0],
        max_new_tokens=11,
        do_sample=False,
        suppress_tokens=[len(PIECES)],
    )[0, len(talking._caption.before) :].tolist()
    ids = [piece for piece in wanted if piece != talking.caption_end]
    assert reply.text == model.caption_tokens(ids).text  # type: ignore[attr-defined]
    assert reply.is_whole == (talking.caption_end in wanted)
    assert reply.maps.shape == (len(reply.tokens.pieces), *model.grid)
    np.testing.assert_allclose(reply.maps.max(axis=(1, 2)), 1.0, atol=1e-5)
    assert heard[-1].note and reply.text.startswith(heard[-1].note[:4])
    clean = reply.without_interference()
    assert clean.maps.shape == reply.maps.shape and not np.allclose(clean.maps[1:], reply.maps[1:])


def test_a_conversation_is_written_in_the_template_of_its_model(loaded: Loaded) -> None:
    model = loaded("llava")
    template, model.tokenizer.chat_template = model.tokenizer.chat_template, TEMPLATE
    try:
        prompter = Prompter(model.tokenizer, model.layout)
        said = prompter._asked("and where?", EARLIER)
        assert said == "<user><image>does the photo show a dog?<assistant>yes, a red dog.<user>and where?"
        assert prompter.reply("where?", EARLIER, 512).before.count(model.image_token) == 16
    finally:
        model.tokenizer.chat_template = template
    plain = Prompter(model.tokenizer, model.layout)._asked("and where?", EARLIER)
    assert plain.startswith("USER: <image>\ndoes") and plain.endswith("a red dog. USER: and where? ASSISTANT:")
    paligemma = loaded("paligemma")
    assert Prompter(paligemma.tokenizer, paligemma.layout)._asked("answer en where?", EARLIER) == (
        "<image>answer en where?\n"
    )


def test_what_a_person_writes_cannot_stand_for_a_photo(loaded: Loaded) -> None:
    prompter = loaded("llava")._prompter
    assert prompter.reply("<image> a dog</img>", (), 512) == prompter.reply("a dog", (), 512)
    with pytest.raises(InputError, match="no words"):
        prompter.reply("<image>", (), 512)
    with pytest.raises(InputError, match="The conversation is too long"):
        prompter.reply("a dog", EARLIER * 40, 512)


def test_yes_and_no_share_no_piece() -> None:
    """As Llama 2's tokenizer does, this one writes two spaces as a piece of their own: with that " Yes" and " no" begin
    alike."""
    merges = [("▁", "▁"), ("Y", "e"), ("Ye", "s"), ("y", "e"), ("ye", "s"), ("N", "o"), ("n", "o")]
    merges += [("▁", word) for word in ("Yes", "yes", "No", "no")]
    vocabulary = {piece: i for i, piece in enumerate(["<unk>", *"▁YNaenosy", *map("".join, merges)])}
    inner = Tokenizer(BPE(vocabulary, merges, unk_token="<unk>"))
    inner.normalizer = Sequence([Prepend("▁"), Replace(" ", "▁")])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>")
    yes, no = (tokenizer.convert_ids_to_tokens(ids) for ids in Prompter(tokenizer, Layout("", "", 1, 1)).yes_and_no())
    assert set(yes) == {"▁Yes", "▁yes"} and set(no) == {"▁No", "▁no"}
    unread = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE({"<unk>": 0}, [], unk_token="<unk>")))
    with pytest.raises(ModelError, match="does not tell yes from no"):
        Prompter(unread, Layout("", "", 1, 1)).yes_and_no()


def test_a_reply_travels(loaded: Loaded, photo: ImageInput) -> None:
    request = WriteReply(photo, "what is on the left?", EARLIER, "hf:any")
    assert decode_request(encode_request(request)).key == request.key
    reply = request.answer(loaded("llava"), _Bench(), Watch())
    again = decode_answer(encode(reply), request)
    assert again.text == reply.text and np.array_equal(again.maps, reply.maps)
    with pytest.raises(InputError, match="does not reply to prompts"):
        request.answer(loaded("clip"), _Bench(), Watch())


class _Bench(Workbench):
    def features(self, model: Any, image: ImageInput) -> torch.Tensor:
        features: torch.Tensor = model.encode_image(image)
        return features

    def share(self, key: Any, make: Callable[[], Any]) -> Any:
        return make()
