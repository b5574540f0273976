"""The file that a teacher hands out: what each function is asked for, in words for a biologist, and empty bodies.

And the file in which a teacher says what the course is.
"""

import importlib.util
import json
import os
import shutil
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reference import r
from tests.contract import CONTRACT
from tests.grading.names import CHAPTER, Names

INTRODUCTION = """Frogs live in buckets, and buckets are painted in colours. Write these functions. {words}

To check your work as often as you like:

    pytest --submission {file}{rubric}

data is a table with the columns {columns}, a row for each frog. Rows may stand in any order, and buckets may hold
different numbers of frogs. {labels}

X is a matrix with a row for each frog, y holds the weights, group the bucket of each frog.
Where several results are asked for, return {fields}.

Keep the names and arguments; add whatever helpers you like."""
LABELS = {
    "Python": """Names of buckets and colours are text or numbers, and stand in arrays:
np.array(["red", "blue", "red"]), np.array([7, 7, 12]). They are sorted by letter or by size.""",
    "R": """{bucket} and {color} are factors, and so are labels and group: factor(c("red", "blue", "red")),
factor(c(7, 7, 12)). Their levels are sorted.""",
}
FIELDS = {"Python": 'a dict, such as {"Vb": 1.0, "Ve": 2.0}', "R": "a list, such as list(Vb = 1, Ve = 2)"}
COURSE = Path(__file__).parents[1] / "rubric.toml"
TASKS = tomllib.loads(Path(__file__).with_name("tasks.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Handout:
    """What a file to hand out follows: a course's functions by the chapter's names, what it calls them, its title."""

    functions: tuple[str, ...] = tuple(CONTRACT)
    names: Names = CHAPTER
    title: str = "Frogs in buckets"
    rubric: str = ""  # the course file that checking needs, too


def write(path: Path, of: Handout = Handout()) -> None:
    """Write the template of the kind that the file's ending names; refuses to overwrite a file."""
    kind = path.suffix.lower()
    if kind not in (*TEMPLATES, COURSE.suffix):
        raise ValueError(f"expected a name that ends in {', '.join(ENDINGS)}, or .toml for a course")
    text = COURSE.read_text(encoding="utf-8") if kind == COURSE.suffix else TEMPLATES[kind](path.name, of)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
        file.write(text)


def needs(path: Path) -> list[str]:
    """What has to be there before a file of this kind can be checked, on each system."""
    if path.suffix.lower() not in (".r", ".rmd"):
        return []
    return [
        "To check it you need R with lme4 and lmerTest, and rpy2, its bridge to Python:",
        f"  Debian, Ubuntu:  sudo {r.DEBIAN}",
        f"  a Mac:           R from https://cran.r-project.org, and in R: {r.IN_R}",
        "  Windows:         WSL (wsl --install), and there as on Ubuntu; R on Windows itself has no bridge",
        f"  then, each:      {r.install_bridge()}",
        "RPY2_CFFI_MODE=ABI: nothing is compiled; without it rpy2 needs a C compiler and R's headers.",
        f"Here: {_found()}.",
    ]


def _found() -> str:
    missing = [*([] if shutil.which("R") else ["R"]), *([] if importlib.util.find_spec("rpy2") else ["rpy2"])]
    return (
        f"{' and '.join(missing)} {'are' if missing[1:] else 'is'} missing" if missing else "R and rpy2 are installed"
    )


def python_template(file: str, of: Handout) -> str:
    """Python stubs."""
    heading = f'"""{_introduction("Python", file, of)}\n"""\n\nimport numpy as np\nimport pandas as pd\n'
    return "\n\n".join([heading, *(_python_stub(name, of.names) for name in of.functions)])


def r_template(file: str, of: Handout) -> str:
    """R stubs."""
    heading = _comment(_introduction("R", file, of)) + "\n"
    return "\n\n".join([heading, *(_r_stub(name, of.names) for name in of.functions)])


def notebook_template(file: str, of: Handout) -> str:
    """A notebook, a cell for each function."""
    import nbformat  # noqa: PLC0415 - a third of a second, that grading a script does not wait for

    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell(_introduction("Python", file, of)),
        v4.new_code_cell("import numpy as np\nimport pandas as pd"),
    ]
    cells += [v4.new_code_cell(_python_stub(name, of.names).rstrip()) for name in of.functions]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(v4.new_notebook(cells=cells, metadata=kernel)) + "\n"


def markdown_template(file: str, of: Handout) -> str:
    """R Markdown, a chunk for each function."""
    import jupytext  # noqa: PLC0415 - as above
    from nbformat import v4  # noqa: PLC0415

    cells = [v4.new_markdown_cell(_introduction("R", file, of))]
    cells += [v4.new_code_cell(_r_stub(name, of.names).rstrip()) for name in of.functions]
    kernel = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    notebook = v4.new_notebook(cells=cells, metadata=kernel)
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all"}
    head = f"---\ntitle: {json.dumps(of.title, ensure_ascii=False)}\noutput: html_document\n---\n\n"
    return head + jupytext.writes(notebook, fmt="Rmd")


def _introduction(language: str, file: str, of: Handout) -> str:
    *columns, last = of.names.columns.values()
    text = INTRODUCTION.format(
        words=of.names.line,
        file=file,
        rubric=f" --rubric {of.rubric}" if of.rubric else "",
        columns=f"{', '.join(columns)} and {last}",
        labels=LABELS[language].format(**of.names.columns),
        fields=FIELDS[language],
    )
    return "\n\n".join(part if part.startswith(" ") else textwrap.fill(part, 115) for part in text.split("\n\n"))


def _told(name: str, names: Names) -> str:
    told = TASKS[name]["task"], f"Return {TASKS[name]['returns']}."
    own = (text.replace("bucket_mu", names.columns["bucket_mu"]) for text in told)
    return "\n".join(line for text in own for line in textwrap.wrap(text, 96))


def _python_stub(name: str, names: Names) -> str:
    documentation = textwrap.indent(f'"""{_told(name, names)}\n"""', "    ")
    head = f"def {names.functions[name]}({', '.join(CONTRACT[name].arguments)}):\n"
    return f'{head}{documentation}\n    raise NotImplementedError("not written yet")\n'


def _r_stub(name: str, names: Names) -> str:
    head = f"{names.functions[name]} <- function({', '.join(CONTRACT[name].arguments)}) {{\n"
    return f'{_comment(_told(name, names))}\n{head}  stop("not written yet")\n}}\n'


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))


ENDINGS = (".py", ".R", ".ipynb", ".Rmd")
TEMPLATES: dict[str, Callable[[str, Handout], str]] = {
    ".py": python_template,
    ".r": r_template,
    ".ipynb": notebook_template,
    ".rmd": markdown_template,
}
