"""Agreement of methods over rows, by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.audit.made import METHOD, made_report, rows_of
from vtviz.audit.report.agreement import method_agreement
from vtviz.audit.report.html import to_html
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import RANDOM, Settings, settings_from
from vtviz.metrics.agreement import agreements

METHODS = (METHOD, "rollout", "legrad")


def test_pairs_of_maps_stand_in_order() -> None:
    maps = list(np.random.default_rng(0).random((3, 4, 5)))
    found = agreements(maps)
    assert found[2] == pytest.approx(spearmanr(maps[0].ravel(), maps[2].ravel()).statistic)
    highest = [set(np.argsort(-each.ravel())[:4].tolist()) for each in maps]
    assert found[5] == pytest.approx(len(highest[1] & highest[2]) / len(highest[1] | highest[2]))
    assert agreements([np.ones((2, 2)), maps[0]]) == [None, None] and agreements(maps[:1]) == []


def test_means_and_the_rows_of_most_disagreement(tmp_path: Path) -> None:
    store = RowStore(tmp_path, (), ["agreement"])
    lists: list[list[float | None]] = [
        [0.5, 0.1, 0.2, 0.2, None, None],
        [0.7, 0.3, -0.4, 0.0, 0.9, 0.8],
        [0.3, 0.2, 0.8, 0.4, 0.1, 0.6],
        [0.9, 0.2, 0.9, 0.4, 0.9, 0.6],
    ]
    for row, values in zip(rows_of(tmp_path, 4).rows, lists, strict=True):
        about = {"model": "made", "method": RANDOM, "row": row.number, "image": row.image.name, "text": row.text}
        store.add([{**about, "status": "ok", "agreement": values}])
    store.join()
    found = method_agreement(store.whole, "made", METHODS)
    assert found is not None and found["rank"][0][1] == found["rank"][1][0] == pytest.approx(0.6)
    assert found["rank"][1][2] == pytest.approx((0.9 + 0.1 + 0.9) / 3) and found["overlap"][0][2] == pytest.approx(0.25)
    assert [(row["row"], row["methods"]) for row in found["rows"]] == [
        (2, [METHOD, "legrad"]),
        (3, ["rollout", "legrad"]),
        (1, [METHOD, "legrad"]),
    ]
    assert method_agreement(store.whole, "made", METHODS[:1]) is None
    report: dict[str, Any] = made_report(tmp_path)
    report["methods"] |= {name: report["methods"][METHOD] for name in METHODS}
    report["summary"]["agreement"] = {"made": found}
    assert "disagree most" in to_html(report, {}) and "−0.40" in to_html(report, {}, "zh")


def test_audits_of_earlier_versions_have_the_same_settings() -> None:
    assert "agreement" not in Settings().to_dict() and "wrong_texts" not in Settings().to_dict()
    settings = replace(Settings(), agreement=True, wrong_texts=2)
    assert settings_from(settings.to_dict()) == settings and settings.extras == ["wrong_scores", "agreement"]
