"""What an explanation says of itself where it leaves the app."""

from dataclasses import replace
from datetime import date

import pytest

from vtviz.engine.about import about
from vtviz.engine.engine import Engine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.models.verdict import Bounds


def test_score_verdict_model_date_and_link(engine: Engine, cat: ImageInput) -> None:
    made = engine.ask(Explain(cat, "A brown cat with green eyes"))
    told = about(made, link="http://here/?photo=x").to_dict()
    assert told["answer"].startswith(f"Match {made.score:.0%} · The text describes the photo")
    assert "vtviz-base" in told["model"] and made.weights_sha256[:12] in told["model"]
    assert told["date"] == date.today().isoformat() and told["link"] == "http://here/?photo=x"
    assert "描述" in about(made, "zh").answer


def test_a_guess_and_a_score_without_a_threshold_are_said_as_such(engine: Engine, cat: ImageInput) -> None:
    made = engine.ask(Explain(cat, "A cat with a theodolite"))
    assert "theodolite" in about(made).answer
    uncalibrated = replace(made, threshold=None, bounds=None, score_kind="similarity", score=0.2468)
    assert about(uncalibrated).answer.startswith("Similarity 0.247 · ") and "threshold" in about(uncalibrated).answer


@pytest.mark.parametrize(
    ("text", "judged", "said"),
    [
        ("A brown cat", 0.9, "The text describes the photo."),
        ("A brown cat", 0.1, "The text does not describe the photo."),
        ("A brown cat", 0.5, "neither clear nor clearly missing"),
        ("A brown cat", None, "names nothing"),
        ("A cat with a theodolite", 0.9, "as far as the model knows its words"),
        ("A cat with a theodolite", 0.5, "rare or unseen in training (“theodolite”)"),
    ],
)
def test_a_verdict_of_three_answers_says_why_it_is_not_sure(
    engine: Engine, cat: ImageInput, text: str, judged: float | None, said: str
) -> None:
    made = replace(engine.ask(Explain(cat, text)), bounds=Bounds(low=0.2, high=0.8), judged_score=judged)
    assert said in about(made).answer
    assert "{" not in about(made, "zh").answer
