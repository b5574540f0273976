"""Bytes as editors write them, as text."""

import codecs
import re

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SLOW = {"idna", "punycode"}  # text of domain names: a megabyte of it takes minutes
DECLARED = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")  # PEP 263: in one of the first two lines


def text_of(content: bytes) -> str:
    """By the mark that it begins with, by what it declares, or by trial: UTF-8, UTF-16, Latin-1 as Windows has it."""
    for encoding in _candidates(content):
        try:
            text = content.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    return content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")


def _candidates(content: bytes) -> list[str]:
    marked = [encoding for mark, encoding in MARKS if content.startswith(mark)]
    declared = [found.group(1).decode() for line in content.split(b"\n", 2)[:2] if (found := DECLARED.match(line))]
    declared = [name for name in declared if name.lower() not in SLOW]
    zeros = content[:400]
    wide = [f"utf-16-{'le' if zeros[1::2].count(0) > zeros[::2].count(0) else 'be'}"]
    is_wide = zeros.count(0) > len(zeros) / 4
    return [*marked, *(wide if is_wide else []), *declared, "utf-8", "cp1252"]
