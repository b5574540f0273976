"""The file that a teacher hands out: signatures and docstrings from lmm_core, bodies to be written."""

import inspect
import os
import textwrap
from pathlib import Path

import lmm_core
from tests.contract import CONTRACT

INTRODUCTION = """Frogs in buckets: implement these functions.

data is a table with columns id, bucket, color, bucket_mu, weight. Labels may be text or numbers, rows may
stand in any order, buckets may differ in size. A result with several fields is {fields}.
Keep the names and arguments; add whatever helpers you like.
"""


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
    introduction = INTRODUCTION.format(fields="a dict with these keys")
    parts = [f'"""{introduction}"""\n\nimport numpy as np\nimport pandas as pd\n']
    for name, function in CONTRACT.items():
        stub = f"def {name}({', '.join(function.arguments)}):\n"
        documentation = textwrap.indent(f'"""{_documentation(name)}\n"""', "    ")
        parts.append(f'{stub}{documentation}\n    raise NotImplementedError("not implemented yet")\n')
    return "\n\n".join(parts)


def r_template() -> str:
    """The contract as R stubs."""
    introduction = INTRODUCTION.format(fields="a named list")
    parts = [textwrap.indent(introduction, "# ", lambda _: True)]
    for name, function in CONTRACT.items():
        documentation = textwrap.indent(_documentation(name), "# ", lambda _: True)
        stub = f'{name} <- function({", ".join(function.arguments)}) {{\n  stop("not implemented yet")\n}}\n'
        parts.append(f"{documentation}\n{stub}")
    return "\n\n".join(parts).replace("# \n", "#\n")


def _documentation(name: str) -> str:
    return inspect.cleandoc(getattr(lmm_core, name).__doc__)
