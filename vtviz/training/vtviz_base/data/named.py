"""Items about photos and composed scenes of named things."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vtviz.evaluation.split import Row, read_rows
from vtviz.training.vtviz_base.data.names import NAME_VIEWS, held_out
from vtviz.training.vtviz_base.data.texts.everyday_chinese import chinese_names
from vtviz.training.vtviz_base.data.texts.everyday_names import everyday_names
from vtviz.training.vtviz_base.data.texts.named_texts import chinese_text, short_text
from vtviz.training.vtviz_base.data.texts.photo_texts import Phrase, Text

SEVERAL = 0.6  # share of the texts on scenes that name several things
CHINESE = 0.3  # share of the texts in Chinese, where the things have Chinese names
WITH_CAPTION = 0.35  # share of the texts on pasted things that begin with a caption of the background
ACTIVE = 0.5  # class activation from which a patch counts as the thing

Shown = list[tuple[int, np.ndarray]]  # rows of the classes, and where each is


class NamedThings:
    """Draws photos and scenes of named things, each with a text.

    Args:
        names: folder with ``classes.jsonl``.
        cache: the cached features' folder.
        captions: of the photos that scenes are pasted onto.
        in_chinese: whether texts may be Chinese.
        unseen: only held-out things, with scenes on dev photos, instead of those that training shows.
    """

    def __init__(
        self, names: Path, cache: Path, captions: Sequence[Sequence[str]], in_chinese: bool, unseen: bool = False
    ) -> None:
        classes, everyday = read_rows(names / "classes.jsonl"), everyday_names()
        self.captions, self.in_chinese = captions, in_chinese
        own = [everyday.get(row["class"], []) for row in classes]
        self.names = [naming(row["names"], words) for row, words in zip(classes, own, strict=True)]
        self.chinese = [chinese_names(row["class"], words) for row, words in zip(classes, own, strict=True)]
        if unseen:  # their breeds' names are as strange as the breeds; the everyday words are not
            self.names = [words or names for words, names in zip(own, self.names, strict=True)]
        hidden = held_out(classes)
        self.rows = sorted(hidden) if unseen else [row for row in range(len(classes)) if row not in hidden]
        self.views = [f"names-{view}" for view in range(NAME_VIEWS) if (cache / f"names-{view}.npy").exists()]
        self.activation = {part: np.load(cache / f"{part}.activation.npy", mmap_mode="r") for part in self.views}
        suffix = "-dev" if unseen else ""
        self.scenes = {kind + suffix: _scenes(cache, kind + suffix) for kind in ("mosaic", "paste")}

    @property
    def parts(self) -> list[str]:
        """The parts of the cache that items come from."""
        return [*self.views, *self.scenes]

    def draw(self, rng: random.Random, part: str | None = None) -> tuple[str, int, Text]:
        """A row of a part of the cache, and a text about what it shows, with a foil."""
        part = part or rng.choice([rng.choice(self.views), *self.scenes])
        row, shown = self._shown(part, rng)
        count = rng.randint(2, 3) if rng.random() < SEVERAL else 1
        chosen = rng.sample(shown, k=min(count, len(shown)))
        in_chinese = self.in_chinese and rng.random() < CHINESE and all(self.chinese[c] for c, _ in chosen)
        write, known = (chinese_text, self.chinese) if in_chinese else (short_text, self.names)
        names = [rng.choice(known[number]) for number, _ in chosen]
        state = rng.getstate()
        text, spans = write(names, rng)
        after = rng.getstate()
        wrong = list(names)
        wrong[rng.randrange(len(names))] = self._absent([number for number, _ in shown], known, rng)
        rng.setstate(state)  # the same sentence with another name
        foil, _ = write(wrong, rng)
        rng.setstate(after)
        before = self._caption(part, row, rng) if not in_chinese else ""
        phrases = [
            Phrase(start + len(before), end + len(before), region)
            for (start, end), (_, region) in zip(spans, chosen, strict=True)
        ]
        return part, row, Text(before + text, phrases, foil=before + foil)

    def _shown(self, part: str, rng: random.Random) -> tuple[int, Shown]:
        if part in self.views:
            row = rng.choice(self.rows)
            return row, [(row, (self.activation[part][row] > ACTIVE).astype(np.float64))]
        row = rng.randrange(len(self.scenes[part]))
        note = self.scenes[part][row]
        return row, list(zip(note["classes"], note["regions"], strict=True))

    def _absent(self, shown: Sequence[int], known: Sequence[list[str]], rng: random.Random) -> str:
        """A name that none of the shown things goes by."""
        own = {name for number in shown for name in known[number]}
        while True:
            number = rng.choice(self.rows)
            if known[number] and not own & set(known[number]):
                return rng.choice(known[number])

    def _caption(self, part: str, row: int, rng: random.Random) -> str:
        """The beginning of a text about things pasted onto a photo: one of the photo's captions."""
        if not part.startswith("paste") or rng.random() >= WITH_CAPTION:
            return ""
        background = self.scenes[part][row]["background"]
        return rng.choice(self.captions[background]).rstrip(" .") + rng.choice([" . ", " , and ", ". "])


def _scenes(cache: Path, kind: str) -> list[Row]:
    """The notes of composed scenes, each with the ``regions [things, patches]`` of its things."""
    notes, regions, first = read_rows(cache / f"{kind}.jsonl"), np.load(cache / f"{kind}.regions.npy"), 0
    for note in notes:
        note["regions"] = regions[first : first + len(note["classes"])].astype(np.float64)
        first += len(note["classes"])
    return notes


def naming(names: list[str], everyday: list[str]) -> list[str]:
    """What a class may be called: its names, their head nouns (an "African elephant" is an elephant too), and its
    everyday words, as many times as all of these."""
    own = [*names, *{name.split()[-1] for name in names if " " in name and name.split()[-1].isalpha()}]
    return own + [word for word in everyday for _ in range(-(-len(own) // len(everyday)))]
