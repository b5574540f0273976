"""python serve.py peer.py: the functions of a peer file answer lines of JSON, in an environment without the suite.

It reads {"id": 7, "function": "gls", "arguments": {...}} and writes {"id": 7, "result": ...} or {"id": 7, "error": ""}.
"""

import dataclasses
import json
import runpy
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd


def argument(name, value):
    """Tables, matrices and labels as a peer in Python is given them."""
    if name == "data":
        return pd.DataFrame(value)
    if name == "terms":
        return [(np.array(term["Z"], float), np.array(term["group"])) for term in value]
    return np.array(value) if isinstance(value, list) and name != "colors" else value


def plain(value):
    """A result of whatever kind as numbers, texts, lists and objects."""
    if dataclasses.is_dataclass(value):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, pd.DataFrame):
        return plain(value.to_dict("list"))
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, list | tuple):
        return list(map(plain, value))
    return plain(value.tolist()) if hasattr(value, "tolist") else value


def answer(functions, question):
    """The result, or the error."""
    function = functions.get(question["function"])
    if function is None:
        return {"error": "not offered"}
    try:
        return {"result": plain(function(*(argument(*pair) for pair in question["arguments"].items())))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(sys.argv[1]).parent))
    with redirect_stdout(sys.stderr):  # what a package prints is no answer
        functions = runpy.run_path(sys.argv[1])
        for line in sys.stdin:
            question = json.loads(line)
            said = json.dumps({"id": question["id"]} | answer(functions, question), default=str)
            print(said, file=sys.__stdout__, flush=True)
