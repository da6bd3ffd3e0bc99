"""The Python API as a program uses it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vtviz
from examples import own_model
from vtviz import Drop, Explanation, Hide, InputError, Intervention, Model, audit, explain, intervene, load
from vtviz.models import plugins, register
from vtviz.paths import ASSETS

CAT = ASSETS / "samples" / "chelsea.jpg"


@pytest.fixture(scope="module")
def model() -> Model:
    return load(device="cpu")


@pytest.fixture(scope="module")
def explanation(model: Model) -> Explanation:
    return model.explain(CAT, "a brown cat")


def test_importing_vtviz_imports_neither_torch_nor_numpy_nor_streamlit() -> None:
    code = "import sys, vtviz; print([name for name in ('torch', 'numpy', 'PIL', 'streamlit') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_every_public_name_is_there_and_no_other() -> None:
    names = vars(vtviz)["_NAMES"]
    stub = (Path(vtviz.__file__).with_suffix(".pyi")).read_text(encoding="utf-8")
    typed = {line.rpartition(" ")[2] for line in stub.splitlines() if line.startswith("from")}
    assert typed == {*names, "audit"} <= set(dir(vtviz))
    assert all(getattr(vtviz, name).__module__.startswith("vtviz") for name in names)
    with pytest.raises(AttributeError, match="no_such_name"):
        vtviz.no_such_name  # type: ignore[attr-defined]  # noqa: B018


def test_an_explanation_says_what_the_engine_found(model: Model, explanation: Explanation) -> None:
    assert explanation.words == ("a", "brown", "cat") and explanation.photo == "chelsea.jpg"
    assert explanation.score == explanation.full.score and explanation.verdict == "describes"
    assert explanation.word_maps.shape == (3, 20, 20) and explanation.image_map.shape == (20, 20)
    assert explanation.word_maps.max(axis=(1, 2)) == pytest.approx(1.0)
    assert explanation.word_scores.shape == (3,) and model.weights_sha256 == explanation.full.weights_sha256
    told = f"probability {explanation.score:.3f}, describes, by {explanation.method}"
    assert repr(explanation) == f"<Explanation of 'a brown cat': {told}>"


def test_a_photo_may_be_a_path_bytes_a_picture_or_an_array(model: Model, explanation: Explanation) -> None:
    pixels = np.asarray(Image.open(CAT))
    given = [str(CAT), CAT.read_bytes(), Image.open(CAT), pixels, explanation.full.image]
    scores = [model.explain(photo, "a brown cat").score for photo in given]
    assert scores == pytest.approx([explanation.score] * len(given), abs=1e-6)


def test_a_picture_is_turned_as_its_file_says(model: Model) -> None:
    turned, file = Image.open(CAT).transpose(Image.Transpose.ROTATE_90), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees to see it upright
    turned.save(file, "PNG", exif=exif)
    assert model.explain(Image.open(file), "a cat").full.image.pixels.shape == np.asarray(Image.open(CAT)).shape


@pytest.mark.parametrize("photo", [np.zeros((9, 9, 3)), np.zeros((9, 9), dtype=np.uint8), 7, "no-such-photo.jpg"])
def test_what_is_no_photo_is_said(model: Model, photo: Any) -> None:
    with pytest.raises(InputError, match="photo"):
        model.explain(photo, "a cat")


def test_the_word_of_a_picture_may_be_named_or_counted(explanation: Explanation) -> None:
    pictures = [explanation.picture(word).tobytes() for word in ("cat", "Cat", 2, -1)]
    assert len(set(pictures)) == 1 and explanation.picture().tobytes() not in pictures
    for word in ("dog", 3):
        with pytest.raises(InputError, match="a brown cat"):
            explanation.picture(word)


def test_in_a_notebook_the_lens_stands_in_a_frame_that_reaches_nothing_else(model: Model) -> None:
    shown = model.explain(CAT, 'a "cat" <b>& more')._repr_html_()
    head, _, rest = shown.partition('srcdoc="')
    page, _, tail = rest.partition('"')
    assert head == "<iframe " and 'sandbox="allow-scripts allow-downloads"' in tail and "<" not in page
    assert page.startswith("&lt;!doctype html&gt;") and tail.endswith("</iframe>") and tail.count("<") == 1


def test_saving_writes_what_the_command_line_writes(explanation: Explanation, tmp_path: Path) -> None:
    file = explanation.save(tmp_path / "out")
    assert json.loads(file.read_text(encoding="utf-8"))["tokens"][2]["text"] == "cat"
    names = {path.name for path in file.parent.iterdir()}
    assert names == {"explanation.json", "lens.html", "word-00-a.png", "word-01-brown.png", "word-02-cat.png"}


def test_changes_and_what_they_do(model: Model, tmp_path: Path) -> None:
    result = intervene(CAT, "a brown cat", Hide(boxes=((0, 0, 1, 0.9),)), Drop(1), model=model)
    assert isinstance(result, Intervention) and result.before.words[1] == "brown" and result.after.words == ("a", "cat")
    assert result.effect == pytest.approx(result.full.values[1] - result.full.values[0]) and result.effect < 0
    assert json.loads(result.save(tmp_path).read_text(encoding="utf-8"))["schema"] == "vtviz.interventions/1"
    assert result._repr_html_().count("<iframe") == 2


def test_targets_and_options_reach_the_method(model: Model) -> None:
    result = explain(CAT, "a cat", "rise", "similarity", samples=12, seed=3, window=5, model=model)
    assert result.to_dict()["options"] == {"samples": 12, "seed": 3, "window": 5}
    assert result.to_dict()["target"]["kind"] == "similarity"


def test_many_texts_are_explained_as_they_would_be_alone(model: Model) -> None:
    texts = ["a brown cat", "eyes"]
    found = model.explain_texts(CAT, texts, "attention_gradcam")
    assert [item.text for item in found] == texts and found[0].words == ("a", "brown", "cat")
    for item in found:
        alone = model.explain(CAT, item.text, "attention_gradcam")
        assert item.score == pytest.approx(alone.score, abs=1e-5) and item.score_kind == alone.score_kind
        np.testing.assert_allclose(item.word_maps, alone.word_maps, atol=1e-4)
        np.testing.assert_allclose(item.word_scores, alone.word_scores, atol=1e-5)
        assert item.picture(-1).size == alone.picture(-1).size
    with pytest.raises(InputError, match="at least one"):
        model.explain_texts(CAT, [])


def test_what_only_some_models_offer_is_asked_of_the_model(model: Model) -> None:
    with pytest.raises(InputError, match="each word on its own"):
        model.explain(CAT, "a cat", "relevancy", words_alone=True)
    with pytest.raises(InputError, match="Sink patches"):
        model.explain(CAT, "a cat", sinks=True)
    caption = explain(CAT, "a cat", "raw_attention", "caption:-1", subtract=True, model=model)
    assert caption.to_dict()["options"]["subtract"] == 1


def test_rows_become_a_manifest_and_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_registered", [*plugins._registered])
    register(own_model)
    monkeypatch.chdir(CAT.parent)
    rows = [{"image": name, "text": text} for name, text in (("chelsea.jpg", "a cat"), ("coffee.jpg", "a cup"))]
    report = audit(rows, tmp_path, model="own", metrics=["deletion"], steps=2, choices=True, device="cpu")
    assert report.values["settings"]["choices"] is True
    assert report.summary["rows"]["own"]["measured"] == 2
    assert report.page.is_file() and "2 of 2 rows of own" in repr(report)
    assert "srcdoc=" in report._repr_html_() and "deletion" in report.values["metrics"]


def test_rows_without_what_an_audit_needs_are_refused(model: Model, tmp_path: Path) -> None:
    for rows in ([{"text": "a cat"}], ["a cat"]):
        with pytest.raises(InputError, match="mappings with image"):
            audit(rows, tmp_path, model=model)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="language"):
        audit([], tmp_path, language="fr")


def test_the_package_of_audits_is_the_function_too() -> None:
    import inspect

    from vtviz.audit.settings import Settings

    assert Settings().steps == 8 and list(inspect.signature(audit).parameters)[:2] == ["rows", "output"]
    alone = "import vtviz; print(callable(vtviz.audit))"
    assert subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True).stdout == "True\n"
    assert os.path.dirname(str(audit.__file__)).endswith("audit")  # type: ignore[attr-defined]
