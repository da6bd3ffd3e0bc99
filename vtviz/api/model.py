"""A model at hand, and what can be asked of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from vtviz.api.explanation import Explanation
from vtviz.api.intervention import Intervention
from vtviz.api.photos import Photo, as_image, photo_name
from vtviz.api.report import Report, Rows, manifest_of
from vtviz.api.sinks import compare_sinks
from vtviz.api.texts import TextMaps, maps_of
from vtviz.attribution.masked import Fill
from vtviz.attribution.options import Options
from vtviz.audit.audit import run_audit
from vtviz.audit.contract.contract import read_contract
from vtviz.audit.settings import Settings
from vtviz.engine.engine import Engine
from vtviz.engine.remote.choose import open_engine
from vtviz.engine.requests.explain import Explain, ExplainTexts
from vtviz.engine.requests.interventions import Intervene
from vtviz.engine.requests.model import LoadedModel, LoadModel, ReadTarget
from vtviz.files import from_home
from vtviz.inputs import InputError
from vtviz.interventions.changes import Change
from vtviz.metrics.registry import DEFAULTS
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.sentences import LANGUAGES
from vtviz.watch import Watch


@dataclass(frozen=True, repr=False)
class Model:
    """A loaded model; ``load`` gives one.

    Attributes:
        name: its name, as ``python -m vtviz models`` lists it.
        weights_sha256: the sha256 of its weights.
        device: what it was asked to run on: ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    name: str
    weights_sha256: str
    device: str

    def explain(
        self,
        photo: Photo,
        text: str,
        method: str | None = None,
        target: str = "match",
        *,
        layer: int | None = None,
        head: int | None = None,
        samples: int | None = None,
        seed: int | None = None,
        window: int | None = None,
        subtract: bool = False,
        words_alone: bool = False,
        sinks: bool = False,
    ) -> Explanation:
        """What the model says of a photo and a text, and what led to it; see ``vtviz.explain``."""
        options = Options(layer, head, samples, seed, window, 1 if subtract else None)
        engine, told = _engine(self.device), list[str]()
        full = engine.ask(replace(self._asked(photo, text, method, target, options), alone=words_alone))
        found = compare_sinks(full, engine.ask, told.append) if sinks else None
        return Explanation(replace(full, notices=(*full.notices, *told)), photo_name(photo), found)

    def explain_texts(
        self,
        photo: Photo,
        texts: Sequence[str],
        method: str | None = None,
        target: str = "match",
        *,
        layer: int | None = None,
        head: int | None = None,
        samples: int | None = None,
        seed: int | None = None,
        window: int | None = None,
    ) -> list[TextMaps]:
        """What a method finds for each of several texts about one photo: up to rounding what ``explain`` finds for it.

        What does not depend on the text is computed once for all of them, which saves most with Grad-ECLIP and LeGrad
        on models such as CLIP (docs/performance.md has the figures). The arguments are those of ``vtviz.explain``.

        Raises:
            InputError: if the model or the method does not take what is given, or there is no text.
        """
        aim = _engine(self.device).ask(ReadTarget(target, self.name))
        options, image = Options(layer, head, samples, seed, window), as_image(photo)
        found = _engine(self.device).ask(ExplainTexts(image, tuple(texts), self.name, method, options, aim))
        return maps_of(found, image)

    def intervene(
        self, photo: Photo, text: str, *changes: Change, method: str | None = None, target: str = "match"
    ) -> Intervention:
        """What the model says before and after changes; see ``vtviz.intervene``."""
        asked = Intervene(self._asked(photo, text, method, target, Options()), changes)
        return Intervention(_engine(self.device).ask(asked), photo_name(photo))

    def _asked(self, photo: Photo, text: str, method: str | None, target: str, options: Options) -> Explain:
        aim = _engine(self.device).ask(ReadTarget(target, self.name))
        return Explain(as_image(photo), text, self.name, method, options, aim)

    def __repr__(self) -> str:
        return f"<Model {self.name} on {self.device}, weights {self.weights_sha256[:12]}>"


def load(model: str = DEFAULT_MODEL, device: str = "auto") -> Model:
    """Loads a model. It stays loaded, two per device, until the program ends.

    Args:
        model: a name, as ``python -m vtviz models`` lists them and docs/models.md explains.
        device: ``auto`` (the GPU where there is one), ``cpu``, ``cuda`` or ``mps``. Where ``VTVIZ_ENGINE`` names an
            engine elsewhere, it has its own.

    Raises:
        ModelError: if it cannot be loaded.
        InputError: if there is no such device.
    """
    loaded: LoadedModel = _engine(device).ask(LoadModel(model))
    return Model(loaded.name, loaded.weights_sha256, device)


def explain(
    photo: Photo,
    text: str,
    method: str | None = None,
    target: str = "match",
    *,
    model: str | Model = DEFAULT_MODEL,
    device: str = "auto",
    layer: int | None = None,
    head: int | None = None,
    samples: int | None = None,
    seed: int | None = None,
    window: int | None = None,
    subtract: bool = False,
    words_alone: bool = False,
    sinks: bool = False,
) -> Explanation:
    """What a model says of a photo and a text, and what led to it.

    Args:
        photo: a path, the bytes of a file, a picture of Pillow, or an array uint8 ``[height, width, 3]``.
        text: a sentence about the photo.
        method: an attribution method, as ``python -m vtviz methods`` lists them; None for the model's own.
        target: what is explained: ``match``, ``similarity``, ``caption:PLACE`` (a token of the text, from 0) or
            ``answer:WORDS``.
        model: its name, or what ``load`` gave.
        device: of a model that is given by name.
        layer: the layer of attention, from 0; None for the model's best.
        head: the head, from 0; None for the mean of all.
        samples: the number of random draws or steps, of methods that have them.
        seed: of the draws.
        window: the side of the square that is covered at a time, in patches.
        subtract: whether each word's map is to be without what earlier words explain (TAM), of attention methods on
            words of captions.
        words_alone: whether each word is explained as a text of its own, so that it has its own map: Grad-ECLIP, LeGrad
            and relevancy on models such as CLIP.
        sinks: whether to find patches that soak up attention as well, and to compare with a register in their place
            (CLIP): ``Explanation.sinks``.

    Raises:
        InputError: if the model or the method does not take what is given.
        ModelError: if the model cannot be loaded.
    """
    return _loaded(model, device).explain(
        photo,
        text,
        method,
        target,
        layer=layer,
        head=head,
        samples=samples,
        seed=seed,
        window=window,
        subtract=subtract,
        words_alone=words_alone,
        sinks=sinks,
    )


def intervene(
    photo: Photo,
    text: str,
    *changes: Change,
    method: str | None = None,
    target: str = "match",
    model: str | Model = DEFAULT_MODEL,
    device: str = "auto",
) -> Intervention:
    """What a model says before and after changes to the photo, the text or the network, made one after the other.

    Args:
        photo: as for ``explain``.
        text: a sentence about the photo.
        changes: ``Hide``, ``Only``, ``Move`` (photo), ``Drop`` (text), ``Without``, ``Cut``, ``Push`` (network).
        method: the attribution method of both heatmaps; None for the model's own.
        target: as for ``explain``.
        model: its name, or what ``load`` gave.
        device: of a model that is given by name.

    Raises:
        InputError: if the model does not offer a change, or there is nothing that it names.
        ModelError: if the model cannot be loaded.
    """
    return _loaded(model, device).intervene(photo, text, *changes, method=method, target=target)


def audit(
    rows: Rows,
    output: str | os.PathLike[str],
    *,
    model: str | Model | Sequence[str] = DEFAULT_MODEL,
    methods: Sequence[str] = (),
    metrics: Sequence[str] = (),
    fill: Fill = "blur",
    steps: int = 8,
    seed: int = 0,
    limit: int | None = None,
    wrong_texts: int = 0,
    agreement: bool = False,
    planted: int = 0,
    choices: bool = False,
    scope: str | os.PathLike[str] | None = None,
    rules: str | os.PathLike[str] | None = None,
    sheets: Sequence[int] = (),
    language: str = "en",
    device: str = "auto",
    watch: Watch | None = None,
) -> Report:
    """Tests explanations on many photos and texts, and writes a report. The same call on the same folder resumes.

    Args:
        rows: a manifest's file, or mappings with ``image`` (a path), ``text`` and perhaps the other columns of
            docs/audit.md; these are written to the folder as ``manifest.jsonl``.
        output: the folder of the audit.
        model: a name, what ``load`` gave, or several names.
        methods: to test; without any, each model's own.
        metrics: as ``python -m vtviz metrics`` lists them; without any, those marked there as default.
        fill: what replaces removed patches.
        steps: the number of removal steps.
        seed: everything random follows it.
        limit: only so many rows.
        wrong_texts: of other rows, scored with each photo, for the model's AUC, F1 and calibration.
        agreement: whether to compare the maps of each pair of methods.
        planted: so many causes of each of three kinds are planted, to see which methods find them: 3 runs of every
            method and about 15 passes for each, and once per model up to 120 training steps on a copy of it.
        choices: whether to repeat insertion and deletion with every fill and with twice the steps: about 10 passes per
            step, method and row.
        scope: a file scope.toml: who answers for the system, and what it is for.
        rules: a file rules.toml: what the audit must show. The outcome is in ``values["rules"]``.
        sheets: numbers of rows for each of which a page for the person concerned is written.
        language: of the report, ``en`` or ``zh``.
        device: of models that are given by name.
        watch: hears how far it is, and may cancel.

    Raises:
        InputError: if rows, settings or files are not as they should be, or no row could be measured.
        ModelError: if a model cannot be loaded.
    """
    if language not in LANGUAGES:
        raise InputError(
            "There is no language {language}; use {known}.", language=language, known=" or ".join(LANGUAGES)
        )
    folder = from_home(os.fspath(output))
    names = (model,) if isinstance(model, str) else (model.name,) if isinstance(model, Model) else tuple(model)
    device = model.device if isinstance(model, Model) else device
    settings = Settings(
        names,
        tuple(methods),
        tuple(metrics) or DEFAULTS,
        fill,
        steps,
        seed,
        limit,
        wrong_texts=wrong_texts,
        agreement=agreement,
        planted=planted,
        choices=choices,
    )
    terms = [None if file is None else from_home(os.fspath(file)) for file in (scope, rules)]
    contract = read_contract(terms[0], terms[1], ",".join(map(str, sheets)))
    manifest = manifest_of(rows, folder, limit)
    run_audit(manifest, settings, folder, _engine(device).ask, watch, language, contract)
    return Report(folder)


def _loaded(model: str | Model, device: str) -> Model:
    return model if isinstance(model, Model) else load(model, device)


@cache
def _engine(device: str) -> Engine:
    """The engine of this process for a device; it ends with the program."""
    return open_engine(device)
