"""From a file's content to source: scripts, notebooks, R Markdown and Quarto."""

import json
import logging
import re
import warnings

import jupytext
import nbformat

from tests.grading.intake.encodings import text_of
from tests.grading.intake.source import Source

MAX_CELLS, MAX_CODE = 1000, 2**20  # code: characters, all cells together
MAX_PARTS = 200_000  # of a notebook: each takes half a kilobyte while it is read, and then seconds
HEADER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
NOT_EVALUATED = re.compile(r"^#\|\s*eval\s*:\s*(?:false|no)\b", re.IGNORECASE | re.MULTILINE)
OTHER_ENGINE = re.compile(r"\A%%(?!time|capture|prun)[A-Za-z]\w*")

logging.getLogger("nbformat").setLevel(logging.CRITICAL)


class DocumentError(ValueError):
    """The content cannot be read as what its name says, in one sentence."""


def source_of(suffix: str, content: bytes) -> Source:
    """The source in a file of this kind; raises DocumentError."""
    text = text_of(content)
    try:
        return READERS[suffix](text)
    except DocumentError:
        raise
    except RecursionError:
        raise DocumentError("it is nested too deeply") from None
    except Exception as error:
        raise DocumentError(f"it is no {KINDS[suffix]}: {' '.join(str(error).split())[:120]}") from None


def _notebook(text: str) -> Source:
    if text.count("{") + text.count("[") > MAX_PARTS:
        raise DocumentError(f"it has more than {MAX_PARTS:,} parts; clear its outputs")
    if not isinstance(json.loads(text), dict):
        raise DocumentError("it is no notebook")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about cells without an id
        notebook = nbformat.reads(text, as_version=4)
    about = notebook.metadata
    names = (about.get("kernelspec", {}).get("language"), about.get("language_info", {}).get("name"))
    language = next((name for name in names if name), about.get("kernelspec", {}).get("name") or "python")
    known = {"python": "Python", "python3": "Python", "r": "R", "ir": "R"}
    if str(language).lower() not in known:
        raise DocumentError(f"its language is {language}; expected Python or R")
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return _cells(known[str(language).lower()], cells, "cell")


def _markdown(text: str) -> Source:
    """Chunks in R; the ones in Python if there is none in R."""
    fences = len(re.findall(r"^[ \t]*(?:```|~~~)", text, re.MULTILINE))
    if fences > 4 * MAX_CELLS:  # jupytext takes a time that grows with their square
        raise DocumentError(f"it has {fences // 2:,} chunks; at most {MAX_CELLS:,} are read")
    notebook = jupytext.reads(HEADER.sub("", text), fmt="Rmd")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [c.source for c in cells if not (_is_off(c.metadata.get("eval")) or NOT_EVALUATED.search(c.source))]
    by_language: dict[str, list[str]] = {"R": [], "Python": []}
    for source in shown:
        engine, _, rest = source.partition("\n")
        if engine.lower().startswith(("%%python", "%%r")) and OTHER_ENGINE.match(engine):
            by_language["R" if engine.lower().startswith("%%r") else "Python"].append(rest)
        elif not OTHER_ENGINE.match(engine):
            by_language[_main_language(text)].append(source)
    language = "R" if by_language["R"] else "Python"
    return _cells(language, by_language[language], "chunk")


def _is_off(option: object) -> bool:
    return str(option).lower() in ("false", "f")


def _main_language(text: str) -> str:
    """Of the first chunk that has one of the two: jupytext marks only chunks in another."""
    found = re.search(r"^```+\{(r|python)\b", text, re.IGNORECASE | re.MULTILINE)
    return "Python" if found and found.group(1).lower() == "python" else "R"


def _cells(language: str, sources: list[str], word: str) -> Source:
    if len(sources) > MAX_CELLS:
        raise DocumentError(f"it has {len(sources):,} {word}s; at most {MAX_CELLS:,} are read")
    if not sources:
        raise DocumentError(f"it has no {word} of code")
    if sum(map(len, sources)) > MAX_CODE:
        raise DocumentError(f"it has {sum(map(len, sources)):,} characters of code; at most {MAX_CODE:,} are read")
    return Source(language, tuple((f"{word} {number}", source) for number, source in enumerate(sources, start=1)))


KINDS = {".py": "Python file", ".r": "R file", ".ipynb": "notebook", ".rmd": "R Markdown", ".qmd": "Quarto document"}
READERS = {
    ".py": lambda text: Source.of("Python", text),
    ".r": lambda text: Source.of("R", text),
    ".ipynb": _notebook,
    ".rmd": _markdown,
    ".qmd": _markdown,
}
