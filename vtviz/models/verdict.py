"""What a model says about a text and a photo: that it describes it, that it does not, or that it is not sure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["describes", "does not", "not sure"]
Doubt = Literal["nothing named", "unknown words", "between"]

# Words that name nothing that a photo could show.
EMPTY_ENGLISH = """
a an the this that these those here there it its he she they we you i me him her them us my your his their our
is are was were be been being am do does did has have had can could may might must shall should will would
and or but not no yes of in on at to from by with for as into over under up down out off about than then so too
very just only also what which who whom whose where when why how all any both each few more most other some such
hi hello hey ok okay thanks thank please photo picture image pic shows show showing shown see seen look good bad
nice great cool lol test something anything nothing everything thing things s t re ve ll d m
"""
EMPTY_CHINESE = """
的 了 着 在 是 有 和 与 或 也 都 就 很 不 没 没有 这 那 这是 那是 这个 那个 这里 那里 这张 这些 那些 里 上 下 中
我 你 他 她 它 我们 你们 他们 吗 呢 吧 啊 呀 哦 嗯 你好 您好 谢谢 好 好的 对 是的 不是 什么
一 一个 一张 一些 一只 张 个 只 照片 图片 图 画面 看 看到 看见 可以 测试 东西 里有 中有
"""


EMPTY = frozenset((EMPTY_ENGLISH + EMPTY_CHINESE).split())


@dataclass(frozen=True)
class Bounds:
    """Scores from which a verdict is given: ``high`` and above, the text describes the photo; below ``low``, it does
    not. Between them too many verdicts would be wrong."""

    low: float
    high: float

    def verdict(self, score: float) -> Verdict:
        """What may be said of a score."""
        return "describes" if score >= self.high else "does not" if score < self.low else "not sure"


def names_something(words: Sequence[str], unknown: Collection[int] = ()) -> bool:
    """Whether any of the words that are not ``unknown`` names something that a photo could show."""
    return any(
        index not in unknown and any(character.isalpha() for character in word) and not _is_empty(word.lower())
        for index, word in enumerate(words)
    )


def _is_empty(word: str) -> bool:
    return all(part in EMPTY for part in word.replace("’", "'").split("'"))
