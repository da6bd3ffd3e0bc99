"""Every language says the same things."""

import json
import re
from collections import Counter
from string import Formatter

from vtviz.paths import ASSETS
from vtviz.sentences import LANGUAGES, catalogue
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


def test_no_key_stands_twice_and_every_language_has_the_same_files() -> None:
    shapes = []
    for language in LANGUAGES:
        folder = ASSETS / "lang" / language
        files = sorted(folder.rglob("*.json"))
        shapes.append([file.relative_to(folder) for file in files])
        pairs = [json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list) for file in files]
        twice = [key for key, count in Counter(key for file in pairs for key, _ in file).items() if count > 1]
        assert not twice, f"{language}: {twice}"
    assert all(shape == shapes[0] for shape in shapes)


def test_every_sentence_that_is_asked_for_by_name_exists() -> None:
    files = [*ROOT.glob("pages/*.py"), *ROOT.glob("vtviz/ui/**/*.py")]
    asked = {key for file in files for key in re.findall(r'say\("([a-z_.]+)"', file.read_text(encoding="utf-8"))}
    assert len(asked) > 20 and asked <= catalogue("en").keys()


def test_a_persons_text_is_no_markdown() -> None:
    assert plain("![x](http://y) *a* :red[b] 猫") == r"\!\[x\]\(http\:\/\/y\) \*a\* \:red\[b\] 猫"
