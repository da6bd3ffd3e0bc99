"""Whether the order of methods depends on fill and steps, on rows written by hand and on the small network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.audit.conftest import SETTINGS
from tests.audit.made import made_report
from vtviz.attribution.attribute import attribute_case
from vtviz.attribution.case import Case
from vtviz.attribution.masked import FILLS, Masked
from vtviz.audit.report.choices import choice_order
from vtviz.audit.report.html import to_html
from vtviz.audit.rows.choices import choice_values, choices_of, masks_of
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import Settings, settings_from
from vtviz.inputs import ImageInput
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch

METHODS = ("raw_attention", "occlusion", "rise")
ASKED = Settings(("made",), METHODS, steps=4, choices=True)


def written(folder: Path, values: dict[str, list[list[float]]]) -> Path:
    store = RowStore(folder, (), ["choices"])
    for method, rows in values.items():
        for number, choices in enumerate(rows, 1):
            about: dict[str, Any] = {"model": "made", "method": method, "row": number, "image": "a", "text": "t"}
            store.add([{**about, "status": "ok", "choices": choices}])
    store.join()
    return store.whole


def test_an_order_that_changes_is_told(tmp_path: Path) -> None:
    insertion = {"raw_attention": [0.5] * 6, "occlusion": [0.6, 0.6, 0.6, 0.4, 0.4, 0.6], "rise": [0.1] * 6}
    deletion = {"raw_attention": [0.3] * 6, "occlusion": [0.2] * 6, "rise": [0.5] * 6}
    values = {name: [[*insertion[name], *deletion[name]]] * 2 for name in METHODS}
    values["rise"].append([float("nan")] * 12)  # rows that not all methods have
    values["occlusion"].append([9.0] * 12)
    values["raw_attention"].append([9.0] * 12)
    found = choice_order(written(tmp_path, values), "made", METHODS, ASKED)
    assert found is not None and found["rows"] == 2
    assert found["deletion"]["same"] and found["deletion"]["best"] == 1.0 and found["deletion"]["tau"] == 1.0
    assert found["deletion"]["choices"][0]["order"] == ["occlusion", "raw_attention", "rise"]  # lower is better
    changed = found["insertion"]
    assert not changed["same"] and changed["best"] == pytest.approx(4 / 6)
    assert changed["tau"] == pytest.approx(1 / 3)  # one of three pairs is the other way round
    assert [(row["fill"], row["steps"]) for row in changed["choices"]] == [(f, s) for f in FILLS for s in (4, 8)]
    assert changed["choices"][3]["order"][0] == "raw_attention" and changed["choices"][0]["means"]["rise"] == 0.1
    report = made_report(tmp_path)
    assert "τ" not in to_html(report, {})
    report["summary"]["choices"] = {"made": found}
    report["methods"] |= {name: {"label": name, "paper": "", "cost": ""} for name in METHODS}
    page = to_html(report, {})
    assert "best under 67% of the choices" in page and "same under all six choices" in page
    assert "67% 的选择下仍最好" in to_html(report, {}, "zh")


def test_values_are_those_of_separate_audits_and_passes_are_shared(tiny: VtvizBase, photo: ImageInput) -> None:
    case, asked = Case(tiny, photo, ["a dog runs"]), Settings(("tiny",), ("raw_attention",), steps=4, choices=True)
    scores = attribute_case(case, "raw_attention")[0].image.ravel()
    masked = Masked(case, "blur", Watch())
    masks = masks_of(case, masked)
    assert masks["blur"] is masked
    values = dict(zip(choices_of(asked), choice_values(masks, scores, asked), strict=True))
    ranked = np.argsort(-scores, kind="stable")
    for (name, fill, steps), value in values.items():
        own, curve = Masked(case, fill, Watch()), []
        for step in range(steps + 1):
            kept = np.zeros(16, bool)
            kept[ranked[: round(16 * step / steps)]] = True
            curve.append(float(own.without_patches((kept if name == "insertion" else ~kept)[None])[0]))
        expected = (sum(curve) - (curve[0] + curve[-1]) / 2) / steps
        assert value == pytest.approx(expected, abs=1e-5)
    known = len(masked._known)
    assert known == 2 + 7 + 7  # none and all, and seven sets of patches each way: those of 4 steps are among those of 8
    assert np.isnan(choice_values(masks, np.zeros(16), asked)).all()


def test_only_audits_that_ask_have_them(tmp_path: Path) -> None:
    assert "choices" not in SETTINGS.to_dict() and settings_from(ASKED.to_dict()) == ASKED
    assert "choices" in ASKED.extras and "choices" not in made_report(tmp_path)["summary"]
    assert choice_order(written(tmp_path, {"rise": [[0.5] * 12]}), "made", ("rise",), ASKED) is None
