"""Stories as files and in zips: wrong types, damage, and zips that claim other things than they hold."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator
from functools import partial

from tests.reliability.fuzz.running import Read, changed, mutated
from vtviz.stories.files import example_stories, story_json, story_zip, unpack_story


def cases(rng: random.Random) -> Iterator[Read]:
    """Stories of which something was changed; what could be read is written again."""
    wholes = [path.read_bytes() for path in example_stories("en")]
    yield partial(unpack_story, wholes[0])
    while True:
        data = rng.choice(wholes)
        if rng.random() < 0.7:
            value = json.loads(data)
            for _ in range(1 + rng.randrange(3)):
                value = changed(value, rng)
            data = json.dumps(value).encode()
        if rng.random() < 0.3:
            data = mutated(data, rng, data)
        if rng.random() < 0.03:
            data = rng.choice(
                (b"[" * 100_000, b"", b"\xff\xfe", b'{"a":' * 9999, b"null", b"1e999", b"\0" * 99, b"PK\3\4")
            )
        if rng.random() < 0.5:
            data = packed({"story.json": data, "photos/../../x.jpg": b"x"}, rng)
        yield partial(_read, data)


def _read(data: bytes) -> object:
    told = unpack_story(data)
    assert unpack_story(story_zip(told)).story == told.story
    return story_json(told.story)


def packed(files: dict[str, bytes], rng: random.Random) -> bytes:
    """The files in a zip, packed in any way, perhaps damaged."""
    buffer = io.BytesIO()
    way = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(buffer, "w", way) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name or "."), data, way)
    data = buffer.getvalue()
    for _ in range(rng.randrange(3)):
        data = mutated(data, rng, data)
    return data
