"""What a student reads of a failing check: the claim, got, expected, the smallest input, the idea behind it."""

from typing import Any

import numpy as np
import pandas as pd

from tests.implementation import Call

MAX_CELLS = 160  # a larger input is described, not printed


def told(message: str, call: Call | None, language: str) -> str:
    """The failure of one test in words, with the call that shows it as lines to paste."""
    lines = [message.strip()]
    if call is not None:
        lines += ["", "To see it, paste:", *(f"    {line}" for line in pasteable(call, language))]
    return "\n".join(lines)


def pasteable(call: Call, language: str) -> list[str]:
    """Lines that make the arguments of a call, and then call it."""
    as_text = _r if language == "R" else _python
    lines = ["import numpy as np, pandas as pd"] if language == "Python" else []
    inline = []
    for name, value in call.arguments.items():
        if isinstance(value, str | int | float) or (isinstance(value, list) and len(value) <= 6):
            inline.append(as_text(value))
        else:
            lines.append(f"{name} {'<-' if language == 'R' else '='} {as_text(value)}")
            inline.append(name)
    return "\n".join([*lines, f"{call.name}({', '.join(inline)})"]).splitlines()


def _python(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        if value.size > MAX_CELLS:
            return f"...  # a table of {len(value)} rows"
        return "pd.DataFrame({" + ", ".join(f"{str(k)!r}: {v.tolist()!r}" for k, v in value.items()) + "})"
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r})" if value.size <= MAX_CELLS else f"...  # an array of shape {value.shape}"
    return repr(value)


def _r(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        if value.size > MAX_CELLS:
            return f"NULL  # a table of {len(value)} rows"
        columns = {
            name: _r_vector(column.tolist(), factor=name in ("bucket", "color")) for name, column in value.items()
        }
        return "data.frame(" + ", ".join(f"{name} = {text}" for name, text in columns.items()) + ")"
    if isinstance(value, np.ndarray) and value.size > MAX_CELLS:
        return f"NULL  # an array of shape {value.shape}"
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return f"matrix({_r_vector(value.ravel().tolist())}, nrow = {len(value)}, byrow = TRUE)"
    if isinstance(value, np.ndarray):
        return _r_vector(value.tolist(), factor=value.dtype.kind not in "f")
    return _r_vector(value) if isinstance(value, list) else _r_scalar(value)


def _r_vector(values: list[Any], *, factor: bool = False) -> str:
    text = "c(" + ", ".join(map(_r_scalar, values)) + ")"
    return f"factor({text})" if factor else text


def _r_scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else repr(value)
