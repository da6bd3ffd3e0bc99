"""Every language says the same things."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from vtviz.paths import ASSETS
from vtviz.sentences import LANGUAGES, catalogue, gather
from vtviz.ui.frame.language import plain

ROOT = ASSETS.parent


def fields(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_all_languages_have_the_same_sentences_with_the_same_fields() -> None:
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert other.keys() == english.keys()
        assert {key: fields(other[key]) for key in other} == {key: fields(english[key]) for key in english}


def test_every_language_has_the_same_files_each_named_after_its_keys() -> None:
    names = {
        language: {
            file.relative_to(ASSETS / "lang" / language) for file in (ASSETS / "lang" / language).rglob("*.json")
        }
        for language in LANGUAGES
    }
    assert all(found == names["en"] for found in names.values())
    for name in names["en"]:
        keys = json.loads((ASSETS / "lang" / "en" / name).read_text(encoding="utf-8"))
        assert {key.split(".")[0] for key in keys} == {name.stem}


@pytest.mark.parametrize("other", ["one.json", "deeper/two.json"])
def test_a_key_that_stands_twice_is_refused(tmp_path: Path, other: str) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "one.json").write_text('{"a.b": "x"}', encoding="utf-8")
    assert gather(tmp_path) == {"a.b": "x"}
    twice = '{"a.b": "x", "a.b": "y"}' if other == "one.json" else '{"a.b": "y"}'
    (tmp_path / other).write_text(twice, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.b .* twice"):
        gather(tmp_path)


def test_every_sentence_that_is_asked_for_by_name_exists() -> None:
    files = [*ROOT.glob("pages/*.py"), *ROOT.glob("vtviz/ui/*.py")]
    asked = {key for file in files for key in re.findall(r'say\("([a-z_.]+)"', file.read_text(encoding="utf-8"))}
    assert len(asked) > 20 and asked <= catalogue("en").keys()


def test_a_persons_text_is_no_markdown() -> None:
    assert plain("![x](http://y) *a* :red[b] 猫") == r"\!\[x\]\(http\:\/\/y\) \*a\* \:red\[b\] 猫"
