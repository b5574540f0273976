"""Names and ids of a class, from a CSV file: one's own, or an export of Canvas, Moodle, Blackboard or Brightspace.

`lmm_core.tables` reads it, as all tables; nobody computes with it, so no line of R is shown.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lmm_core import tables
from tests.grading.intake.platforms import Label
from tests.grading.intake.text import printable

# What a column may be called, in small letters.
COLUMNS = {
    "name": ("name", "student", "full name", "student name", "nom", "nombre"),
    "first": ("first name", "given name", "first_name"),
    "last": ("last name", "surname", "family name", "last_name"),
    "id": ("id", "identifier", "canvas id", "participant id", "participant", "orgdefinedid", "student id"),
    "sis": ("sis user id", "sis id", "id number", "student number"),
    "login": ("login", "sis login id", "login id", "username", "user name", "user", "github_username"),
    "email": ("email", "email address", "e-mail", "mail"),
    "section": ("section", "group", "groups", "class"),
}
NO_PERSON = re.compile(r"^\s*(points possible|student, test|test student)\s*$", re.IGNORECASE)  # rows of Canvas
MOST_PARTS = 20  # of a file's name
UPLOAD = re.compile(r" \(\d+\)$")  # a drive numbers a file that is handed in again
MAX_ROSTER = 8 * 2**20


class RosterError(ValueError):
    """The file is no roster, in one sentence."""


@dataclass(frozen=True)
class Person:
    """One person: as the roster has it, or as far as a file's name tells."""

    name: str = ""
    id: str = ""
    sis: str = ""
    login: str = ""
    email: str = ""
    section: str = ""


@dataclass(frozen=True)
class Roster:
    """All of them, found by id, by login or e-mail, or by a name that only one of them has."""

    people: tuple[Person, ...] = ()
    _found: dict[str, Person] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Roster":
        """Of a file; raises RosterError."""
        try:
            with path.open("rb") as file:
                table = tables.parse(path.name, file.read(MAX_ROSTER))
        except OSError as error:
            raise RosterError(f"--roster {path} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise RosterError(f"--roster {error}; expected name, and id or login") from None
        heads = {head.lower(): at for at, head in reversed([*enumerate(table.heads)])}
        columns = {part: next((heads[n] for n in names if n in heads), None) for part, names in COLUMNS.items()}
        if "github_username" in heads and "identifier" in heads:  # GitHub Classroom's own, whose name may be empty
            columns |= {"name": heads["identifier"], "id": None}
        elif "identifier" in heads and columns["name"] is None and columns["last"] is None:  # Moodle's, without names
            columns["name"] = heads["identifier"]
        found = {part for part, at in columns.items() if at is not None}
        if not found & {"name", "last"} or not found & {"id", "login", "email"}:
            has = ", ".join(filter(None, table.heads))
            raise RosterError(f"--roster {path} has the columns {has}; expected name, and id or login")
        cells = [{part: "" if at is None else row[at] for part, at in columns.items()} for row in table.rows]
        people = map(_person, cells)
        return cls.of(*(person for person in people if person.name and not NO_PERSON.match(person.name)))

    @classmethod
    def of(cls, *people: Person) -> "Roster":
        """Of people."""
        keys = [(key, person) for person in people for key in _keys(person)]
        counts = Counter(key for key, _ in keys)
        return cls(people, {key: person for key, person in keys if counts[key] == 1})

    def person(self, label: Label) -> Person:
        """Who is meant by a platform's label; what the label says where the roster does not know."""
        by_id, by_login, by_name = (
            self._found.get(key)
            for key in (f"id {label.id}", f"login {label.login.lower()}", f"name {_letters(label.name)}")
        )
        if (
            by_id and by_name and " " in label.name.strip()
        ):  # the id is the platform's, and may be another's in a roster
            return by_name
        if by_id or by_login or by_name:
            return by_id or by_login or by_name or Person()
        return Person(printable(label.name or label.login), label.id, login=label.login)

    def knows(self, login: str) -> bool:
        """Whether somebody has this login."""
        return f"login {login.lower()}" in self._found

    def named(self, name: str) -> Person | None:
        """Who is called so, or has this login, if only one is."""
        name = UPLOAD.sub("", name)
        return self._found.get(f"login {name.lower()}") or self._found.get(f"name {_letters(name)}")

    def named_in_part(self, name: str) -> Person | None:
        """Whose name or login, and nobody else's, a part of it is: ASSIGNMENT-login, NAME - file, file - NAME."""
        name = UPLOAD.sub("", name)
        ends = [name[at.end() :] for at in re.finditer("-", name)]
        by_part = [self._found.get(f"name {_letters(part)}") for part in name.split(" - ")[:MOST_PARTS]]
        by_login = [self._found.get(f"login {end.lower()}") for end in ends[:MOST_PARTS]]
        known = {person for person in (*by_part, *by_login) if person}
        return known.pop() if len(known) == 1 else None


def _person(row: dict[str, str]) -> Person:
    name = row["name"] or ", ".join(filter(None, (row["last"], row["first"])))
    number = (
        re.search(r"\d+$", row["id"]) if row["id"].lower().startswith("participant") else None
    )  # Moodle's Identifier
    parts = {part: printable(row[part].lstrip("#")) for part in ("sis", "login", "email", "section")}
    return Person(printable(name), number.group() if number else printable(row["id"].lstrip("#")), **parts)


def _keys(person: Person) -> set[str]:
    last, _, first = person.name.partition(",")
    names = {_letters(person.name), _letters(first + last)} if first else {_letters(person.name)}
    logins = {person.login.lower(), person.email.lower(), person.email.lower().partition("@")[0]}
    return {
        *(f"id {number}" for number in (person.id, person.sis) if number),
        *(f"login {login}" for login in logins if login),
        *(f"name {name}" for name in names if name),
    }


def _letters(name: str) -> str:
    """A name as a file's name has it: letters without accents, and digits."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]", "", plain.casefold())
