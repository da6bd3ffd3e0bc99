"""Policies are read strictly, and every error names its line."""

import pytest

from vtviz.inputs import InputError
from vtviz.paths import ASSETS
from vtviz.tasks.policy.nodes import LARGEST
from vtviz.tasks.policy.policy import read_policy

HEAD = "schema: vtviz.policy/1\nname: Test\nrules:\n"
RULE = "  - name: dogs\n    photo: a dog\n    threshold: 0.5\n    action: block\n"


def read(text: str):  # type: ignore[no-untyped-def]
    return read_policy(text.encode(), "p.yaml")


def test_a_policy_is_read_with_its_defaults() -> None:
    policy = read(
        HEAD + RULE + "  - {name: b, words: [eat*], threshold: 1, action: review, when: fails, message: 'No'}\n"
    )
    dogs, second = policy.rules
    assert (policy.name, policy.model, policy.otherwise) == ("Test", "vtviz-base", "allow")
    assert dogs.photo == ("a dog",) and not dogs.needs_text and dogs.when == "matches"
    assert second.words == ("eat*",) and second.needs_text and second.message == "No"
    assert dogs.fires(0.5) and not dogs.fires(0.49) and second.fires(0.99) and not second.fires(1.0)
    assert dogs.margin(0.7) == pytest.approx(0.2) and second.margin(0.7) == pytest.approx(0.3)


def test_the_example_is_a_policy() -> None:
    policy = read_policy((ASSETS / "policies" / "example.yaml").read_bytes(), "example.yaml")
    assert [rule.action for rule in policy.rules] == ["block", "review", "review"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The file p.yaml is empty"),
        ("- a", "Line 1 of p.yaml: fields (name: value) are needed here"),
        ("schema: vtviz.policy/2\nname: T\nrules: []", "Line 1 of p.yaml: the schema must be vtviz.policy/1"),
        (HEAD, "Line 3 of p.yaml: a list is needed here"),
        (HEAD.replace("Test", "1") + RULE, "Line 2 of p.yaml: a text is needed here"),
        (HEAD + "  []", "Line 4 of p.yaml: a list of 1 to 100 items"),
        (HEAD + RULE + "    treshold: 1\n", "Line 8 of p.yaml: there is no field treshold"),
        (HEAD + RULE + "    action: allow\n", "Line 8 of p.yaml: the field action is there twice"),
        (HEAD + RULE.replace("0.5", "high"), "Line 6 of p.yaml: a number is needed here"),
        (HEAD + RULE.replace("0.5", ".nan"), "Line 6 of p.yaml"),
        (HEAD + RULE.replace("0.5", "7"), "Line 6 of p.yaml: the number must lie between -1 and 1"),
        (HEAD + RULE.replace("block", "ban"), "Line 7 of p.yaml: this must be one of block, review, allow"),
        (HEAD + RULE.replace("a dog", "'?!'"), "Line 5 of p.yaml: a phrase without words"),
        (HEAD + RULE.replace("    action: block\n", ""), "Line 4 of p.yaml: the field action is missing"),
        (HEAD + RULE.replace("    photo: a dog\n", ""), "none of photo, words, means and describes"),
        (HEAD + RULE + RULE, "Line 8 of p.yaml: two rules are called dogs"),
        (HEAD + RULE + "    describes: yes\n", "Line 8 of p.yaml: true or false is needed here"),
        (HEAD + RULE + "    words: [e*t]\n", "* may only stand at the end"),
        (HEAD + RULE.replace("a dog", "&a [x]"), "Line 5 of p.yaml: anchors and aliases"),
        (HEAD + RULE.replace("a dog", "*a"), "Line 5 of p.yaml: anchors and aliases"),
        (HEAD + RULE.replace("a dog", "!!python/name:os.system x"), "Line 5 of p.yaml: tags (!) are not allowed"),
        (HEAD + "  " + "[" * 5000, "Line 4 of p.yaml: this is nested too deeply"),
        (HEAD + "  - name: 'open", "this is not YAML"),
        (HEAD + RULE + "--- {}\n", "this is not YAML"),
        ("a: \x07", "this is not YAML"),
        ("? [a]\n: b", "there is no field of this kind"),
        ("#" * (LARGEST + 1), "is larger than 256 kB"),
        ("'" + "x" * 600 + "': 1", "there is no field"),
    ],
)
def test_what_is_no_policy_gets_one_sentence_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read(text)
    assert message in str(raised.value)


def test_braces_in_a_policy_are_text() -> None:
    with pytest.raises(InputError, match=r"no field \{name\}"):
        read("'{name}': 1\nschema: {}")


def test_another_encoding_is_refused() -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        read_policy("name: café".encode("latin-1"), "p.yaml")
