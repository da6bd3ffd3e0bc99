"""Damage that others do to an audit: its rows, its folder, its report, the models of other packages."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vtviz.audit.audit import run_audit
from vtviz.audit.replay import replay
from vtviz.audit.report.files import archive, stored_report
from vtviz.audit.rows.store import RowStore
from vtviz.audit.settings import Settings
from vtviz.engine import local
from vtviz.engine.cache import Kept
from vtviz.engine.local import Bench, LocalEngine
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.inputs import ImageInput, InputError
from vtviz.manifests.read import read_manifest
from vtviz.models import plugins
from vtviz.models.base import ModelError
from vtviz.models.registry import load_model, model_info, model_infos
from vtviz.models.vtviz_base import family
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Cancelled

GOOD = {"image": "images/0.png", "text": "a dog"}


@pytest.mark.parametrize("error", [OSError("disk"), TypeError("x"), KeyError("y"), RecursionError(), IndexError()])
def test_whatever_a_row_raises_fails_that_row_alone(
    written: Any, data: Path, door: Any, settings: Settings, error: Exception
) -> None:
    def sometimes(request: Any, watch: Any) -> Any:
        if getattr(getattr(request, "row", None), "number", 0) == 1:
            raise error
        return door(request, watch)

    manifest = written("\n".join(json.dumps({**GOOD, "image": f"images/{i}.png"}) for i in range(2)))
    rows = run_audit(manifest, settings, data / "out", sometimes)["summary"]["rows"]["tiny"]
    assert (rows["measured"], rows["failed"]) == (1, 1)


def test_a_cancelled_row_still_cancels(written: Any, data: Path, door: Any, settings: Settings) -> None:
    def cancelled(request: Any, watch: Any) -> Any:
        if hasattr(request, "row"):
            raise Cancelled
        return door(request, watch)

    with pytest.raises(Cancelled):
        run_audit(written(json.dumps(GOOD)), settings, data / "out", cancelled)


@pytest.mark.parametrize(
    "image", ["/dev/zero", "images", "a\u0000b", "loop.png", "https://example.org/a.jpg", "x" * 400]
)
def test_a_photo_that_is_no_file_is_the_reason_of_its_row(
    written: Any, data: Path, door: Any, settings: Settings, image: str
) -> None:
    (data / "loop.png").symlink_to(data / "loop.png")
    report = run_audit(
        written(json.dumps({**GOOD, "image": image}) + "\n" + json.dumps(GOOD)), settings, data / "o", door
    )
    assert report["summary"]["rows"]["tiny"]["failed"] == 1 and len(report["summary"]["failures"]) == 1


def test_names_that_are_no_text_reach_the_disk(tmp_path: Path) -> None:
    store = RowStore(tmp_path, ("coverage",))
    store.add([{"model": "m", "method": "x", "row": 1, "image": "a\udcff.png", "text": "\ud800", "reason": "\udc00"}])
    store.join()
    assert store.whole.is_file()


def test_a_part_that_was_removed_is_not_written_over(tmp_path: Path) -> None:
    store = RowStore(tmp_path, ())
    for number in range(3):
        store.add([{"model": "m", "method": "x", "row": number, "status": "ok"}])
        store.flush()
    (tmp_path / "parts" / "000000.parquet").unlink()
    store.add([{"model": "m", "method": "x", "row": 9, "status": "ok"}])
    store.flush()
    assert {row for _, row in store.done()} == {1, 2, 9}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: VtvizBase) -> Path:
    """A folder of an audit that is done, with its manifest beside it."""
    root = tmp_path_factory.mktemp("audit")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(root / "a.png")
    (root / "m.jsonl").write_text(json.dumps({"image": "a.png", "text": "a dog"}))
    bench = Bench("tiny", tiny.device, Kept(8), Kept(1))
    settings = Settings(("tiny",), ("raw_attention",), metrics=("coverage",), probes=1)
    manifest = read_manifest(root / "m.jsonl")
    run_audit(manifest, settings, root / "out", lambda request, watch: request.answer(tiny, bench, watch))
    return root


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff" * 50, b"[" * 100_000, b'{"probes": 1, "found": 3}']
)
@pytest.mark.parametrize("name", ["rows.parquet", "checks.json", "audit.json", "report.json"])
def test_a_damaged_folder_is_mended_or_named(
    finished: Path, tmp_path: Path, door: Any, name: str, content: bytes
) -> None:
    shutil.copytree(finished / "out", tmp_path / "out")
    (tmp_path / "out" / name).write_bytes(content)
    settings = Settings(("tiny",), ("raw_attention",), metrics=("coverage",), probes=1)
    try:
        report = run_audit(read_manifest(finished / "m.jsonl"), settings, tmp_path / "out", door)
    except InputError:
        assert name in ("rows.parquet", "audit.json")
    else:
        assert report["summary"]["rows"]["tiny"]["measured"] == 1 and stored_report(tmp_path / "out")


def test_a_damaged_report_is_named(finished: Path, tmp_path: Path) -> None:
    for name in ("report.json", "rows.parquet", "report.html"):
        shutil.copytree(finished / "out", tmp_path / name)
        assert archive(tmp_path / name)
        (tmp_path / name / name).unlink()
        with pytest.raises(InputError, match="incomplete or damaged"):
            archive(tmp_path / name)
    for content in (b"", b"[]", b"3", b"\xff", b"[" * 10**5):
        (tmp_path / "report.json" / "report.json").write_bytes(content)
        with pytest.raises(InputError, match="incomplete or damaged"):
            stored_report(tmp_path / "report.json")


def test_a_report_from_elsewhere_downloads_nothing(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = json.loads((finished / "out" / "report.json").read_text())
    report["settings"]["models"] = ["open_clip:hf-hub:someone/something"]
    (tmp_path / "report.json").write_text(json.dumps(report))

    def refuse(request: object, watch: object) -> None:
        raise AssertionError("a model was asked")

    with pytest.raises(InputError, match="which is not on this machine"):
        replay(tmp_path / "report.json", tmp_path / "out", refuse)


@pytest.mark.parametrize("number", [10**12, 2**31])
def test_settings_beyond_every_machine_are_refused(number: int) -> None:
    with pytest.raises(InputError):
        replace(Settings(), steps=number)


class Odd:
    """A family of another package that does something wrong."""

    def __init__(self, infos: Any = None, load: Any = None) -> None:
        self._infos, self._load = infos, load

    def infos(self) -> Any:
        return self._infos()

    def load(self, name: str, device: torch.device) -> Any:
        return self._load() if name == "odd" else None


def leave() -> None:
    raise SystemExit(3)


def fail() -> None:
    raise KeyError("no such thing")


@pytest.mark.parametrize("infos", [leave, fail, lambda: None, lambda: 3, lambda: [None, 5, SimpleNamespace(name=3)]])
def test_a_plug_in_that_fails_costs_only_its_own_models(infos: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_registered", [Odd(infos, leave if infos is leave else fail)])
    assert "vtviz-base" in {info.name for info in model_infos()}
    assert model_info("vtviz-base") is not None and model_info("odd") is None
    with pytest.raises(ModelError, match=r"The plug-in for odd failed: "):
        load_model("odd")
    with pytest.raises(ModelError, match="no model called nothing"):
        load_model("nothing")


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("can't allocate memory"), OSError(12, "Cannot allocate memory")]
)
@pytest.mark.parametrize("kind", [WriteCaptions, AnswerQuestion])
def test_memory_that_runs_out_in_captions_and_answers_is_told(
    tiny: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch, kind: Any, error: Exception
) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(local, "load_model", lambda name, device: tiny)
    monkeypatch.setattr(VtvizBase, "encode_image", full)
    engine = LocalEngine("cpu")
    try:
        with pytest.raises(ModelError, match="out of memory"):
            engine.ask(kind(photo, "is it?", "tiny") if kind is AnswerQuestion else kind(photo, "tiny"))
    finally:
        engine.close()


def test_memory_that_runs_out_while_a_model_loads_is_no_damage(
    monkeypatch: pytest.MonkeyPatch, photo: ImageInput
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(family, "load_weights", full)
    engine = LocalEngine("cpu")
    try:
        with pytest.raises(ModelError, match="out of memory"):
            engine.ask(WriteCaptions(photo))
    finally:
        engine.close()
