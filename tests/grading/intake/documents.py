"""From a file's content to source: scripts, notebooks, R Markdown and Quarto."""

import json
import logging
import posixpath
import re
import warnings

from tests.grading.intake.definitions import ASKED, defined
from tests.grading.intake.encodings import text_of
from tests.grading.intake.fences import three_backticks
from tests.grading.intake.source import Source

MAX_CELLS, MAX_CODE = 1000, 2**20  # code: characters, all cells together
MAX_PARTS = 200_000  # of a notebook: each takes half a kilobyte while it is read, and then seconds
HEADER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
NOT_EVALUATED = re.compile(r"^#\|\s*eval\s*:\s*(?:false|no)\b", re.IGNORECASE | re.MULTILINE)
ENGINES = {"r": "R", "python": "Python", "python3": "Python", "py": "Python", "ipython": "Python", "ir": "R"}
# A cell's first line: in another language (%%R -i x), or written to a file (%%writefile -a frogs.py).
ENGINE = re.compile(r"\A\s*%%(\w+)[^\n]*")
WRITTEN = re.compile(r"\A\s*%%(?:writefile|file)\s+(-a\s+|--append\s+)?[\"']?([\w./ -]+?)[\"']?[ \t]*(?:\n|\Z)")
KERNELS = {  # by the name or the display name of one that does not say its language
    "Python": re.compile(r"python|(?:^|[\W_])py\d*(?:$|[\W_])", re.IGNORECASE),
    "R": re.compile(r"(?:^|[\W_])(?:i|x)?r(?:$|[\W_])", re.IGNORECASE),
}

logging.getLogger("nbformat").setLevel(logging.CRITICAL)


class DocumentError(ValueError):
    """The content cannot be read as what its name says, in one sentence."""


def source_of(suffix: str, content: bytes, asked: tuple[str, ...] = ASKED) -> Source:
    """The source in a file of this kind, in the language of most functions of these names; raises DocumentError."""
    text = text_of(content)
    try:
        return READERS[suffix](text, asked)
    except DocumentError:
        raise
    except RecursionError:
        raise DocumentError("it is nested too deeply") from None
    except Exception as error:
        raise DocumentError(f"it is no {KINDS[suffix]}: {' '.join(str(error).split())[:120]}") from None


def _notebook(text: str, asked: tuple[str, ...]) -> Source:
    if text.count("{") + text.count("[") > MAX_PARTS:
        raise DocumentError(f"it has more than {MAX_PARTS:,} parts; clear its outputs")
    if not isinstance(json.loads(text), dict):
        raise DocumentError("it is no notebook")
    import nbformat  # noqa: PLC0415 - a third of a second, that a script does not wait for

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about cells without an id
        notebook = nbformat.reads(text, as_version=4)
    language = _language(notebook.metadata, notebook)
    cells, texts = [], []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cells.append((f"cell {len(cells) + 1}", cell.source))
        else:
            where = f"below cell {len(cells)}" if cells else "before the first cell"
            texts.append((cell.source, f"it stands in a text cell, {where}"))
    return _in_one_language(language, cells, texts, "cell", asked)


def _language(about: dict, notebook: dict) -> str:
    """As the notebook says it; else by its kernel's name, or by what the cells look like."""
    kernel = about.get("kernelspec", {})
    said = str(kernel.get("language") or about.get("language_info", {}).get("name") or "")
    if said:
        if said.lower() in ENGINES:
            return ENGINES[said.lower()]
        raise DocumentError(f"its language is {said}; expected Python or R")
    names = [str(kernel.get(part) or "") for part in ("name", "display_name")]
    found = [language for name in names for language, pattern in KERNELS.items() if pattern.search(name)]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    if re.search(r"^\s*(?:def |import |from \w+ import )", code, re.MULTILINE):
        found.append("Python")
    if re.search(r"<-\s*function\b|^library\(", code, re.MULTILINE):
        found.append("R")
    if not found and any(names):
        raise DocumentError(f"it says no language (its kernel is {next(filter(None, names))}); expected Python or R")
    return found[0] if found else "Python"


def _markdown(text: str, asked: tuple[str, ...]) -> Source:
    """Chunks that are evaluated, in R or in Python."""
    fences = len(re.findall(r"^[ \t]*(?:```|~~~)", text, re.MULTILINE))
    if fences > 4 * MAX_CELLS:  # jupytext takes a time that grows with their square
        raise DocumentError(f"it has {fences // 2:,} chunks; at most {MAX_CELLS:,} are read")
    import jupytext  # noqa: PLC0415 - as above

    notebook = jupytext.reads(three_backticks(HEADER.sub("", text)), fmt="Rmd")
    cells, texts = [], []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            texts.append((cell.source, "it stands in the text, in no chunk that is run, ```{r} or ```{python}"))
        elif _is_off(cell.metadata.get("eval")) or NOT_EVALUATED.search(cell.source):
            texts.append((cell.source, "its chunk is not evaluated (eval)"))
        else:
            cells.append((f"chunk {len(cells) + 1}", cell.source))
    language = _main_language(text)
    main = any(not ENGINE.match(source) for _, source in cells)
    return _in_one_language("R" if not main or language == "R" else language, cells, texts, "chunk", asked)


def _is_off(option: object) -> bool:
    return str(option).lower() in ("false", "f")


def _main_language(text: str) -> str:
    """Of the first chunk that has one of the two: jupytext marks only chunks in another."""
    found = re.search(r"^[ \t]*[`~]{3,}\s*\{(r|python)\b", text, re.IGNORECASE | re.MULTILINE)
    return "Python" if found and found.group(1).lower() == "python" else "R"


def _in_one_language(
    main: str, cells: list[tuple[str, str]], texts: list[tuple[str, str]], word: str, asked: tuple[str, ...]
) -> Source:
    """The cells of the language in which most functions are defined; where the others stand."""
    if len(cells) > MAX_CELLS:
        raise DocumentError(f"it has {len(cells):,} {word}s; at most {MAX_CELLS:,} are read")
    if sum(len(source) for _, source in cells) > MAX_CODE:
        size = sum(len(source) for _, source in cells)
        raise DocumentError(f"it has {size:,} characters of code; at most {MAX_CODE:,} are read")
    written: dict[str, str] = {}
    by_language: dict[str, list[tuple[str, str]]] = {main: [], "R": [], "Python": []}
    for place, source in cells:
        language, code = _engine(source, main, written)
        if language:
            by_language[language].append((place, code))
    names = {language: defined("\n".join(code for _, code in of), asked) for language, of in by_language.items()}
    chosen = max(by_language, key=lambda language: (len(names[language]), bool(by_language[language])))
    elsewhere = [
        (name, f"it stands in {place}, in {other}; graded was {chosen}")
        for other, of in by_language.items()
        if other != chosen
        for place, code in of
        for name in defined(code, asked)
    ]
    elsewhere += [(name, where) for text, where in texts for name in defined(text, asked)]
    lost = {name: where for name, where in elsewhere if name not in names[chosen]}
    if not by_language[chosen]:
        raise DocumentError(f"it has no {word} of code" + "".join(f"; {name}: {lost[name]}" for name in list(lost)[:1]))
    remarks = [f"graded as {chosen}, in which its functions are written"] if chosen != main and names[chosen] else []
    remarks += [f"{name}: {where}" for name, where in lost.items()]
    beside = tuple((path, text.encode()) for path, text in written.items())
    return Source(chosen, tuple(by_language[chosen]), beside, tuple(remarks), tuple(lost.items()))


def _engine(source: str, main: str, written: dict[str, str]) -> tuple[str, str]:
    """A cell's language and its code, in the same lines; what it writes to a file is code, too, where that is code."""
    to_file, engine = WRITTEN.match(source), ENGINE.match(source)
    if to_file:
        path = posixpath.normpath(to_file.group(2).strip())
        code = source[to_file.end() :]
        if not path.startswith(("/", "..")):
            written[path] = (written.get(path, "") if to_file.group(1) else "") + code
        return {".py": "Python", ".r": "R"}.get(posixpath.splitext(path)[1].lower(), ""), f"\n{code}"
    if engine and engine.group(1).lower() in ENGINES:
        return ENGINES[engine.group(1).lower()], source[engine.end() :]
    return main, source


def _python(text: str, asked: tuple[str, ...]) -> Source:
    """A script, or a notebook that was given a script's name."""
    is_notebook = text.lstrip().startswith("{") and '"nbformat"' in text
    return _notebook(text, asked) if is_notebook else Source.of("Python", text)


KINDS = {".py": "Python file", ".r": "R file", ".ipynb": "notebook", ".rmd": "R Markdown", ".qmd": "Quarto document"}
READERS = {
    ".py": _python,
    ".r": lambda text, _: Source.of("R", text),
    ".ipynb": _notebook,
    ".rmd": _markdown,
    ".qmd": _markdown,
}
