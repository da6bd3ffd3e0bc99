"""What people bring stays text: in tables that spreadsheets open, in labels, and in every page that is exported."""

import csv
import io
import json
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from tests.evaluation.made import made
from tests.reliability.injections.corpus import ALL, AWAY, FORMULAS, NAMES, SVG, TEXTS, Elements
from vtviz.audit.audit import run_audit
from vtviz.audit.settings import Settings
from vtviz.engine.export import token_scores
from vtviz.engine.lens import lens_view, scene
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.stories import TellMoment
from vtviz.evaluation.report.html import to_html
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.evaluation.runs.export import to_csv
from vtviz.inputs import ImageInput, InputError, read_image
from vtviz.jobs.door import Door
from vtviz.manifests.read import read_manifest
from vtviz.render.lens.about import About
from vtviz.render.lens.page import lens_page
from vtviz.spreadsheets import as_cell
from vtviz.stories.moment import Moment, Story
from vtviz.stories.page import story_page
from vtviz.ui.frame.language import plain

INNOCENT = "a dog"


def begins_as_formula(cell: str) -> bool:
    """Whether a spreadsheet may run a cell: it looks at the first sign, wide or not, perhaps past blanks."""
    bare = unicodedata.normalize("NFKC", cell.strip("\ufeff\u200b \t\r\n\u3000"))
    return bare.startswith(("=", "+", "-", "@")) or cell.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_runs_in_a_spreadsheet(text: str) -> None:
    assert begins_as_formula(text) and not begins_as_formula(as_cell(text)) and as_cell(text) == f"'{text}"


def test_numbers_and_other_texts_are_written_as_they_are() -> None:
    for value in (-0.5, 3, "", "a dog", "12:30", "'=1", "a=b", "狗", "（x）"):
        assert as_cell(value) == value and type(as_cell(value)) is type(value)


def hostile(evaluation: Evaluation, texts: tuple[str, ...]) -> Evaluation:
    """An evaluation whose texts, photos, groups and columns are called so."""
    count = len(evaluation.texts)
    given = tuple(texts[index % len(texts)] for index in range(count))
    keys = tuple({**kept, "group": text, texts[0]: text} for kept, text in zip(evaluation.keys, given, strict=True))
    paths = tuple(str(Path("/photos") / text.replace("/", ":")) for text in given)
    return replace(evaluation, texts=given, keys=keys, paths=paths)


def test_the_table_of_an_evaluation_holds_no_formula(tmp_path: Path) -> None:
    evaluation = hostile(made(tmp_path), FORMULAS)
    rows = list(csv.reader(io.StringIO(to_csv(evaluation, 0.5).decode("utf-8-sig"))))
    assert len(rows) == 1 + len(evaluation.texts)
    texts = [cell for row in rows for index, cell in enumerate(row) if rows[0][index] != "score"]
    assert [cell for cell in texts if begins_as_formula(cell)] == []
    assert rows[1][1] == f"'{FORMULAS[0]}"


def test_the_table_of_an_explanation_holds_no_formula(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    made_of = tiny_engine.ask(Explain(photo, "\uff1dcmd a \uff20sum \uff0ddog +x", "tiny", "raw_attention"))
    rows = list(csv.reader(io.StringIO(token_scores(made_of).decode("utf-8-sig"))))[1:]
    assert rows and [row[0] for row in rows if begins_as_formula(row[0])] == []


@pytest.mark.parametrize("text", [*TEXTS, *NAMES])
def test_a_label_is_one_paragraph_of_text(text: str) -> None:
    """By another reader of Markdown than the page's: no element but the paragraph comes out of a person's text."""
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False}).disable("linkify")
    shown = Elements(parser.render(plain(" ".join(text.split()))))
    assert shown.elements == [("p", ())] and not shown.addresses


def test_an_svg_is_no_photo() -> None:
    with pytest.raises(InputError, match="not a JPEG, PNG"):
        read_image(SVG)


def audited(folder: Path, door: Door, settings: Settings, texts: list[str]) -> str:
    """The report of an audit of photos and groups with such texts."""
    folder.mkdir()
    names = []
    for index in range(len(texts)):
        names.append(f"{index}.png")
        pixels = np.random.default_rng(index).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        (folder / names[-1]).write_bytes(png(pixels))
    rows = [{"image": name, "text": f"a dog {text}", "group": text} for name, text in zip(names, texts, strict=True)]
    (folder / "m.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    run_audit(read_manifest(folder / "m.jsonl"), settings, folder / "out", door)
    return (folder / "out" / "report.html").read_text(encoding="utf-8")


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def kinds(page: str) -> set[tuple[str, tuple[str, ...]]]:
    return set(Elements(page).elements)


def leads_nowhere(page: str) -> bool:
    return all(address.startswith(("data:", "#")) for address in Elements(page).addresses)


def test_the_report_of_an_audit_has_the_same_elements_whatever_its_texts(
    tmp_path: Path, door: Door, settings: Settings
) -> None:
    usual = audited(tmp_path / "usual", door, settings, [f"dog {index}" for index in range(len(TEXTS))])
    odd = audited(tmp_path / "odd", door, settings, list(TEXTS))
    assert kinds(odd) == kinds(usual) and leads_nowhere(odd) and "leak.invalid" in odd
    assert "default-src 'none'" in odd and "<script" not in odd


def test_the_report_of_an_evaluation_has_the_same_elements_whatever_its_texts(tmp_path: Path) -> None:
    usual = made(tmp_path)
    pages = [to_html(hostile(usual, texts), 0.5) for texts in (("dog", "cat", "cow"), TEXTS[:12], TEXTS[12:])]
    assert kinds(pages[1]) == kinds(pages[2]) == kinds(pages[0]) and all(map(leads_nowhere, pages))
    assert AWAY in pages[1] and "default-src 'none'" in pages[1]


def test_a_lens_and_a_story_have_the_same_elements_whatever_their_texts(
    tiny_engine: LocalEngine, photo: ImageInput
) -> None:
    shapes: dict[str, Any] = {}
    moment = Moment(photo.sha256, INNOCENT, "tiny")
    view = lens_view(tiny_engine.ask(Explain(photo, INNOCENT, "tiny", "raw_attention")))
    shown = scene(tiny_engine.ask(TellMoment(moment, photo)), moment, "en")
    for text in (INNOCENT, ALL):
        about = About(text, text, text)
        lens = lens_page(view, text, text, about=about).decode()
        told = story_page(
            Story(text, "en", (replace(moment, text=text, note=text),)), [replace(shown, about=about, changes=(text,))]
        ).decode()
        for name, page in {"lens": lens, "story": told}.items():
            assert leads_nowhere(page) and "default-src 'none'" in page
            assert shapes.setdefault(name, Elements(page).elements) != [] and shapes[name] == Elements(page).elements
