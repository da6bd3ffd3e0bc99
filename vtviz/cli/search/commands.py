"""A folder of photos: indexed, searched, and recommended from."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtviz.cli.common import AsJson, Device, Model, app, bars, path_argument, path_option, show
from vtviz.cli.side_by_side import EngineName, Gpus, RayAddress, Threads, Workers, many_at, place_of
from vtviz.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    from vtviz.tasks.search.found import Hit

StoreAddress = Annotated[
    str, typer.Option(help="Folder of the store, or the address of a Qdrant server: http://HOST:PORT/COLLECTION.")
]
Top = Annotated[int, typer.Option(min=1, max=1000, help="Number of photos.")]
Folder = Annotated[str, typer.Option(help="Only photos in this folder, a path inside the indexed one.")]
Since = Annotated[str | None, typer.Option(help="Only photos taken on this day or later, YYYY-MM-DD.")]
Until = Annotated[str | None, typer.Option(help="Only photos taken before this day, YYYY-MM-DD.")]
Smallest = Annotated[int | None, typer.Option(help="Only photos whose longer side has at least N pixels.", min=1)]
Largest = Annotated[int | None, typer.Option(help="Only photos whose longer side has at most N pixels.", min=1)]


@app.command()
def index(
    photos: Annotated[Path, path_argument("A folder or zip file of photos.")],
    store: StoreAddress,
    model: Model = DEFAULT_MODEL,
    engine: EngineName = "local",
    address: RayAddress = "local",
    workers: Workers = None,
    threads: Threads = 1,
    gpus: Gpus = 0.0,
    device: Device = "auto",
) -> None:
    """Index the photos of a folder for `search` and `recommend`; run it again to bring the index up to date."""
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.model import LoadModel
    from vtviz.engine.requests.tasks.search import EncodePhotos
    from vtviz.tasks.search.index import SideBySide, index_folder
    from vtviz.tasks.search.store import close_store

    place = place_of(engine, address, workers, threads, gpus)
    with many_at(place, device) as many, closing(open_engine(device, models=1)) as door, bars() as watch:
        loaded = door.ask(LoadModel(model), watch)
        done = index_folder(
            photos,
            store,
            model,
            loaded.weights_sha256,
            lambda images: door.ask(EncodePhotos(tuple(images), model), watch.quietly()),
            watch,
            None if many is None else SideBySide(many, partial(EncodePhotos, model=model)),
        )
    close_store(store)
    for item in done.unreadable:
        typer.echo(f"{item.path}: {item.reason}", err=True)
    typer.echo(
        f"{done.total} photos indexed: {done.added} added, {done.changed} changed, {done.removed} removed, "
        f"{done.unchanged} unchanged, {len(done.unreadable)} unreadable. {done.seconds:.1f} s"
    )


@app.command()
def search(
    store: StoreAddress,
    text: Annotated[str | None, typer.Option(help="What the photos show.")] = None,
    photo: Annotated[
        str | None, typer.Option(help="A photo to find others like it: a file, or a path in the index.")
    ] = None,
    plus: Annotated[
        list[str] | None, typer.Option(help="WEIGHT:TEXT, also wanted; may be given several times.")
    ] = None,
    minus: Annotated[
        list[str] | None, typer.Option(help="WEIGHT:TEXT, not wanted; may be given several times.")
    ] = None,
    box: Annotated[str | None, typer.Option(help="The part of --photo: LEFT,TOP,RIGHT,BOTTOM from 0 to 1.")] = None,
    top: Top = 10,
    rerank: Annotated[
        bool, typer.Option("--rerank/--no-rerank", help="Let the fusion model look at the first photos of a text.")
    ] = True,
    folder: Folder = "",
    since: Since = None,
    until: Until = None,
    smallest: Smallest = None,
    largest: Largest = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Find photos by text, by photo, or both. Scores are match probabilities after reranking, else similarities."""
    from vtviz.cli.search.queries import filters_of, query_of
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.tasks.search import MatchPhotos, SearchPhotos
    from vtviz.tasks.search.find import RERANKED
    from vtviz.tasks.search.found import reranked
    from vtviz.tasks.search.store import close_store, open_store

    filters = filters_of(folder, since, until, smallest, largest)
    opened = open_store(store)
    try:
        query, model = query_of(opened, text, photo, plus or (), minus or (), box), opened.about.model
        with closing(open_engine(device, models=1)) as engine, bars() as watch:
            wanted = max(top, RERANKED) if rerank and query.sentence else top
            found = engine.ask(SearchPhotos(store, query, wanted, filters, model), watch)
            if rerank and query.sentence:
                paths = tuple(hit.photo for hit in found.hits)
                found = reranked(found, engine.ask(MatchPhotos(store, query.sentence, paths, model), watch))
    finally:
        close_store(store)
    if found.foreign:
        typer.echo(f"{model} does not read the language of this text; results are guesses.", err=True)
    if found.unknown:
        typer.echo(f"Rare or unseen in training: {', '.join(found.unknown)}.", err=True)
    if found.outcome == "nothing":
        typer.echo("Nothing here matches; these photos come nearest.", err=True)
    _show(found.hits[:top], as_json)


@app.command()
def recommend(
    store: StoreAddress,
    like: Annotated[list[str] | None, typer.Option(help="A liked photo: a path in the index, or a file.")] = None,
    unlike: Annotated[list[str] | None, typer.Option(help="A disliked photo: a path in the index, or a file.")] = None,
    profile: Annotated[Path | None, path_option("Add the likes and dislikes of this taste profile.")] = None,
    save: Annotated[Path | None, path_option("Write the taste profile to this JSON file.")] = None,
    top: Top = 10,
    folder: Folder = "",
    since: Since = None,
    until: Until = None,
    smallest: Smallest = None,
    largest: Largest = None,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Find more photos like those you like, and say what the liked ones share."""
    from vtviz.cli.search.queries import filters_of, photo_term, read_profile
    from vtviz.engine.remote.choose import open_engine
    from vtviz.engine.requests.tasks.recommend import FindShared, RecommendPhotos
    from vtviz.tasks.recommend.profile import resolved, taste_of, write_taste
    from vtviz.tasks.recommend.shared import MOST, to_share
    from vtviz.tasks.search.store import close_store, open_store
    from vtviz.vocabulary import everyday_nouns

    filters = filters_of(folder, since, until, smallest, largest)
    opened, liked, disliked, missing = open_store(store), list(like or ()), list(unlike or ()), list[str]()
    try:
        if profile is not None:
            more, less, missing = resolved(read_profile(profile), opened)
            liked, disliked = list(dict.fromkeys([*liked, *more])), list(dict.fromkeys([*disliked, *less]))
        likes, dislikes = (tuple(photo_term(opened, path) for path in paths) for paths in (liked, disliked))
        model, names = opened.about.model, tuple(everyday_nouns())
        with closing(open_engine(device, models=1)) as engine, bars() as watch:
            found = engine.ask(RecommendPhotos(store, likes, dislikes, top, filters, model), watch)
            images = tuple(to_share(term.image or opened.read_photo(term.path)) for term in likes[:MOST])
            shared = [] if as_json else engine.ask(FindShared(images, names, model), watch)
        if save is not None:
            inside = [[term.path for term in terms if term.path] for terms in (likes, dislikes)]
            write_taste(taste_of(opened, *inside), save)
    finally:
        close_store(store)
    for path in missing:
        typer.echo(f"{path} is in the profile, but not in the store.", err=True)
    if shared:
        typer.echo("Shared: " + ", ".join(f"{item.name} ({item.percent})" for item in shared), err=True)
    _show(found.hits, as_json)


def _show(hits: Sequence[Hit], as_json: bool) -> None:
    rows = [
        {"photo": hit.photo, "score": round(hit.score, 4), "rank": rank} | ({"also": [*hit.also]} if hit.also else {})
        for rank, hit in enumerate(hits, 1)
    ]
    show(rows, as_json, _line)


def _line(row: dict[str, Any]) -> str:
    """A row, and under it the nearly equal photos that it stands for."""
    alike = [f"{'=':>12} {photo}" for photo in row.get("also", ())]
    return "\n".join([f"{row['rank']:4d} {row['score']:7.4f} {row['photo']}", *alike])
