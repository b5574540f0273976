"""What a paste brings along, in Python and in R: the fences and words of a chatbot's answer, the prompts of a console,
the quotation marks, dashes and blanks of a word processor.

Lines that are no code become empty ones, so that every other keeps its number. In the sandbox it lies beside worker.py.
"""

import re

FENCE = re.compile(r"^\s*`{3,}\s*\{?\s*([\w.+-]*)[^`]*$")
OWN = {"Python": ("", "py", "python", "python3", "ipython", "ipython3"), "R": ("", "r", "rscript", "splus")}
DEFINITION = re.compile(r"^\s*(?:def\s+\w+\s*\(|[\w.]+\s*(?:<-|=)\s*(?:function\b|\\\())", re.MULTILINE)
TYPESET = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u2013": "-", "\u2212": "-"}
    | {"\u00a0": " ", "\u202f": " ", "\u200b": "", "\u2026": "..."}
)
PROMPT = {"Python": re.compile(r"^(?:>>>|\.\.\.|In \[\d+\]:| +\.\.\.:)(?: |$)"), "R": re.compile(r"^[>+](?: |$)")}


def readings(text: str, language: str) -> list:
    """The text, and what of it may be meant where it cannot be read: pairs of code and the remark about the rest."""
    found = [(text, "")]
    for taken_off, what in ((_unfenced, "a pasted answer's fences and words"), (_unprompted, "a console's output")):
        code = taken_off(text, language)
        if code != text:
            found.append((code, f"{_lines(text, code)} passed over: {what}, no code" if _dropped(text, code) else ""))
    typed = [(*_typed(code), remark) for code, remark in found]
    return [(code, "; ".join(filter(None, said))) for code, *said in typed if said[0]] + found


def _typed(text: str) -> tuple:
    """With the signs of a keyboard in the place of those of a word processor, and what to say of it."""
    lines, typed = text.split("\n"), text.translate(TYPESET)
    changed = [n for n, (was, now) in enumerate(zip(lines, typed.split("\n"), strict=True), start=1) if was != now]
    where = f"line{'s' * (len(changed) > 1)} {', '.join(map(str, changed[:9]))}{', ...' * (len(changed) > 9)}"
    what = "quotation marks, dashes or blanks of a word processor were read as those of a keyboard"
    return typed, f"{where}: {what}" if changed else ""


def _unfenced(text: str, language: str) -> str:
    """What stands in fences of this language; before the first closing one, too, where its opening one is missing."""
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if FENCE.match(line)]
    if not fences:
        return text
    begins_bare = not FENCE.match(lines[fences[0]]).group(1)
    is_open = is_own = begins_bare and bool(DEFINITION.search("\n".join(lines[: fences[0]])))
    kept = []
    for line in lines:
        fence = FENCE.match(line)
        if fence:
            word = fence.group(1).lower()
            is_open = bool(word) or not is_open
            is_own = is_open and word in OWN[language]
        kept.append(line if is_own and not fence else "")
    return "\n".join(kept)


def _unprompted(text: str, language: str) -> str:
    """What was typed at prompts, where every definition was."""
    prompt = PROMPT[language]
    lines = text.split("\n")
    if DEFINITION.search(text) or not any(
        prompt.match(line) and DEFINITION.match(prompt.sub("", line)) for line in lines
    ):
        return text
    return "\n".join(prompt.sub("", line) if prompt.match(line) else "" for line in lines)


def _dropped(text: str, code: str) -> list:
    """Numbers of the lines that are gone."""
    both = zip(text.split("\n"), code.split("\n"), strict=True)
    return [number for number, (was, now) in enumerate(both, start=1) if was.strip() and not now.strip()]


def _lines(text: str, code: str) -> str:
    """Their numbers, in words; empty lines between them do not count."""
    lines, dropped = text.split("\n"), _dropped(text, code)
    runs: list = []
    for number in dropped:
        if runs and not any(line.strip() for line in lines[runs[-1][1] : number - 1]):
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs]
    return f"{'line' if len(dropped) == 1 else 'lines'} {', '.join(said)}:"
