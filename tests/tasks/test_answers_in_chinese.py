"""Answers as they are said in Chinese."""

import json

from vtviz.paths import ASSETS
from vtviz.tasks.answer import in_language


def test_every_answer_of_the_shipped_model_can_be_said_in_chinese() -> None:
    answers = json.loads((ASSETS / "models" / "vtviz-base" / "config.json").read_text())["answers"]
    said = [in_language(answer, "zh") for answer in answers]
    assert len(said) > 100 and not [text for text in said if any(letter.isascii() for letter in text)]
    assert in_language("black and white", "zh") == "黑色和白色" and in_language("yes", "en") == "yes"
    assert in_language("quokka", "zh") == "quokka"
