"""Text of unknown origin made fit for every file and terminal."""

import re
import unicodedata

UNUSUAL = re.compile(r"[^\t\n -~]")  # all but what most texts are made of
NOT_SHOWN = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of characters, line ends that few know
TURNS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # writes backwards


def printable(text: str) -> str:
    """No control characters but line ends and tabs, no lone surrogates, nothing that turns the direction."""
    if not UNUSUAL.search(text):
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(
        c if c in "\n\t" or (unicodedata.category(c) not in NOT_SHOWN and c not in TURNS) else "?" for c in text
    )
