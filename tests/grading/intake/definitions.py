"""Which functions of the contract a text seems to define, in any spelling, without running it."""

import re

from tests.contract import CONTRACT

# A definition begins a word, or in a notebook's JSON a line: after the letters \n. Each pattern begins with plain
# letters, which are found fast among megabytes of pictures.
BEGINS = r"(?:(?<!\w{0})|(?<=\\n{0}))"
MAKES = (  # function(x), \(x), lambda x, a function made of others, another's name
    r"(?:function\b|\\+\(|lambda\b|(?:\w+(?:\.|::))*(?:[Vv]ectorize|compose|partial|memoi[sz]e|cache|lru_cache|n?jit)\b"
    r"|[A-Za-z.][\w.]*[ \t]*(?:\\n|[\"\n;#]|$))"
)
PYTHON = re.compile(rf"def{BEGINS.format('def')}\s+({'|'.join(CONTRACT)})\s*[(\[]")
ASSIGNED = {
    name: re.compile(
        rf"{name}{BEGINS.format(name)}[`\"'\\]*[ \t]*(?:<<?-|=)\s*{MAKES}"
        rf"|{name}(?<=->{name})\b|{name}(?<=-> {name})\b|{name}(?<=->> {name})\b"
        rf"|{name}(?<=assign\([\"']{name})\b|{name}(?<=assign\(\\[\"']{name})\b|{name}(?<=setGeneric\([\"']{name})\b"
    )
    for name in CONTRACT
}


def defined(text: str) -> set[str]:
    """Their names."""
    return {*PYTHON.findall(text), *(name for name, pattern in ASSIGNED.items() if pattern.search(text))}
