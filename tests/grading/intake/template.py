"""The file that a teacher hands out: signatures and docstrings from lmm_core, bodies to be written."""

import inspect
import os
import textwrap
from pathlib import Path

import lmm_core
from tests.contract import CONTRACT

INTRODUCTION = """Frogs in buckets: implement these functions.

data is a table with columns id, bucket, color, bucket_mu, weight. Rows may stand in any order, buckets may
differ in size. {labels}
A result with several fields is {fields}.
Keep the names and arguments; add whatever helpers you like.
"""
PYTHON = {
    "fields": "a dict with these keys",
    "labels": """Labels are text or numbers: a bucket may be called "tub A" or 7, and color hold
"red" or 30. In labels and group they stand in an array, such as np.array(["red", "blue", "red"]) or
np.array([7, 7, 12]); levels are sorted: by letter, or by size.""",
}
R = {
    "fields": "a named list",
    "labels": """bucket and color are factors, and so are labels and group, such as
factor(c("red", "blue", "red")) or factor(c(7, 7, 12)); their levels are sorted. id is a number, or a factor where
frogs have names.""",
}


def write(path: Path) -> None:
    """Write the template in the language of the file's ending; refuses to overwrite a file."""
    texts = {".py": python_template, ".r": r_template}
    if path.suffix.lower() not in texts:
        raise ValueError("expected a name that ends in .py or .R")
    text = texts[path.suffix.lower()]()
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as file:
        file.write(text)


def python_template() -> str:
    """The contract as Python stubs."""
    introduction = INTRODUCTION.format(**PYTHON)
    parts = [f'"""{introduction}"""\n\nimport numpy as np\nimport pandas as pd\n']
    for name, function in CONTRACT.items():
        stub = f"def {name}({', '.join(function.arguments)}):\n"
        documentation = textwrap.indent(f'"""{_documentation(name)}\n"""', "    ")
        parts.append(f'{stub}{documentation}\n    raise NotImplementedError("not implemented yet")\n')
    return "\n\n".join(parts)


def r_template() -> str:
    """The contract as R stubs."""
    introduction = INTRODUCTION.format(**R)
    parts = [textwrap.indent(introduction, "# ", lambda _: True)]
    for name, function in CONTRACT.items():
        documentation = textwrap.indent(_documentation(name), "# ", lambda _: True)
        stub = f'{name} <- function({", ".join(function.arguments)}) {{\n  stop("not implemented yet")\n}}\n'
        parts.append(f"{documentation}\n{stub}")
    return "\n\n".join(parts).replace("# \n", "#\n")


def _documentation(name: str) -> str:
    return inspect.cleandoc(getattr(lmm_core, name).__doc__)
