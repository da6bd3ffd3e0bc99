"""What a policy says, against the model's own matches."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from vtviz.inputs import ImageInput, InputError
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.tasks.policy.check import check_photo, score_rules, spans_of
from vtviz.tasks.policy.log import log_ruling
from vtviz.tasks.policy.policy import Policy, Rule


def match(model: VtvizBase, photo: ImageInput, text: str) -> float:
    with torch.inference_mode():
        return float(model.match_logits(model.encode_image(photo), [text]).sigmoid())


def ruled(model: VtvizBase, photo: ImageInput, rules: list[Rule], text: str = ""):  # type: ignore[no-untyped-def]
    return check_photo(model, Policy("P", tuple(rules), "tiny"), photo, model.encode_image(photo), text)


def test_the_score_of_a_rule_is_the_least_of_its_sides(tiny: VtvizBase, photo: ImageInput) -> None:
    phrases = ("a dog", "a skateboarder")
    matches = [match(tiny, photo, phrase) for phrase in phrases]
    text = "a dog runs"
    with torch.inference_mode():
        own, other = tiny.search_vectors(tiny.index_texts([text, "a skateboarder"]))
    rules = [
        Rule("photo", "block", 0.9, photo=phrases),
        Rule("words", "block", 0.9, words=("run*",)),
        Rule("no words", "block", 0.9, words=("walk*",)),
        Rule("means", "block", 0.9, means=("a skateboarder",)),
        Rule("describes", "block", 0.9, describes=True),
        Rule("both", "block", 0.9, photo=phrases, words=("runs",)),
        Rule("neither", "block", 0.9, photo=phrases, words=("walks",)),
    ]
    scores = score_rules(tiny, rules, tiny.encode_image(photo), text)
    values = [max(matches), 1.0, 0.0, float(own @ other), match(tiny, photo, text), max(matches), 0.0]
    np.testing.assert_allclose([score.score for score in scores], values, atol=1e-4)
    assert scores[0].phrase == phrases[int(np.argmax(matches))] and scores[1].spans == ((6, 10),)
    alone = score_rules(tiny, rules, tiny.encode_image(photo), "")
    assert [score.score is None for score in alone] == [False, True, True, True, True, True, True]


def test_words_are_the_condition_of_what_must_be_in_the_photo(tiny: VtvizBase, photo: ImageInput) -> None:
    own = match(tiny, photo, "a dog")
    over, under = own + 0.01, own - 0.01
    rules = [
        Rule("missing", "block", over, photo=("a dog",), words=("bike",), when="fails"),
        Rule("there", "block", under, photo=("a dog",), words=("bike",), when="fails"),
        Rule("far", "block", 1.0, photo=("a dog",), means=("a dog",), when="fails"),
        Rule("texts alone", "block", 0.5, words=("bike",), when="fails"),
    ]
    for text, fires in (("My bike", [True, False, False, False]), ("Our coffee break", [False, False, False, True])):
        scores = score_rules(tiny, rules, tiny.encode_image(photo), text)
        assert [score.fires for score in scores] == fires
        assert [score.idle for score in scores[:2]] == [text != "My bike"] * 2 and scores[2].idle
    ruling = ruled(tiny, photo, rules[:1], "Our coffee break")
    assert (ruling.action, ruling.evidence, ruling.nearest) == ("allow", None, ())


def test_the_first_rule_that_fires_decides(tiny: VtvizBase, photo: ImageInput) -> None:
    own = match(tiny, photo, "a dog")
    over, under = own + 0.05, own - 0.05
    rules = [
        Rule("far", "block", min(1.0, own + 0.4), photo=("a dog",)),
        Rule("near", "block", over, photo=("a dog",)),
        Rule("needs text", "block", -1.0, words=("dog",)),
        Rule("first", "review", under, "Look again.", photo=("a dog",)),
        Rule("second", "block", under, photo=("a dog",)),
        Rule("missing", "block", under, photo=("a dog",), when="fails"),
    ]
    ruling = ruled(tiny, photo, rules)
    assert ruling.action == "review" and ruling.fired is not None and ruling.fired.rule == "first"
    assert [score.rule for score in ruling.nearest] == ["second", "near", "missing"]
    assert ruling.evidence is not None and ruling.evidence.tokens.text == "a dog"
    assert ruling.evidence.relevance.image.shape == tiny.grid
    assert ruled(tiny, photo, rules[:2]).action == "allow"
    assert (
        check_photo(tiny, Policy("P", tuple(rules[:1]), otherwise="review"), photo, tiny.encode_image(photo)).action
        == "review"
    )


def test_a_harmless_photo_and_a_harmless_text_break_a_rule_together(tiny: VtvizBase, photo: ImageInput) -> None:
    rule = Rule("pets as food", "block", match(tiny, photo, "a dog") - 0.01, photo=("a dog",), words=("dinner",))
    assert ruled(tiny, photo, [rule]).action == "allow"
    assert ruled(tiny, photo, [rule], "Good morning").action == "allow"
    ruling = ruled(tiny, photo, [rule], "Our dinner tonight")
    assert ruling.action == "block" and ruling.fired is not None and ruling.fired.spans == ((4, 10),)


@pytest.mark.parametrize(
    ("words", "text", "spans"),
    [
        (["eat*"], "Eating is great, we eat", [(0, 6), (20, 23)]),
        (["eat"], "great eater", []),
        (["for  sale"], "FOR SALE today, forsale", [(0, 8)]),
        (["晚餐"], "今天的晚餐很好", [(3, 5)]),
        (["18"], "born in 2018, 18 now", [(14, 16)]),
        (["кот", "кот*"], "Который? Кот.", [(0, 7), (9, 12)]),
        (["T恤", "ab"], "我的T恤, ab恤, cab", [(2, 4), (6, 8)]),
        (["밥"], "밥을 먹다", [(0, 1)]),
        (["करना"], "करना", [(0, 4)]),
        (["c++"], "learn c++ now", [(6, 9)]),
        (["(a"], "x (a b", [(2, 4)]),
    ],
)
def test_words_are_found_whole_and_in_any_case(words: list[str], text: str, spans: list[tuple[int, int]]) -> None:
    assert spans_of(words, text) == tuple(spans)


def test_every_decision_is_noted_and_no_photo_or_text_is(tiny: VtvizBase, photo: ImageInput, tmp_path: Path) -> None:
    policy, log = (
        Policy("P", (Rule("any", "block", -1.0, photo=("a dog",)),), sha256="c" * 64),
        tmp_path / "in" / "log.jsonl",
    )
    ruling = check_photo(tiny, policy, photo, tiny.encode_image(photo), "A secret text")
    log_ruling(log, policy, photo.sha256, "A secret text", ruling)
    with log.open("a") as file:
        file.write('{"torn')  # by a program that was killed
    log_ruling(log, policy, photo.sha256, "", ruling)
    first, torn, second = log.read_text().splitlines()
    assert torn == '{"torn' and "secret" not in first
    line = json.loads(first)
    assert list(line) == [
        "time",
        "photo_sha256",
        "text_sha256",
        "policy",
        "policy_sha256",
        "rule",
        "score",
        "action",
        "weights_sha256",
    ]
    assert (line["rule"], line["action"], line["weights_sha256"]) == ("any", "block", tiny.weights_sha256)
    assert json.loads(second)["text_sha256"] is None
    with pytest.raises(InputError, match="cannot be added"):
        log_ruling(tmp_path, policy, photo.sha256, "", ruling)
