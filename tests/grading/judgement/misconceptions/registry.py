"""What a misconception is, and the list of all: each is registered where its wrong implementation is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Misconception:
    """A wrong idea with a name. Several wrongs are variants of the same idea."""

    slug: str
    function: str
    hint: str
    wrongs: tuple[Callable[..., Any], ...]


ALL: list[Misconception] = []


def misconception(slug: str, function: str, hint: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a wrong implementation; used again with the same slug it adds a variant."""

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        known = [i for i, m in enumerate(ALL) if (m.slug, m.function) == (slug, function)]
        if known:
            old = ALL[known[0]]
            ALL[known[0]] = Misconception(slug, function, old.hint or hint, (*old.wrongs, wrong))
        else:
            ALL.append(Misconception(slug, function, hint, (wrong,)))
        return wrong

    return register
