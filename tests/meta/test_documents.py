"""Documents become source in one language: what is run of them, what stands elsewhere, and what is no document."""

import json

import pytest

from tests.grading.intake.definitions import defined
from tests.grading.intake.documents import DocumentError, source_of
from tests.grading.intake.encodings import text_of
from tests.meta.test_intake import notebook

TEXT = "x <- 'Größe'\n"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_is_read_in_every_encoding(encoding, end):
    """With and without a mark, and with every system's line ends."""
    assert text_of(TEXT.replace("\n", end).encode(encoding)) == TEXT


def test_a_declared_encoding_is_believed():
    """PEP 263, in the first two lines."""
    text = "#!/usr/bin/python\n# -*- coding: cp1250 -*-\nx = 'ő'\n"
    assert text_of(text.encode("cp1250")) == text


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "idna", "no_such", "hex"])
def test_an_encoding_that_is_none_of_text_is_not_believed(encoding):
    """One ends in an error of its own kind, one takes minutes for a megabyte."""
    text = f"# coding: {encoding}\n-{'a' * 2**18}\n"
    assert text_of(text.encode()) == text


def test_documents_become_chunks_in_their_language():
    """Notebooks of both kernels, R Markdown, Quarto; what is not to be run is not there."""
    assert source_of(".ipynb", notebook("a", "b").encode()).chunks == (("cell 1", "a"), ("cell 2", "b"))
    assert source_of(".ipynb", notebook("a", language="R").encode()).language == "R"
    text = "---\ntitle: x\n---\n```{r}\na\n```\ntext\n```{r, eval=FALSE}\nno\n```\n```{r}\n#| eval: false\nno\n```\n"
    for suffix in (".rmd", ".qmd"):
        assert source_of(suffix, text.encode()).chunks == (("chunk 1", "a"),)
        python = source_of(suffix, text.replace("{r", "{python").encode())
        assert (python.language, python.chunks) == ("Python", (("chunk 1", "a"),))


BAD_DOCUMENTS = {
    "cells": (".ipynb", notebook(*["x"] * 10_000), "it has 10,000 cells; at most 1,000 are read"),
    "list": (".ipynb", "[]", "it is no notebook"),
    "parts": (".ipynb", "[" + "{}," * 10**6 + "{}]", "it has more than 200,000 parts"),
    "code": (".ipynb", notebook("x" * 2**21), "it has 2,097,152 characters of code"),
    "chunks": (".rmd", "```{r}\n1\n```\n" * 70_000, "it has 70,000 chunks; at most 1,000 are read"),
    "nested": (".ipynb", "[" * 100_000, "nested too deeply"),
    "schema": (".ipynb", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "it is no notebook"),
    "empty": (".rmd", "no chunk", "it has no chunk of code"),
    "yaml": (".rmd", "---\n!!python/object/apply:os.system ['touch /tmp/x']\n---\n", "it has no chunk of code"),
}


@pytest.mark.parametrize("case", BAD_DOCUMENTS)
def test_what_is_no_document_is_a_sentence(case):
    """Nothing but DocumentError."""
    suffix, text, words = BAD_DOCUMENTS[case]
    with pytest.raises(DocumentError, match=words):
        source_of(suffix, text.encode())


# --- read for what they define --------------------------------------------------------------------------

SPELLINGS = [
    *("gls <- function(x) 1", "gls = function(x) 1", "gls <<- \\(x) 1", "`gls` <- function(x) 1", "gls = lambda x: 1"),
    *("function(x) 1 -> gls", "(function(x) 1) ->> gls", "assign('gls', f)", 'assign("gls", f, envir = globalenv())'),
    *("gls <- Vectorize(function(x) 1)", "gls <- purrr::compose(f, g)", "gls = functools.partial(f)", "gls <- mine"),
    *("class A:\n    def gls(self): 1", "async def gls(x): 1", "list(gls = function(x) 1)", "def gls[T](x): 1"),
]
OTHERS = ["my_gls <- function(x) 1", "gls <- gls(X, y, V)", "gls == function", "def gls2(x): 1", "print(gls)", "# gls"]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_definition_is_seen_in_every_spelling(text):
    """In a script and in a notebook's JSON."""
    assert defined(text) == defined(f"x = 1\n{text}\n") == defined(json.dumps([f"{text}\n"])) == {"gls"}


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_definition_is_none(text):
    """A call, another name, a comparison, a comment."""
    assert defined(text) == set()


PY, IN_R = "def gls(X, y, V):\n    return 1", "gls <- function(X, y, V) 1"


def of_kernel(*cells: str | dict, **kernel: str) -> bytes:
    """A notebook whose kernel says this; a cell is code, or what is given."""
    plain = json.loads(notebook(*(cell for cell in cells if isinstance(cell, str))))
    code = iter(plain["cells"])
    made = [next(code) if isinstance(cell, str) else {"metadata": {}, **cell} for cell in cells]
    return json.dumps({**plain, "cells": made, "metadata": {"kernelspec": kernel} if kernel else {}}).encode()


KERNELS = {
    "conda's": (PY, {"name": "conda-env-stats-py", "display_name": "Python [conda env:stats]"}, "Python"),
    "xeus's": (PY, {"name": "xpython", "display_name": "Python 3.11 (XPython)"}, "Python"),
    "a name of one's own": (PY, {"name": "stats2026", "display_name": "Stats 2026"}, "Python"),
    "R's": (IN_R, {"name": "ir", "display_name": "R"}, "R"),
    "conda's of R": (IN_R, {"name": "conda-env-stats-r", "display_name": "R [conda env:stats]"}, "R"),
    "R's under a name of one's own": (IN_R, {"name": "frogs", "display_name": "frogs"}, "R"),
    "none": ("x = 1", {}, "Python"),
}


@pytest.mark.parametrize("case", KERNELS)
def test_a_kernels_name_is_not_a_language(case):
    """The name tells it, or the cells do."""
    cell, kernel, language = KERNELS[case]
    assert source_of(".ipynb", of_kernel(cell, **kernel)).language == language


def test_a_kernel_of_which_nothing_is_known_is_a_sentence():
    """With its name."""
    with pytest.raises(DocumentError, match=r"it says no language \(its kernel is julia-1.9\); expected Python or R"):
        source_of(".ipynb", of_kernel("f(x) = 1", name="julia-1.9", display_name="Julia 1.9"))


CELLS = {
    "R": (
        ["%load_ext rpy2.ipython", f"%%R -i x\n{IN_R}"],
        ("R", (("cell 2", f"\n{IN_R}"),), ("graded as R, in which its functions are written",)),
    ),
    "R and Python": (
        [f"%%R\n{IN_R}", "def ols(X, y): 1\ndef anova_ols(data): 1"],
        (
            "Python",
            (("cell 2", "def ols(X, y): 1\ndef anova_ols(data): 1"),),
            ("gls: it stands in cell 1, in R; graded was Python",),
        ),
    ),
    "a text cell": (
        ["x = 1", {"cell_type": "markdown", "source": PY}],
        ("Python", (("cell 1", "x = 1"),), ("gls: it stands in a text cell, below cell 1",)),
    ),
    "a text cell about what is there": (
        [{"cell_type": "markdown", "source": PY}, PY],
        ("Python", (("cell 1", PY),), ()),
    ),
}


@pytest.mark.parametrize("case", CELLS)
def test_cells_are_read_in_the_language_that_defines_most(case):
    """What stands elsewhere is named."""
    cells, expected = CELLS[case]
    read = source_of(".ipynb", of_kernel(*cells, name="python3", language="python"))
    assert (read.language, read.chunks, read.remarks) == expected


def test_what_a_cell_writes_to_a_file_is_code_and_lies_beside():
    """Appended where it says so; a path that leads out is written nowhere."""
    cells = (
        f"%%writefile frogs.py\n{PY}",
        "%%writefile -a frogs.py\n\nx = 1",
        "%%file ../out.py\ny = 1",
        "from frogs import *",
    )
    read = source_of(".ipynb", of_kernel(*cells))
    assert read.beside == (("frogs.py", f"{PY}\nx = 1".encode()),)
    assert [text for _, text in read.chunks] == [f"\n{PY}", "\n\nx = 1", "\ny = 1", "from frogs import *"]


MARKDOWN = {
    "four backticks": (f"````{{r}}\n{IN_R}\n````\n", (("chunk 1", IN_R),), ()),
    "tildes": (f"~~~ {{r gls, echo=FALSE}}\n{IN_R}\n~~~\n", (("chunk 1", IN_R),), ()),
    "a chunk that is only shown": (
        f"```{{r}}\nx\n```\n````markdown\n```{{r}}\n{IN_R}\n```\n````\n",
        (("chunk 1", "x"),),
        ("gls: it stands in the text, in no chunk that is run, ```{r} or ```{python}",),
    ),
    "a chunk without braces": (
        f"```{{r}}\nx\n```\n```r\n{IN_R}\n```\n",
        (("chunk 1", "x"),),
        ("gls: it stands in the text, in no chunk that is run, ```{r} or ```{python}",),
    ),
    "a chunk that is not evaluated": (
        f"```{{r}}\nx\n```\n```{{r, eval=FALSE}}\n{IN_R}\n```\n",
        (("chunk 1", "x"),),
        ("gls: its chunk is not evaluated (eval)",),
    ),
}


@pytest.mark.parametrize("case", MARKDOWN)
def test_chunks_are_what_knitr_would_run(case):
    """Fences of any length; what stands elsewhere is named."""
    text, chunks, remarks = MARKDOWN[case]
    read = source_of(".qmd", f"---\ntitle: x\n---\n\n{text}".encode())
    assert (read.chunks, read.remarks) == (chunks, remarks)


def test_a_document_without_a_chunk_says_where_its_functions_stand():
    """The first of them."""
    with pytest.raises(DocumentError, match="it has no chunk of code; gls: it stands in the text, in no chunk that is"):
        source_of(".rmd", f"```r\n{IN_R}\n```\n".encode())


def test_a_notebook_under_a_scripts_name_is_a_notebook():
    """Renamed, not exported."""
    assert source_of(".py", of_kernel(PY)).chunks == (("cell 1", PY),)
