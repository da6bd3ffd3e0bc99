"""The guide to the methods says what the app says."""

from docs.methods import GUIDE, filled
from vtviz.attribution.registry import methods
from vtviz.sentences import LANGUAGES, catalogue


def test_the_guide_is_made_of_the_methods_and_the_sentences_of_the_app() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert filled(text) == text, "run python -m docs.methods"
    assert all(f"| `{name}` {method.cost}" in text for name, method in methods().items())


def test_every_method_says_what_it_answers_and_when_it_misleads_in_every_language() -> None:
    for language in LANGUAGES:
        for name in methods():
            assert catalogue(language)[f"method.{name}.about"] and catalogue(language)[f"method.{name}.misleads"]
