"""From R text to text that R can read. In the sandbox it lies beside worker.py.

What cannot be read becomes empty lines, so that every other line keeps its number: a definition up to the next one, any
other expression up to the next line at the left margin.
"""

import re
from collections.abc import Callable

try:
    import pasted
except ModuleNotFoundError:  # a trusted file, in the tests' own process
    from tests.grading.sandbox import pasted

DEFINES = re.compile(r"^[\"'`]?([A-Za-z.][\w.]*)[\"'`]?\s*(?:<<?-|=)\s*(?:function\b|\\\(|Vectorize\()")
BEGINS = re.compile(r"^[^\s#)\]},+|%]")  # an expression, at the left margin
UNFINISHED = re.compile(r"unexpected end of input|INCOMPLETE_STRING")
CLOSES = {"}": "{", ")": "(", "]": "["}
TOKENS = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[][(){}"'`]|\n""", re.DOTALL)
NEWER = (  # from which version on it is read, the message of one that does not, the text, and what it is
    ("4.3", r"placeholder", r"\|>\s*_\s*[$\[@]", "|> _$name"),
    ("4.2", r"unexpected (?:input|symbol)", r"\|>.*\b_\b", "|> f(x = _)"),
    ("4.1", r"unexpected '>'", r"\|>", "|>"),
    ("4.1", r"unexpected (?:input|'\\\\')", r"\\\(", "\\(x)"),
    ("4.0", r"unexpected (?:string|symbol)", r"\b[rR][\"']", 'r"(text)"'),
)


def read(text: str, error_of: Callable[[str], str], version: str) -> tuple:
    """Text that R reads, of each piece that it does not (line, name or "", the line's text, why), and a remark."""
    if not error_of(text):
        return text, [], ""
    meant = [(*_readable(code, error_of, version), said) for code, said in pasted.readings(text, "R")]
    return max(reversed(meant), key=lambda one: (len(pasted.DEFINITION.findall(one[0])), -len(one[1])))


def definitions(text: str) -> dict:
    """By name of a function, the lines in which it is defined, from 1."""
    found: dict = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if name := DEFINES.match(line):
            found.setdefault(name.group(1), []).append(number)
    return found


def _readable(text: str, error_of: Callable[[str], str], version: str) -> tuple:
    lines, unread, n = text.split("\n"), [], 0
    last = -1  # where a piece ended that was no definition
    while n < len(lines):
        if not lines[n].strip() or lines[n].lstrip().startswith("#"):
            n += 1
            continue
        end, error = _expression(lines, n, error_of)
        if error:
            name = DEFINES.match(lines[n])
            at_least = n + 1 if UNFINISHED.search(error) else end - bool(name)  # the next may be what was not expected
            stop = _next(lines, n, DEFINES if name else BEGINS, at_least)
            if name or last != n:
                why = _why("\n".join(lines[n:stop]), n, error, version)
                unread.append((n + 1, name.group(1) if name else "", lines[n].strip(), why))
            lines[n:stop] = [""] * (stop - n)
            last, end = -1 if name else stop, stop
        n = end
    return "\n".join(lines), unread


def _expression(lines: list, start: int, error_of: Callable[[str], str]) -> tuple:
    """The line after the expression that begins here, and R's message, "" where it is whole."""
    error = ""
    for end in range(start + 1, len(lines) + 1):
        error = error_of("\n".join(lines[start:end]))
        if not error or not UNFINISHED.search(error):
            return end, error
    return len(lines), error


def _next(lines: list, start: int, pattern: re.Pattern, at_least: int) -> int:
    """The next line like that, where the rest is read again."""
    after = range(max(start + 1, at_least), len(lines))
    return next((n for n in after if pattern.match(lines[n])), len(lines))


def _why(piece: str, start: int, error: str, version: str) -> str:
    """What is wrong, where, and which R reads it."""
    message = re.sub(r"^<text>:\d+:\d+: ", "", error.split("\n", maxsplit=1)[0])
    place = re.match(r"<text>:(\d+):", error)
    where = f" in line {start + int(place.group(1))}" if place and place.group(1) != "1" else ""
    if UNFINISHED.search(error):
        sign, line = _left_open(piece)
        message, where = f"the {sign} of line {start + line} is not closed", ""
    for since, said, text, what in NEWER:
        if re.search(said, error) and re.search(text, piece) and _number(version) < _number(since):
            return f"{message}{where}; {what} is for R {since} and newer, here it is read by R {version}"
    return f"{message}{where} (read by R {version})"


def _left_open(piece: str) -> tuple:
    """The innermost bracket or quotation mark that is not closed, and its line, from 1."""
    opened, line = [("end", 1)], 1
    for sign in (found.group() for found in TOKENS.finditer(piece)):
        if sign in CLOSES:
            if opened[-1][0] == CLOSES[sign]:
                opened.pop()
        elif len(sign) == 1 and sign != "\n":
            opened.append((sign, line))
        line += sign.count("\n")
    return opened[-1]


def _number(version: str) -> tuple:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
