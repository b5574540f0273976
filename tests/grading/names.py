"""What a course calls the contract's functions and a table's columns: as the chapter does, where it does not say.

Names change where a call goes to the worker and its answer comes back, and in what is written for people; tests,
misconceptions and points know the chapter's alone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tests.contract import COLUMNS, CONTRACT

Column = TypeVar("Column")
WORDS = {  # the checks' words for what stands in the columns
    "bucket": "a bucket",
    "color": "a colour",
    "weight": "a weight",
    "id": "a frog's id",
    "bucket_mu": "bucket_mu",
}
FUNCTION = re.compile(rf"(?<![\w.:])(?:{'|'.join(CONTRACT)})(?!\w)")
ONE = rf"(?:{'|'.join(COLUMNS)})\b"
COLUMN = re.compile(rf"(?<=')\b{ONE}(?=')|\b{ONE}(?:, {ONE})+|(?<=lacks ){ONE}|(?<=column ){ONE}")


@dataclass(frozen=True)
class Names:
    """A course's names, by those of the chapter."""

    functions: Mapping[str, str] = field(default_factory=lambda: {name: name for name in CONTRACT})
    columns: Mapping[str, str] = field(default_factory=lambda: {name: name for name in COLUMNS})

    @classmethod
    def of(cls, functions: Mapping[str, str], columns: Mapping[str, str]) -> "Names":
        """Of what a course says: what it does not name keeps its name, a function where no other has that."""
        others = [name for name in CONTRACT if name not in functions and name not in functions.values()]
        named = {name: functions.get(name, name) for name in CONTRACT if name in functions or name in others}
        return cls(named, {name: columns.get(name, name) for name in COLUMNS})

    @property
    def line(self) -> str:
        """What the checks' words mean here; nothing where they mean themselves."""
        other = [f"{word} your {self.columns[c]}" for c, word in WORDS.items() if self.columns[c] != c]
        if not other:
            return ""
        first, *rest = other
        return f"Words of the checks: {', '.join([first.replace(' your ', ' is your ', 1), *rest])}."

    def there(self, table: Mapping[str, Column]) -> dict[str, Column]:
        """The columns of a table under the course's names."""
        return {self.columns.get(name, name): column for name, column in table.items()}

    def back(self, table: Mapping[str, Column]) -> dict[str, Column]:
        """The columns of a table that comes from there under the chapter's names; none that the course has not."""
        return {name: table[own] for name, own in self.columns.items() if own in table}

    def listed(self, columns: Iterable[str]) -> str:
        """Columns in the course's names."""
        return ", ".join(self.columns[name] for name in columns)

    def told(self, text: str) -> str:
        """What the grader says of functions and columns of the contract, in the course's names."""
        text = FUNCTION.sub(lambda found: self.functions.get(found.group(), found.group()), text)
        return COLUMN.sub(lambda found: self.listed(found.group().split(", ")), text)


CHAPTER = Names()
