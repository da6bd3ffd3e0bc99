"""Policies in YAML that is odd, broken, or written against its reader."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

from tests.reliability.fuzz.running import Read, mutated
from vtviz.paths import ASSETS
from vtviz.tasks.policy.policy import read_policy

PARTS = (
    *("&a [*a]", "*a", "!!python/object:os.system x", "!!binary aGk=", "<<: {a: b}", "? [a]\n: b", "--- {}\n"),
    *(
        '"\\UFFFFFFFF"',
        '"\\U00110000"',
        '"\\uD800"',
        '"\\x00"',
        '"\\',
        "%YAML " + "1" * 5000 + ".1\n---\n",
        "%TAG ! x\n",
    ),
    *(
        "9" * 5000,
        "-" + "9" * 400,
        "1e999",
        ".inf",
        ".nan",
        "0x7fffffffffffffffff",
        "1:30:30",
        "1_000",
        "0o17",
        "~",
        "",
    ),
    *("[" * 3000, "{" * 3000, "- " * 3000, "? " * 500, "'" * 9, '"' * 9, "|\n  x", ">-\n  x", "a: " * 99, "\t", "#"),
    *(
        "\ufeff",
        "\u2028",
        "\x07",
        "\x85",
        "\ud7ff",
        "狗",
        "e*t",
        "*",
        "word*",
        "x" * 600,
        "yes",
        "NO",
        "=",
        "2026-11-28",
    ),
)


def cases(rng: random.Random) -> Iterator[Read]:
    """Policies of which something was changed."""
    whole = (ASSETS / "policies" / "example.yaml").read_bytes()
    yield partial(read_policy, whole, "p.yaml")
    while True:
        data = whole
        for _ in range(rng.choice((1, 1, 2, 4))):
            if rng.random() < 0.6:
                lines = data.split(b"\n")
                at = rng.randrange(len(lines))
                key, colon, _ = lines[at].partition(b":")
                part = rng.choice(PARTS).encode("utf-8", "surrogatepass")
                lines[at] = rng.choice((key + colon + b" " + part, part, lines[at] + part, lines[at] * 2))
                data = b"\n".join(lines)
            else:
                data = mutated(data, rng, whole)
        yield partial(read_policy, data, "p.yaml")
