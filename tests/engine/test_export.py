"""The table of token scores."""

import csv
import io

import pytest

from vtviz.engine.engine import Engine
from vtviz.engine.export import token_scores
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput


def test_a_row_a_piece_and_no_formulas(engine: Engine, cat: ImageInput) -> None:
    text = "a cat =1+1 @home"
    explanation = engine.ask(Explain(cat, text))
    rows = list(csv.DictReader(io.StringIO(token_scores(explanation).decode("utf-8-sig"))))
    assert len(rows) == len(explanation.tokens.pieces)
    assert {"'=", "'+", "'@"} <= {row["text"] for row in rows}
    for row, score in zip(rows, explanation.relevance.tokens, strict=True):
        assert not row["text"].startswith(("=", "+", "-", "@"))
        assert text[int(row["start"]) : int(row["end"])] == row["text"].removeprefix("'")
        assert float(row["relevance"]) == pytest.approx(float(score), rel=1e-8)
