"""Links that say anything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from urllib.parse import quote, unquote_plus

from tests.reliability.fuzz.running import Read
from vtviz.models.base import ModelError
from vtviz.models.registry import model_info
from vtviz.render.lens.settings import LensSettings
from vtviz.ui.ask.selection import first_selection, from_query, to_query

NAMES = (
    *("photo", "text", "model", "method", "target", "layer", "head", "samples", "seed", "window", "a.photo", "b.text"),
    *("lens.words", "lens.patch", "lens.layer", "lens.head", "lens.opacity", "lens.split", "lens.colours", "lens.x"),
)
MODELS = (
    *(
        "open_clip:auto@",
        "open_clip:ViT-B-32@",
        "open_clip:hf-hub:",
        "open_clip:ViT-B-32/",
        "vtviz-base@",
        "open_clip:",
    ),
    *("vtviz-base", "open_clip:RN50/openai?fit=", "open_clip:ViT-B-32/openai?quickgelu="),
)
VALUES = (
    *(
        "~nosuchuser/x",
        "/dev/zero",
        "/proc/self/mem",
        "/",
        "..",
        "~",
        "\0",
        "a/b",
        "../../x",
        "a/b/c",
        "%00",
        "1",
        "crop",
    ),
    *("coffee", "rocket", "0" * 64, "match", "caption:3", "caption:-1", "answer:yes", "raw_attention", "rise", "mean"),
    *("9" * 20, "9" * 5000, str(2**64), "-1", "1e5", "nan", "inf", "٣", "²", "", " ", "0.1.2", "1..2", "true", "1"),
    *(
        "<script>alert(1)</script>",
        "![x](http://a.b)",
        "{0.__class__}",
        "%s%n",
        "a dog",
        "[SEP]",
        "一只狗" * 200,
        "x" * 3000,
    ),
    *(
        "The photo " * 300,
        " cannot be read: " * 200,
        "[" * 2000,
        "\ud800",
        "\u202e",
        "&text=x",
        "?a=b",
        "#f",
        "/etc/passwd",
    ),
)


def cases(rng: random.Random) -> Iterator[Read]:
    """What is made of links."""
    while True:
        query = {}
        for _ in range(rng.randrange(1, 6)):
            name = rng.choice(NAMES)
            value = "".join(rng.choice(VALUES) for _ in range(rng.choice((1, 1, 1, 2))))
            if name == "model":
                value = rng.choice(MODELS) + value
            if rng.random() < 0.1:
                value = "".join(chr(rng.randrange(0x110000)) for _ in range(rng.choice((1, 5, 50))))
            query[name] = unquote_plus(quote(value, errors="surrogatepass"), errors="replace")
        yield partial(_open, query)


def _open(query: dict[str, str]) -> object:
    start = first_selection()
    for prefix in ("", "a.", "b."):
        chosen, wrong = from_query(query, start, prefix)
        assert set(wrong) <= query.keys()
        again, wrong = from_query(to_query(chosen, prefix), chosen, prefix)
        assert again == chosen and not wrong
    lens = {name.removeprefix("lens."): value for name, value in query.items() if name.startswith("lens.")}
    settings = LensSettings.from_dict(lens)
    assert LensSettings.from_dict(settings.to_dict()) == settings and set(LensSettings.unread(lens)) <= lens.keys()
    if "model" in query:
        try:
            return model_info(query["model"])
        except ModelError:
            return None
    return chosen
