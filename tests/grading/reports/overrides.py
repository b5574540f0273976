"""overrides.csv in a report's folder: points that a teacher has decided on, after an appeal, which every run applies.

    file,function,points,why
    doe_1_10_student.py,gls,8,"right, by another algorithm"

The first column may be called file, id, name or login, whatever tells people apart; of two rows about the same the
later one counts.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lmm_core import tables
from tests.grading.intake.handin import HandIn
from tests.grading.judgement.rubric import Rubric
from tests.grading.judgement.verdict import Result

FILE = "overrides.csv"
WHO = ("file or id", "file", "id", "name", "login")
HEAD = "file, function, points, why"


class OverrideError(ValueError):
    """The file does not fit, in one sentence."""


@dataclass(frozen=True)
class Override:
    """One row."""

    line: int
    who: tuple[str, ...]
    function: str
    points: float
    why: str


@dataclass(frozen=True)
class Overrides:
    """All of them."""

    rows: list[Override] = field(default_factory=list)

    @classmethod
    def read(cls, report: Path, handed_in: Iterable[Path], rubric: Rubric) -> "Overrides":
        """Of a report's folder; raises OverrideError.

        Not where that lies among the hand-ins, which could bring such a file along.
        """
        path = report / FILE
        if not path.exists():
            return cls()
        if any(path.resolve().is_relative_to(folder.resolve()) for folder in handed_in):
            raise OverrideError(f"{path} lies among the hand-ins, and may be one's: choose another --report")
        try:
            content = path.read_bytes()
            if len(content.splitlines()) < 2:
                return cls()
            table = tables.parse(FILE, content)
            heads = [head.lower() for head in table.heads]
            who = [at for at, head in enumerate(heads) if head in WHO]
            if not who or not {"function", "points", "why"} <= set(heads):
                raise OverrideError(f"{path} has the columns {', '.join(table.heads)}; expected {HEAD}")
            points = table.numbers(table.heads[heads.index("points")])
        except OSError as error:
            raise OverrideError(f"{path} cannot be read: {error.strerror}") from None
        except OverrideError:
            raise
        except ValueError as error:
            raise OverrideError(f"{path.parent}/{error}") from None
        function, why = heads.index("function"), heads.index("why")
        rows = []
        for line, row, number in zip(table.lines, table.rows, points.tolist(), strict=True):
            told = tuple(row[at] for at in who), row[function], number, row[why]
            rows.append(_row(f"{path}, line {line}", rubric, line, *told))
        return cls(rows)

    def of(self, handed_in: HandIn) -> dict[str, Override]:
        """By function, those about one person."""
        return {row.function: row for row in self.rows if _is_about(row, handed_in)}

    def nobodys(self, everybody: list[HandIn]) -> list[str]:
        """A sentence for each row that is about nobody here."""
        lost = [row for row in self.rows if not any(_is_about(row, one) for one in everybody)]
        known = {key for one in everybody for key in _keys(one)}
        return [f"{FILE}, line {row.line}: nobody here is {_asked(row, known)}; it is not applied" for row in lost]


def applied(result: Result, chosen: Mapping[str, Override]) -> Result:
    """A result with the points that were decided on, and why; who has all of them is graded."""
    tests = []
    for test in result["tests"]:
        row = chosen.get(test["tags"][-1])
        if row:
            instead = {"points": row.points, "was": test["score"], "why": row.why}
            said = f"{row.points:g} points by your teacher, instead of {test['score']:g}: {row.why}\n\n{test['output']}"
            extra = test["extra_data"] | {"override": instead}
            test = test | {"score": row.points, "output": said, "extra_data": extra}  # noqa: PLW2901
        tests.append(test)
    about = dict(result["extra_data"])
    if all("override" in test["extra_data"] for test in tests):
        about.pop("not_graded", None)
    score = round(sum(test["score"] for test in tests), 2)
    return result | {"score": score, "tests": tests, "extra_data": about} if chosen else result


def _row(where: str, rubric: Rubric, line: int, who: tuple[str, ...], name: str, points: float, why: str) -> Override:
    names = {item.name: item for item in rubric.items.values()}
    item = names.get(name) or rubric.items.get(name)
    if not item:
        close = difflib.get_close_matches(name, names, 1)
        raise OverrideError(f"{where}: {name!r} is no function here" + (f"; did you mean {close[0]}?" if close else ""))
    if not 0 <= points <= item.points:
        raise OverrideError(f"{where}: {points:g} points for {name}; expected 0 to {item.points:g}")
    if not why:
        raise OverrideError(f"{where}: there is no reason; expected one in the column why")
    return Override(line, tuple(filter(None, who)), item.function, points, why)


def _is_about(row: Override, one: HandIn) -> bool:
    """Whether all that a row says of a person is so."""
    return bool(row.who) and set(map(str.casefold, row.who)) <= _keys(one)


def _keys(one: HandIn) -> set[str]:
    person = one.person
    files = [upload.file for upload in (one, *one.earlier)]
    known = [*files, one.name, *((person.name, person.id, person.sis, person.login, person.email) if person else ())]
    return {key.casefold() for key in known if key}


def _asked(row: Override, known: set[str]) -> str:
    asked = ", ".join(row.who) or "named"
    close = difflib.get_close_matches(asked.casefold(), sorted(known), 1)
    return f"{asked}; did you mean {close[0]}?" if close else asked
