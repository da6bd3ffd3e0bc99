"""Two audits side by side: what moved, what flipped, what differs."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.audit.made import METHOD, made_report
from vtviz.audit.contract.compare import changed, compare
from vtviz.audit.contract.compare_html import comparison_html, write_comparison
from vtviz.audit.contract.contract import read_contract
from vtviz.inputs import InputError


def write(folder: Path, **changes: Any) -> tuple[Path, dict[str, Any]]:
    folder.mkdir()
    report = made_report(folder, **changes)
    path = folder / "out" / "report.json"
    path.write_bytes(orjson.dumps(report))
    return path, json.loads(path.read_bytes())


def test_equal_audits_do_not_differ(tmp_path: Path) -> None:
    (old, _), (new, _) = write(tmp_path / "one"), write(tmp_path / "two")
    found = compare(old, new)
    assert not changed(found) and found["compared"] > 5 and not any(found["differences"].values())
    assert found["flipped"] == [{"model": "made", "both": 40, "count": 0, "rows": [], "lost": 0, "lost_rows": []}]


def test_what_moved_beyond_its_intervals_and_what_flipped_is_listed(tmp_path: Path) -> None:
    old, _ = write(tmp_path / "one")
    values = {"insertion": lambda n, _: 0.1 + 0.01 * (n % 3), "pointing": lambda n, _: float(n % 4 > 0)}
    new, _ = write(tmp_path / "two", values=values, score=lambda n: 0.2 if n % 5 == 0 or n == 7 else 0.9)
    found = compare(old, new)
    moved = [(i["method"], i["metric"], i["group"], i["answers"], i["better"]) for i in found["moved"] if not i["kind"]]
    assert moved[:3] == [(METHOD, "insertion", group, "", False) for group in ("", "a", "b")]
    assert {item[3] for item in moved[3:]} == {"right", "wrong"}
    assert [(item["kind"], item["metric"], item["better"]) for item in found["moved"][5:]] == [
        ("gap", "insertion", True)
    ]
    (flips,) = found["flipped"]
    assert flips["count"] == 1 and flips["rows"] == [
        {"row": 7, "text": "text 7", "image": "7.jpg", "old": 0.9, "new": 0.2}
    ]
    page = comparison_html(found, "en")
    assert "6 of" in page and "text 7" in page and "worse" in page and "变动" in comparison_html(found, "zh")


def test_models_data_settings_versions_checks_and_rules_are_compared(tmp_path: Path) -> None:
    old, report = write(tmp_path / "one")
    (tmp_path / "rules.toml").write_text('[[rule]]\nmetric = "accuracy"\nat_least = 0.6')
    report |= read_contract(None, tmp_path / "rules.toml").to_dict(report)
    check = {"check": "text_swap", "verdict": "passed"}
    report["summary"]["sanity"]["made"][METHOD] = [check]
    old.write_bytes(orjson.dumps(report))
    other = deepcopy(report)
    other["models"][0] |= {"name": "made-2", "weights_sha256": "v" * 64}
    for part in ("metrics", "model", "sanity"):
        other["summary"][part] = {"made-2": other["summary"][part]["made"]}
    other["summary"]["groups"] = {}
    other["summary"]["sanity"]["made-2"][METHOD] = [{**check, "verdict": "failed"}]
    other["rules"]["outcomes"][0] |= {"model": "made-2", "verdict": "failed"}
    other["settings"]["seed"], other["versions"]["torch"] = 5, "9.9"
    other["inputs"]["sha256"] = "n" * 64
    (tmp_path / "two").mkdir()
    new = tmp_path / "two" / "report.json"
    new.write_bytes(orjson.dumps(other))
    found = compare(old, new)
    places = {subject: [item["place"] for item in items] for subject, items in found["differences"].items()}
    assert places == {
        "model": ["name", "made-2.weights_sha256"],
        "data": ["sha256"],
        "settings": ["seed"],
        "versions": ["torch"],
        "scope": [],
    }
    assert [(item["old"], item["new"]) for item in (*found["checks"], *found["rules"])] == [("passed", "failed")] * 2
    assert found["flipped"][0]["count"] is None and changed(found)  # the rows of the second are not there
    assert "made-2" in write_comparison(tmp_path / "out", found, "zh").read_text(encoding="utf-8")


def test_reports_of_earlier_versions_are_compared_by_the_same_weights(tmp_path: Path) -> None:
    old, report = write(tmp_path / "one")
    new, _ = write(tmp_path / "two", score=lambda n: 0.9)
    del report["models"][0]["threshold"], report["summary"]["model"]
    old.write_bytes(orjson.dumps(report))
    assert compare(old, new)["flipped"][0]["count"] == 8
    report["models"][0]["weights_sha256"] = "x" * 64
    old.write_bytes(orjson.dumps(report))
    assert compare(old, new)["flipped"][0]["count"] is None
    with pytest.raises(InputError, match="cannot be read"):
        compare(old, tmp_path / "none.json")


def test_planted_causes_people_gaps_and_rules_are_compared_too(tmp_path: Path) -> None:
    old, report = write(tmp_path / "one")
    other = deepcopy(report)
    rates = [{"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 60, "chance": 0.1} for mean in (0.83, 0.1)]
    outcome = {"metric": "accuracy", "model": "made", "method": "", "group": "", "answers": "", "bound": "at_least"}
    outcome |= {"name": "", "verdict": "passed", "needed": 10}
    for side, rate, limits in ((report, rates[0], (0.7, 0.9)), (other, rates[1], (0.6,))):
        side["summary"]["planted"] = {"made": {"kinds": {}, "methods": {METHOD: {"photo": rate}}}}
        side["people"] = {"with_map": rate, "trusted": {"with_map": None}}
        side["rules"] = {"outcomes": [{**outcome, "limit": limit} for limit in limits]}
        one = {"choices": [{"fill": "blur", "steps": 8, "order": [METHOD, "rollout"]}], "same": side is report}
        side["summary"]["choices"] = {"made": {"insertion": one}}
    other["summary"]["gaps"][2] |= {"gap": 0.6, "low": 0.5, "high": 0.7}
    old.write_bytes(orjson.dumps(report))
    new, _ = write(tmp_path / "two")
    new.write_bytes(orjson.dumps(other))
    found = compare(old, new)
    moved = {(item["kind"], item["metric"]): item["better"] for item in found["moved"]}
    assert moved == {("planted", "photo"): False, ("people", "with_map"): False, ("gap", "accuracy"): False}
    assert [(item["old_limit"], item["new_limit"]) for item in found["rules"]] == [(0.7, 0.6), (0.9, None)]
    assert [(item["old"]["same"], item["new"]["same"]) for item in found["orders"]] == [(True, False)]
    assert "no such rule" in comparison_html(found) and "找到照片中植入的原因" in comparison_html(found, "zh")


def test_nothing_in_common_is_no_agreement_and_damage_is_told(tmp_path: Path) -> None:
    old, report = write(tmp_path / "one")
    report["models"] = [{**report["models"][0], "name": name} for name in ("x", "y")]
    report["summary"] = {"metrics": {}}
    (tmp_path / "two").mkdir()
    new = tmp_path / "two" / "report.json"
    new.write_bytes(orjson.dumps(report))
    found = compare(old, new)
    assert found["compared"] == 0 and found["only_old"]["models"] == ["made"] and changed(found)
    assert "nothing to compare" in comparison_html(found) and found["only_new"]["models"] == ["x", "y"]
    report["summary"] = {"rows": {}}
    new.write_bytes(orjson.dumps(report))
    with pytest.raises(InputError, match="The report in two is incomplete or damaged"):
        compare(old, new)


def test_a_row_that_fails_now_is_listed(tmp_path: Path) -> None:
    (old, _), (new, _) = write(tmp_path / "one"), write(tmp_path / "two")
    rows = pq.read_table(new.parent / "rows.parquet").to_pylist()
    for row in rows:
        if row["row"] == 7:
            row |= {"status": "failed", "image_sha256": "", "score": None, "reason": "gone"}
    pq.write_table(pa.Table.from_pylist(rows), new.parent / "rows.parquet")
    (flips,) = (found := compare(old, new))["flipped"]
    assert flips["lost_rows"] == [{"row": 7, "image": "7.jpg", "text": "text 7", "reason": "gone"}] and changed(found)
    assert "failed now: 1" in comparison_html(found)
