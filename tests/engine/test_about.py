"""What an explanation says of itself where it leaves the app."""

from dataclasses import replace
from datetime import date

from vtviz.engine.about import about
from vtviz.engine.engine import Engine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput


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
    uncalibrated = replace(made, threshold=None, score_kind="similarity", score=0.2468)
    assert about(uncalibrated).answer.startswith("Similarity 0.247 · ") and "threshold" in about(uncalibrated).answer
