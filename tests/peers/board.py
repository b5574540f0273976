"""`python -m tests.peers.board board-NAME README.md`: one package's column of the board of packages.

A column is written by the environment that has the package; the others stay as they are.
"""

import sys
from pathlib import Path

from tests.peers import peer, scoreboard

FOLDER = peer.FOLDER / "board"
HEAD = """# The board

Correct digits (log relative error against 50-digit arithmetic) of Vb, Ve, coef, se, df and F, as `pytest --scoreboard`
writes them. `tox run -f board` writes this file, a column from each environment. Behind the zeros: `DEFECTS.md`.
What SAS has printed, and how much of it is right: `SAS.md`.

"""
SECOND = """
## lme4's models

Correct digits of all G, Ve, coef, se and df, of who offers `fit_mixed`, as `tests/peers/README.md` explains.

"""


def columns(text: str) -> dict[str, dict[str, str]]:
    """The cells of a markdown table by column and row."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    if not rows:
        return {}
    head, _, *body = rows
    return {name: {row[0]: row[k] for row in body} for k, name in enumerate(head) if k}


def merged(text: str, new: str) -> str:
    """The table with the columns of another put in, or in the place of the old ones."""
    old, added = columns(text), columns(new)
    package = {name.split(" ")[0] for name in added}
    kept = {name: cells for name, cells in old.items() if name.split(" ")[0] not in package}
    together = dict(sorted((kept | added).items(), key=lambda item: item[0].lower()))
    names = list(dict.fromkeys(row for cells in added.values() for row in cells))
    lines = [" | ".join([new.partition(" | ")[0], *together]) + " |", "|---" * (len(together) + 1) + "|"]
    lines += ["| " + " | ".join([row, *(cells.get(row, "") for cells in together.values())]) + " |" for row in names]
    return "\n".join(lines) + "\n"


def page(board: str, judged: peer.Peer) -> str:
    """The page with the columns of one package."""
    first, _, second = board.partition(SECOND)
    both = [peer.core(), judged]
    if judged.offers("fit_mixed"):
        second = merged(second, scoreboard.second_table(both))
    return HEAD + merged(first, scoreboard.table(both)) + (SECOND + second if second else "")


if __name__ == "__main__":
    name, readme = sys.argv[1].removeprefix("board-"), Path(sys.argv[2])
    board = readme.read_text(encoding="utf-8") if readme.exists() else ""
    readme.write_text(page(board, peer.load(FOLDER / f"{name}_peer.py")), encoding="utf-8")
