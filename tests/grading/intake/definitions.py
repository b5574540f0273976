"""Which functions that are asked for a text seems to define, in any spelling, without running it."""

import re
from functools import cache

from tests.contract import CONTRACT

ASKED = tuple(CONTRACT)  # what functions are called, where a course says nothing else

# A definition begins a word, or in a notebook's JSON a line: after the letters \n. Each pattern begins with plain
# letters, which are found fast among megabytes of pictures.
BEGINS = r"(?:(?<!\w{0})|(?<=\\n{0}))"
MAKES = (  # function(x), \(x), lambda x, a function made of others, another's name
    r"(?:function\b|\\+\(|lambda\b|(?:\w+(?:\.|::))*(?:[Vv]ectorize|compose|partial|memoi[sz]e|cache|lru_cache|n?jit)\b"
    r"|[A-Za-z.][\w.]*[ \t]*(?:\\n|[\"\n;#]|$))"
)


def defined(text: str, asked: tuple[str, ...] = ASKED) -> set[str]:
    """Their names."""
    by_def, assigned = _patterns(tuple(asked))
    return {*by_def.findall(text), *(name for name, pattern in assigned.items() if pattern.search(text))}


def begin(text: str, asked: tuple[str, ...] = ASKED) -> dict[str, int]:
    """In which line, counted from 1, the last definition of each begins."""
    by_def, assigned = _patterns(tuple(asked))
    at = {found.group(1): found.start() for found in by_def.finditer(text)}
    for name, pattern in assigned.items():
        for found in pattern.finditer(text):
            at[name] = max(found.start(), at.get(name, 0))
    return {name: text.count("\n", 0, start) + 1 for name, start in at.items()}


@cache
def _patterns(asked: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """Of a definition by `def`, and of what is given each name."""
    assigned = {
        name: re.compile(
            rf"{name}{BEGINS.format(name)}[`\"'\\]*[ \t]*(?:<<?-|=)\s*{MAKES}"
            rf"|{name}(?<=->{name})\b|{name}(?<=-> {name})\b|{name}(?<=->> {name})\b"
            rf"|{name}(?<=assign\([\"']{name})\b|{name}(?<=assign\(\\[\"']{name})\b"
            rf"|{name}(?<=setGeneric\([\"']{name})\b"
        )
        for name in asked
    }
    return re.compile(rf"def{BEGINS.format('def')}\s+({'|'.join(asked)})\s*[(\[]"), assigned
