"""What would happen if the photo, the text or the network were another."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtviz.cli.common import Device, Model, Photo, app, bars, path_option
from vtviz.cli.explanations.explain import SCORES
from vtviz.files import (
    check_file_place,
    from_home,
    make_folder,
    parse_json,
    read_bytes,
    read_photo,
    reason,
    write_atomically,
)
from vtviz.inputs import Frame, InputError
from vtviz.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from vtviz.engine.intervention import Intervention
    from vtviz.interventions.changes import Change
    from vtviz.models.record import Kind

BOX = "a box x0,y0,x1,y1 in fractions of the photo"
LARGEST = 64 * 2**20  # bytes of an interventions.json
KIND = "text->image, image->text, image, text or fused"


@app.command()
def intervene(
    photo: Photo,
    text: Annotated[str, typer.Argument(help="A sentence about the photo.")],
    output: Annotated[Path, path_option("Folder for interventions.json.")],
    hide: Annotated[list[str] | None, typer.Option(help=f"Hide {BOX}; may be repeated.")] = None,
    only: Annotated[str | None, typer.Option(help=f"Hide all but {BOX}.")] = None,
    drop: Annotated[list[int] | None, typer.Option(help="Drop the word at this place (from 0); repeatable.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help=f"Switch off KIND:LAYER[:HEAD], or KIND in all layers; KIND is {KIND}. May be repeated."),
    ] = None,
    cut: Annotated[
        list[str] | None, typer.Option(help="PLACE:x0,y0,x1,y1: the word there attends to nothing in the box.")
    ] = None,
    push: Annotated[
        list[str] | None,
        typer.Option(help="PLACE:x0,y0,x1,y1:STRENGTH: it attends to the box more, by a strength from 0 to 1."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", parser=from_home, help="First, the changes of an interventions.json."),
    ] = None,
    trial: Annotated[
        int | None, typer.Option(min=0, help="Those of this trial (from 0) of --from, not those in force.")
    ] = None,
    fill: Annotated[str, typer.Option(help="What replaces hidden patches: blur, mean or zero.")] = "blur",
    method: Annotated[str | None, typer.Option(help="Attribution method; see `vtviz methods`.")] = None,
    target: Annotated[
        str, typer.Option(help="What to explain: match, similarity, caption:PLACE or answer:WORDS.")
    ] = "match",
    model: Model = DEFAULT_MODEL,
    device: Device = "auto",
) -> None:
    """Change the photo, the text or the network, and see what the model answers before and after."""
    from vtviz.engine.intervention import intervention_json
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.explain import Explain
    from vtviz.engine.requests.interventions import Intervene
    from vtviz.engine.requests.model import ReadTarget

    options = (hide or [], only, drop or [], without or [], cut or [], push or [], fill)
    if source is None:
        if trial is not None:
            raise InputError("--trial needs --from.")
        changes = read_changes(*options)
    else:
        changes = changes_in(source, trial) + (read_changes(*options) if any(options[:-1]) else ())
    file = output / "interventions.json"
    check_file_place(file)
    image = read_photo(photo)
    with closing(open_engine(device)) as engine, bars() as watch:
        aim = engine.ask(ReadTarget(target, model))
        found = engine.ask(Intervene(Explain(image, text, model, method, target=aim), changes), watch)
    make_folder(output)
    write_atomically(file, intervention_json(found))
    before, after = found.before, found.after
    typer.echo(f"{SCORES[before.score_kind]} {before.score:.3f} → {after.score:.3f}{_verdicts(found)} {file}")
    if aim.kind != "match":
        typer.echo(f"Target {found.values[0]:.3f} → {found.values[1]:.3f}")
    for notice in after.notices:
        typer.echo(notice, err=True)


def read_changes(
    hide: list[str],
    only: str | None,
    drop: list[int],
    without: list[str],
    cut: list[str],
    push: list[str],
    fill: str,
) -> tuple[Change, ...]:
    """The changes that were written, those of the photo first.

    Raises:
        InputError: if there are none, or one cannot be read.
    """
    from vtviz.attribution.masked import FILLS
    from vtviz.interventions.changes import Cut, Drop, Hide, Only, Push, Without

    stand_in = next((name for name in FILLS if name == fill), None)
    if stand_in is None:
        raise InputError("There is no fill called {fill}; choose one of: {known}.", fill=fill, known=", ".join(FILLS))
    changes: list[Change] = [Hide((_box(written),), fill=stand_in) for written in hide]
    changes += [] if only is None else [Only((_box(only),), fill=stand_in)]
    changes += [Drop(place) for place in drop]
    for written in without:
        kind, *numbers = written.split(":")
        if len(numbers) > 2:
            raise _unread("without", "KIND:LAYER[:HEAD]", written)
        layer, head = (_whole("without", "KIND:LAYER[:HEAD]", written, numbers, index) for index in (0, 1))
        changes.append(Without(_kind(kind), layer, head))
    for written in cut:
        place, _, box = written.partition(":")
        changes.append(Cut((_box(box),), place=_place("cut", "PLACE:x0,y0,x1,y1", written, place)))
    for written in push:
        place, box, strength = (*written.split(":"), "", "")[:3]
        at = _place("push", "PLACE:x0,y0,x1,y1:STRENGTH", written, place)
        try:
            changes.append(Push((_box(box),), place=at, strength=float(strength)))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise _unread("push", "PLACE:x0,y0,x1,y1:STRENGTH", written) from error
    if not changes:
        raise InputError("Name at least one change, for example --hide 0,0,0.5,0.5.")
    return tuple(changes)


def changes_in(file: Path, trial: int | None = None) -> tuple[Change, ...]:
    """The changes of an ``interventions.json``: those in force, or of one of its trials.

    Raises:
        InputError: if it cannot be read, or has none.
    """
    from vtviz.interventions.changes import from_plain

    try:
        values = parse_json(read_bytes(file, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        raise InputError("The file {path} cannot be read: {reason}.", path=file, reason=reason(error, file)) from error
    except ValueError as error:
        raise InputError("The file {path} is not an interventions.json of vtviz.", path=file) from error
    trials = values.get("trials", []) if isinstance(values, dict) else []
    if not isinstance(values, dict) or "changes" not in values or not isinstance(trials, list):
        raise InputError("The file {path} is not an interventions.json of vtviz.", path=file)
    if trial is not None and not (trial < len(trials) and isinstance(trials[trial], dict)):
        raise InputError(
            "The file {path} has no trial {trial}; it has {count}.", path=file, trial=trial, count=len(trials)
        )
    changes = from_plain(values["changes"] if trial is None else trials[trial].get("changes"))
    if not changes:
        raise InputError("The file {path} has no changes in force; name one of its trials with --trial.", path=file)
    return changes


def _box(written: str) -> Frame:
    from vtviz.interventions.changes import check_box

    try:
        left, top, right, bottom = (float(side) for side in written.split(","))
    except ValueError as error:
        raise InputError(
            "The box {box} must be left, top, right, bottom as fractions of the photo, from 0 to 1.", box=written
        ) from error
    return check_box((left, top, right, bottom))


def _kind(written: str) -> Kind:
    from vtviz.models.record import KINDS

    kind = next((kind for kind in KINDS if kind in (written, written.replace("->", "→"))), None)
    if kind is None:
        raise InputError(
            "There is no {kind} attention; choose one of: {known}.",
            kind=written,
            known=", ".join(KINDS).replace("→", "->"),
        )
    return kind


def _place(option: str, form: str, written: str, place: str) -> int:
    number = _whole(option, form, written, [place], 0)
    assert number is not None
    return number


def _whole(option: str, form: str, written: str, numbers: list[str], index: int) -> int | None:
    if index >= len(numbers):
        return None
    if not (numbers[index].isascii() and numbers[index].isdigit()):
        raise _unread(option, form, written)
    return int(numbers[index])


def _unread(option: str, form: str, written: str) -> InputError:
    return InputError("--{option} takes {form}, not {written}.", option=option, form=form, written=written)


def _verdicts(found: Intervention) -> str:
    verdicts = [side.verdict for side in (found.before, found.after)]
    return "" if None in verdicts else f" ({verdicts[0]} → {verdicts[1]})"
