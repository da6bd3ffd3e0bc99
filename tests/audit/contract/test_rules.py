"""Rules: read, judged by the ends of intervals, told to build servers."""

import xml.etree.ElementTree as ET
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.audit.made import SETTINGS, made_report, rows_of
from vtviz.audit.contract.contract import NO_CONTRACT, Contract
from vtviz.audit.contract.judgement import judge
from vtviz.audit.contract.junit import to_junit
from vtviz.audit.contract.rules import Rules, read_rules
from vtviz.inputs import InputError


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return made_report(tmp_path_factory.mktemp("report"))


def rules(folder: Path, *tables: str) -> Rules:
    (folder / "rules.toml").write_text("".join(f"[[rule]]\n{table}\n" for table in tables))
    return read_rules(folder / "rules.toml")


def verdicts(folder: Path, report: dict[str, Any], *tables: str) -> list[str]:
    return [outcome["verdict"] for outcome in judge(rules(folder, *tables), report)["outcomes"]]


def test_the_end_of_the_interval_decides_and_not_the_mean(tmp_path: Path, report: dict[str, Any]) -> None:
    figure = report["summary"]["metrics"]["made"]["raw_attention"]["insertion"]
    between = (figure["low"] + figure["mean"]) / 2
    table = 'metric = "insertion"\nat_least = {}\nat_most = {}'
    assert verdicts(tmp_path, report, table.format(between, figure["high"])) == ["failed", "passed"]
    assert verdicts(tmp_path, report, table.format(figure["low"], figure["mean"])) == ["passed", "failed"]


def test_the_model_groups_gaps_and_answers_have_rules(tmp_path: Path, report: dict[str, Any]) -> None:
    tables = (
        'metric = "accuracy"\nat_least = 0.6',
        'metric = "accuracy"\ngroup = "*"\nat_least = 0.95',
        'metric = "insertion"\ngap_at_most = 0.2',
        'metric = "insertion"\ngap_at_most = 0.5\nmethod = "raw_attention"\nmodel = "made"',
        'metric = "pointing"\nanswers = "right"\nat_least = 0.5',
    )
    assert verdicts(tmp_path, report, *tables) == ["passed", "failed", "failed", "failed", "passed", "passed"]
    outcomes = judge(rules(tmp_path, *tables), report)["outcomes"]
    assert [outcome["group"] for outcome in outcomes[1:3]] == ["a", "b"] and outcomes[4]["rows"] == 40


def test_what_cannot_be_judged_is_not_met(tmp_path: Path, report: dict[str, Any]) -> None:
    tables = (
        'metric = "auc"\nat_least = 0.1',  # no wrong texts
        'metric = "insertion"\ngroup = "nobody"\nat_least = 0.0',
        'metric = "insertion"\nanswers = "wrong"\nat_least = 0.0',  # 8 rows
        'metric = "insertion"\nanswers = "wrong"\nat_least = 0.0\nrows = 8',
    )
    judged = judge(rules(tmp_path, *tables), report)
    assert [outcome["verdict"] for outcome in judged["outcomes"]] == ["not_measured"] * 3 + ["passed"]
    assert not judged["met"]


def test_build_servers_read_which_rule_failed(tmp_path: Path, report: dict[str, Any]) -> None:
    tables = (
        'name = "No <dog> left\\u0007"\nmetric = "insertion"\nat_least = 0.99',
        'metric = "insertion"\nat_least = 0.0',
        'metric = "auc"\nat_least = 0.1',
    )
    suite = ET.fromstring(to_junit(judge(rules(tmp_path, *tables), report)))[0]
    assert suite.attrib == {"name": "vtviz audit", "tests": "3", "failures": "1", "errors": "1"}
    failed = [case for case in suite if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == ["No <dog> left · insertion ≥ 0.99"]
    assert failed[0].get("classname") == "made.raw_attention" and suite[2].find("error") is not None


def test_terms_are_kept_beside_the_report_and_leave_with_them(tmp_path: Path, report: dict[str, Any]) -> None:
    contract = Contract(rules=rules(tmp_path, 'metric = "insertion"\nat_least = 0.0'))
    folder = tmp_path / "out"
    folder.mkdir()
    contract.save(folder, report | contract.to_dict(report))
    assert (folder / "rules.toml").read_bytes() == (tmp_path / "rules.toml").read_bytes()
    assert b'failures="0"' in (folder / "junit.xml").read_bytes()
    NO_CONTRACT.save(folder, report | NO_CONTRACT.to_dict(report))
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold rules"),
        ("rule = 1", "must hold rules"),
        ("rule = [1]", "has the key –"),
        ("[[rule]]\nmetric = 'pointing'\nat_least = 1\n[other]", "must hold rules"),
        ("[[rule]]\nmetrics = 'pointing'", "Rule 1 has the key metrics"),
        ("[[rule]]\nmetric = 'pointing'", "Rule 1 needs a metric and a bound"),
        ("[[rule]]\nat_least = 1", "Rule 1 needs a metric and a bound"),
        ("[[rule]]\nmetric = 'pointing'\nat_least = '1'", "the value of at_least is not valid"),
        ("[[rule]]\nmetric = 'pointing'\nat_least = 1\nrows = 0", "the value of rows is not valid"),
        ("[[rule]]\nmetric = 'magic'\nat_least = 1", "no metric called magic"),
        ("[[rule]]\nmetric = 'pointing'\nmethod = 'magic'\nat_least = 1", "no method called magic"),
        ("[[rule]]\nmetric = 'auc'\nmethod = 'rollout'\nat_least = 1", "is about the model, which has no method"),
        ("[[rule]]\nmetric = 'iou'\nanswers = 'good'\nat_least = 1", "answers must be right or wrong"),
        ("[[rule]]\nmetric = 'iou'\nanswers = 'right'\ngroup = 'a'\nat_least = 1", "make two rules of it"),
        ("[[rule]]\nmetric = 'f1'\ngap_at_most = 1", "of the model only the accuracy"),
        ("[[rule]]\nmetric = 'iou'\nat_least = -inf", "the value of at_least is not valid"),
        ("[[rule]]\nmetric = 'iou'\nat_most = nan", "the value of at_most is not valid"),
        (f"[[rule]]\nmetric = 'iou'\nat_least = 1{'0' * 400}", "the value of at_least is not valid"),
        (f"[[rule]]\nmetric = 'iou'\nat_least = 0.5\nrows = 1{'0' * 30}", "the value of rows is not valid"),
        ("[[rule]]\nmetric = 'iou'\nat_least = 0.9\nat_most = 0.1", "nothing could meet it"),
        ("[[rule]]\nmetric = 'auc'\nat_least = -0.5", "at_least must lie between 0 and 1, as auc does"),
    ],
)
def test_what_is_no_rule_gets_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_rules(tmp_path / "rules.toml")


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ('metric = "energy"', "about the metric"),
        ('metric = "iou"\nmodel = "other"', "about the metric"),
        ('metric = "auc"\nmodel = "x"', "about the model"),
        ('metric = "auc"', "needs texts that do not describe"),
        ('metric = "pointing"\ngroup = "aa"', "about the group aa"),
        ('metric = "pointing"\ngroup = "a"', None),
    ],
)
def test_a_rule_that_an_audit_could_never_judge_is_refused_before_it_runs(
    tmp_path: Path, about: str, message: str | None
) -> None:
    rows = rows_of(tmp_path, 4).rows
    with pytest.raises(InputError, match=message) if message else nullcontext():
        rules(tmp_path, f"{about}\nat_least = 0").check(SETTINGS, rows)
    with pytest.raises(InputError, match="compares groups, but the manifest has 1"):
        rules(tmp_path, 'metric = "pointing"\ngap_at_most = 0.1').check(SETTINGS, rows[:1])


def test_a_group_of_few_photos_and_few_photos_with_many_texts_are_not_judged(tmp_path: Path) -> None:
    values = {"pointing": lambda number, _: float(number % 6 > 0)}
    groups = ["tiny", *["a", "b"] * 2, "a"]
    made = made_report(tmp_path, 20, values=values, groups=groups, wrong=lambda n: [0.1] * 20)  # type: ignore[arg-type]
    judged = judge(rules(tmp_path, 'metric = "pointing"\ngap_at_most = 0.9'), made)
    outcome = judged["outcomes"][0]
    assert outcome["verdict"] == "not_measured" and outcome["left_out"] == ("tiny",) and not judged["met"]
    assert b"too few photos to compare: tiny" in to_junit(judged)
    few = judge(rules(tmp_path, 'metric = "accuracy"\nat_least = 0.1\nrows = 21'), made)["outcomes"][0]
    assert few["rows"] == 20 and few["verdict"] == "not_measured"  # of 420 pairs
