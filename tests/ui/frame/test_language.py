"""Every language says the same things."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from vtviz.paths import ASSETS
from vtviz.sentences import LANGUAGES, catalogue
from vtviz.ui.frame.language import plain

ROOT = ASSETS.parent


def read(file: Path) -> list[str]:
    """The keys of a file, also those that stand twice."""
    return [key for key, _ in json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)]


def fields(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_all_languages_have_the_same_sentences_with_the_same_fields() -> None:
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert other.keys() == english.keys()
        assert {key: fields(other[key]) for key in other} == {key: fields(english[key]) for key in english}


def test_every_key_stands_once_and_in_the_same_file_of_every_language() -> None:
    def places(language: str) -> list[tuple[str, str]]:
        folder = ASSETS / "lang" / language
        return [(str(file.relative_to(folder)), key) for file in sorted(folder.rglob("*.json")) for key in read(file)]

    english = places("en")
    assert len({key for _, key in english}) == len(english) == len(catalogue("en"))
    assert all(places(language) == english for language in LANGUAGES)


def test_every_sentence_that_is_asked_for_by_name_exists() -> None:
    files = [*ROOT.glob("pages/*.py"), *ROOT.glob("vtviz/ui/**/*.py")]
    asked = {key for file in files for key in re.findall(r'say\("([a-z_.]+)"', file.read_text(encoding="utf-8"))}
    assert len(asked) > 20 and asked <= catalogue("en").keys()


def test_a_persons_text_is_no_markdown() -> None:
    marked = plain("![x](http://y) *a* :red[b] 猫").replace("\u2060", "")
    assert marked == r"\!\[x\]\(http\:\/\/y\) \*a\* \:red\[b\] 猫"


@pytest.mark.parametrize(
    "text", ["http://evil.example/x", "HTTPS://a.b", "see www.evil.example", "a.b+c@x.org", "x@y.z@w.v"]
)
def test_a_persons_text_is_no_link(text: str) -> None:
    """Streamlit's Markdown looks for addresses once backslashes are gone; these are the patterns of mdast."""
    shown = re.sub(r"\\(.)", r"\1", plain(text))
    assert shown.replace("\u2060", "") == text
    assert not re.search(r"(https?://|www(?=\.))([-.\w]+)", shown, re.IGNORECASE)
    assert not re.search(r"[-.\w+]+@[-\w]+(?:\.[-\w]+)+", shown)
