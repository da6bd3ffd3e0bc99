from docs.models import GUIDE, cell, columns, filled
from vtviz.attribution.registry import find_method


def test_the_table_says_what_models_and_methods_declare() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert filled(text) == text


def test_a_cell_names_the_targets() -> None:
    models = columns()
    assert cell(find_method("raw_attention"), models["CLIP, SigLIP"]) == ""
    assert cell(find_method("raw_attention"), models["BLIP (matching)"]) == "M"
    assert cell(find_method("rise"), models["vtviz-base"]) == "MSCA"
