"""`python -m reference.vectors.generate`: computes every topic's file, afresh and compared to the letter, or written.

python -m reference.vectors.generate             compares all (minutes); 1 where one differs
python -m reference.vectors.generate --write     writes them
python -m reference.vectors.generate minima      one topic
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from reference.vectors import lint, truth, words
from reference.vectors.model import Spec
from reference.vectors.schema import schema
from reference.vectors.wrong import wrong

FOLDER = Path(__file__).parent / "files"


def topic(name: str) -> dict[str, Any]:
    """A topic's file."""
    module = importlib.import_module(f"reference.vectors.topics.{name}")
    vectors = [vector(name, spec) for spec in module.specs()]
    head = {"schema": words.SCHEMA, "version": words.VERSION, "topic": name, "about": module.ABOUT}
    return head | {"sha256": lint.sha256(vectors), "vectors": vectors}


def vector(topic: str, spec: Spec) -> dict[str, Any]:
    """A vector, computed."""
    model = spec.model
    names, X = model.design
    numbers = {"X": X, "y": model.columns[model.response], "terms": [_term(spec, k) for k in range(len(model.terms))]}
    head = {
        "id": f"{topic}/{spec.id}",
        "level": spec.level,
        "flags": sorted(spec.flags),
        "comment": spec.comment,
        "source": spec.source,
        "method": spec.method,
        "formula": model.formula,
        "factors": sorted({*model.factors, *(group for _, group in model.terms)}),
        "data": model.columns,
        "coefficients": names,
        "numbers": numbers,
    }
    if spec.tested:
        head["tested"] = [j + 1 for j in spec.tested]
    if spec.refuse:
        truth.assert_no_fit(model)
        return head | {"refuse": spec.refuse, "acceptable": spec.acceptable}
    fit = truth.fitted(model, ml=spec.method == "ML")
    right = truth.expected(spec, fit)
    counted = model.is_one_intercept and not fit.ml
    proved = truth.COUNTED if counted else truth.SEARCHED
    return head | {"expected": right, "proved": proved, "wrong": wrong(spec, fit, right)}


def _term(spec: Spec, k: int) -> dict[str, Any]:
    """Z, and the number of each row's level, in the order of the labels."""
    levels = sorted(set(spec.model.group(k)))
    return {"Z": spec.model.Z(k), "group": [levels.index(label) + 1 for label in spec.model.group(k)]}


def text(content: dict[str, Any]) -> str:
    """As it is written: a line for each vector's part."""
    head = {key: value for key, value in content.items() if key != "vectors"}
    lines = [json.dumps(head, ensure_ascii=False)[:-1] + ', "vectors": [']
    for i, one in enumerate(content["vectors"]):
        parts = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in one.items())
        lines.append("{" + ",\n ".join(parts) + ("}," if i + 1 < len(content["vectors"]) else "}"))
    return "\n".join([*lines, "]}", ""])


def main(arguments: list[str]) -> int:
    """Compare, or write."""
    names, different = [name for name in arguments if not name.startswith("-")] or ["schema", *words.TOPICS], 0
    for name in names:
        started, path = time.monotonic(), FOLDER / f"{name}.json"
        now = json.dumps(schema(), indent=1) + "\n" if name == "schema" else text(topic(name))
        same = path.is_file() and path.read_text(encoding="utf-8") == now
        if "--write" in arguments:
            path.write_text(now, encoding="utf-8")
        different += not same
        said = "the same" if same else "written" if "--write" in arguments else "DIFFERENT"
        print(f"{name}: {said} ({time.monotonic() - started:.0f} s)", flush=True)
    return int(different > 0 and "--write" not in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
