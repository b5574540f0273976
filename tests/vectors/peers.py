"""What the peers of `reference/peers` answer to vectors, and what they miss: DEFECTS.md beside the vectors.

python -m tests.vectors.peers               writes the page's part below its mark, of the peers that can be loaded here
"""

import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from reference.vectors import lint
from reference.vectors.lint import Vector
from tests.peers import peer
from tests.peers.peer import Peer
from tests.vectors import core
from tests.vectors.answers import Answered, Sheet
from tests.vectors.judged import Cell, judged

PAGE = lint.FOLDER / "DEFECTS.md"
MARK = "## All that is missed"
Missed = dict[str, set[str]]  # by vector the quantities


def missed(of: Peer, vectors: dict[str, Vector]) -> list[Cell]:
    """Where the peer has fewer digits than an optimiser at its defaults should, or answers what has no fit."""
    return [cell for cell in judged(sheet(of, vectors), vectors) if not cell.right]


def sheet(of: Peer, vectors: dict[str, Vector]) -> Sheet:
    """The peer's answers, by the first level's functions where a model is of it; without what it refuses by design."""
    answered: Answered = {}
    refused: dict[str, str] = {}
    for name, vector in vectors.items():
        if vector["method"] == "REML" or of.by_ml:
            with warnings.catch_warnings(), suppress(pytest.skip.Exception):
                warnings.simplefilter("ignore")
                try:
                    answered[name] = dict(_answers(of, vector))
                except AssertionError as error:
                    refused[name] = " ".join(str(error).split())
    return Sheet(of.version, {name: found for name, found in answered.items() if found}, refused)


def _answers(of: Peer, vector: Vector) -> Iterator[tuple[str, list[Decimal | None]]]:
    """By quantity; raises AssertionError where there is no fit."""
    X, y, terms = core.parts(vector)
    by_ml, impl = vector["method"] == "ML", of.implementation()
    first = core.is_one_intercept(terms) and not by_ml
    arguments = (X, y, terms[0][1]) if first else (X, y, terms, "ML") if by_ml else (X, y, terms)
    fitting, ddf = ("fit_reml", "satterthwaite_df") if first else ("fit_mixed", "mixed_df")
    reads: dict[str, Callable[[], Any]] = {}
    if of.offers(fitting):
        fit = getattr(impl, fitting)(*arguments)
        reads["variances"] = lambda: fit.Vb if first else np.concatenate([G[np.tril_indices(len(G))] for G in fit.G])
        reads |= {q: lambda q=q: getattr(fit, q) for q in ("Ve", "coef", "se", "criterion")}
    if of.offers(ddf) and not by_ml:
        reads["df"] = lambda: getattr(impl, ddf)(*arguments)
    for quantity, read in reads.items():
        size = len(vector.get("expected", {}).get(quantity, [""]))
        try:
            yield quantity, [Decimal(float(value)) for value in np.ravel(read())]
        except AssertionError:  # a field that lacks, or is no number
            yield quantity, [None] * size


# --- the page -------------------------------------------------------------------------------------------


def text(cells: Sequence[Cell], n_asked: int) -> str:
    """A table: what it looks like, the quantities, the vectors."""
    by_vector: dict[str, list[Cell]] = {}
    for cell in cells:
        by_vector.setdefault(cell.id, []).append(cell)
    rows: dict[tuple[str, str], list[str]] = {}
    for name, of in by_vector.items():
        looks = Counter(cell.sentence.partition(":")[0] for cell in of if cell.mistake).most_common(1)
        said = looks[0][0] if looks else ""
        rows.setdefault((said, " ".join(cell.quantity for cell in of)), []).append(name)
    lines = [f"{n_asked} asked, {len(by_vector)} missed.", "", "| looks like | quantities | vectors |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {said} | {q} | {', '.join(names)} |" for (said, q), names in rows.items())])


def declared(page: str) -> dict[str, Missed]:
    """By package what the page says that it misses."""
    found: dict[str, Missed] = {}
    for part in page.partition(MARK)[2].split("\n### ")[1:]:
        rows = re.findall(r"^\| [^|]* \| ([^|]+) \| ([^|]+/[^|]+) \|$", part, re.MULTILINE)
        of_one = found.setdefault(part.partition("\n")[0], {})
        for quantities, names in rows:
            of_one |= {name: set(quantities.split()) for name in names.split(", ")}
    return found


def main() -> int:
    """Write it."""
    vectors, page = lint.read(), PAGE.read_text(encoding="utf-8")
    parts = [page.partition(MARK)[0].rstrip(), MARK]
    for path in peer.FILES:
        if "lbfgs" in path.stem:  # where it stops is not the same twice
            continue
        of = peer.load(path)
        answers = sheet(of, vectors)
        asked = len(answers.answered) + len(answers.refused)
        cells = [cell for cell in judged(answers, vectors) if not cell.right]
        parts.append(f"### {of.version}\n\n{text(cells, asked)}")
        print(f"{of.version}: {asked} asked, {len({cell.id for cell in cells})} missed", flush=True)
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
