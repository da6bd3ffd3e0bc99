"""The list of cases names tests that exist, and sources that can be opened."""

import re

from vtviz.paths import ASSETS

LIST = ASSETS.parent / "docs" / "server" / "reliability.md"
SOURCE = re.compile(r"\[([\w.-]+/[\w.-]+)#(\d+)\]\(https://github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)\)")


def test_every_case_has_a_source_and_a_test() -> None:
    file, cases = "", 0
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("Tests: "):
            file = (ASSETS.parent / line.split("`")[1]).read_text(encoding="utf-8")
        elif line.startswith("| ") and not line.startswith(("| Case", "| ---")):
            _, case, source, before, test, _ = (cell.strip() for cell in line.split("|"))
            found = SOURCE.fullmatch(source)
            assert found is not None and (found[1], found[2]) == (found[3], found[4]), line
            assert case.endswith((".", "”.")) and before and f"def {test.strip('`')}(" in file, line
            cases += 1
    assert cases >= 20
