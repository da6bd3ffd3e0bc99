"""The page for a person concerned, by hand and with the small network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vtviz.audit.contract.sheets.decision import Decide, Decision
from vtviz.audit.contract.sheets.person import check_sheets, sheet_html
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench
from vtviz.engine.messages import decode_answer, decode_request, encode, encode_request
from vtviz.inputs import ImageInput, InputError
from vtviz.manifests.read import Row
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch

WORDS = ("a", "red", "dog")
DECISION = Decision(0.9, 0.5, WORDS, (0.95, 0.7, 0.2), (0.0, 0.25, 0.5, 1.0), (0.9, 0.6, 0.4, 0.1))


def test_what_carried_a_verdict_and_what_turns_it() -> None:
    assert DECISION.accepted and DECISION.carried == ["dog", "red"]
    assert DECISION.turning_words == ["dog"] and DECISION.turning_share == 0.5
    no = replace(DECISION, score=0.3, without_word=(0.3, 0.8, 0.1), without_photo=(0.3, 0.2, 0.2, 0.1))
    assert no.accepted is False and no.carried == ["red"] == no.turning_words and no.turning_share is None
    none = replace(DECISION, threshold=None)
    assert none.accepted is None and none.turning_words == [] and none.turning_share is None


@pytest.mark.parametrize(("language", "turning"), [("en", "Covering 50% of the photo"), ("zh", "遮住照片的 50%")])
def test_a_page_says_it_in_plain_words_and_escapes_the_text(language: str, turning: str) -> None:
    row = Row(3, Path("a.jpg"), "a <b>red</b> dog")
    accuracy = {"value": 0.8, "low": 0.71, "high": 0.9}
    summary = {"model": {"m": {"all": {"accuracy": accuracy}}}}
    page = sheet_html(row, DECISION, b"jpeg", "m", "raw_attention", summary, language)
    assert turning in page and "&lt;b&gt;red" in page and "<b>red" not in page and "71%" in page and "“dog”" in page
    other = sheet_html(row, replace(DECISION, threshold=None), b"jpeg", "m", "x", {"model": {}}, language)
    assert "71%" not in other and turning not in other


def test_the_scores_are_those_of_the_model(tiny: VtvizBase, photo: ImageInput) -> None:
    request = Decide("tiny", "raw_attention", photo, "a dog runs", "blur", 4)
    found = request.answer(tiny, Bench("tiny", tiny.device, Kept(8), Kept(1)), Watch())
    features = tiny.encode_image(photo)
    scores = tiny.match_logits(features, ["a dog runs"]).sigmoid(), tiny.match_logits(features, ["a runs"]).sigmoid()
    assert decode_answer(encode(found), decode_request(encode_request(request))) == found  # of an engine elsewhere
    assert found.words == ("a", "dog", "runs") and found.shares == (0.0, 0.25, 0.5, 0.75, 1.0)
    np.testing.assert_allclose((found.score, found.without_word[1]), [float(s) for s in scores], atol=1e-6)
    assert found.without_photo[0] == found.score and found.threshold == 0.5


def test_a_row_that_is_not_there_is_refused() -> None:
    rows = [Row(1, Path("a.jpg"), "a"), Row(2, Path("b.jpg"), "b")]
    assert check_sheets(rows, [2]) == [rows[1]]
    with pytest.raises(InputError, match=r"no row 3 in the manifest; its last row is 2"):
        check_sheets(rows, [3])
