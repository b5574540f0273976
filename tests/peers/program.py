"""A program in any language, that answers by lines of JSON (see dialogue.py), as a peer: its `peer.toml`.

command = ["julia", "--project", "peer.jl"]       started in this file's folder
version = "mypackage 1.2"
seconds = 60                                      for an answer, the start of the program included
functions = ["fit_reml", "satterthwaite_df"]      what it answers; without it each is asked once, and a program
                                                  that answers "not offered" is not asked again
not_offered = ["fit_reml.criterion"]              and the other declarations of a peer, in small letters

[known_failures]
"test_reml_next_to_the_boundary" = "why"
"""

import shutil
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.contract import EVERY, ContractError
from tests.grading.sandbox.plain import UnreadableError, plain
from tests.peers.declared import Declared, flag
from tests.peers.dialogue import DialogueError, NoProgramError, Program
from tests.strategies import twelve_frogs

SECONDS = 60.0
NOT_OFFERED = "not offered"
KEYS = {"command", "version", "seconds", "functions", "contract", "not_offered", "criterion", "refuses", "df", "least"}
KEYS |= {"known_failures"}
KINDS = {"command": list, "functions": list, "not_offered": list, "refuses": dict, "known_failures": dict}


class ProgramError(Exception):
    """The file cannot be used; one sentence, which follows its name."""


@dataclass
class Declaration:
    """A peer.toml as it is read, with its program."""

    said: dict[str, Any]
    program: Program
    offered: frozenset[str] = frozenset()

    def started(self) -> "Declaration":
        """With what it answers: as it says, or as the program answers when each is asked once; raises ProgramError."""
        if "functions" in self.said:
            return replace(self, offered=frozenset(self.said["functions"]))
        asked = set(EVERY) - set(self.said.get("not_offered", ()))
        return replace(self, offered=frozenset(name for name in EVERY if name in asked and self._is_offered(name)))

    def _is_offered(self, name: str) -> bool:
        try:
            self.program.ask(name, example(name))
        except NoProgramError as error:
            raise ProgramError(f"cannot be judged: {name} {error}") from None
        except DialogueError as error:
            return not str(error).endswith(NOT_OFFERED)
        return True

    def function(self, name: str) -> str | None:
        """Its name, where it is offered."""
        return name if name in self.offered else None


@dataclass(frozen=True)
class InProgram:
    """The program; whatever becomes of a question is its answer."""

    declaration: Declaration
    declared: Declared

    def call(self, name: str, arguments: dict[str, Any], forms: dict[str, str]) -> dict[str, Any]:
        """Ask it."""
        try:
            value = self.declaration.program.ask(name, arguments)
        except DialogueError as error:
            self.declared.refused(name, arguments, ContractError(f"{name} {error}"))
        try:
            answer = plain(value, self.declared.forms(name, forms)) | flag(value)
        except UnreadableError as error:
            raise ContractError(f"{name}: {error}") from None
        return self.declared.completed(name, answer, arguments)

    def takes_method(self) -> bool:
        """Whether it answers fit_mixed by ML, and otherwise than by REML."""
        ask, question = self.declaration.program.ask, example("fit_mixed")
        try:
            return ask("fit_mixed", question) != ask("fit_mixed", question | {"method": "ML"})
        except DialogueError:
            return False


def read(path: Path) -> Declaration:
    """The file; raises ProgramError."""
    try:
        said = {key.lower(): value for key, value in tomllib.loads(path.read_text(encoding="utf-8-sig")).items()}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProgramError(f"is no TOML: {error}") from None
    unknown = sorted(set(said) - KEYS)
    if unknown:
        raise ProgramError(f"declares {unknown[0]!r}; known are {', '.join(sorted(KEYS))}")
    for key, kind in KINDS.items():
        if key in said and not isinstance(said[key], kind):
            raise ProgramError(f"has {key} = {said[key]!r}; expected a {'list' if kind is list else 'table'}")
    command = said.get("command")
    if not command or not all(isinstance(word, str) for word in command):
        raise ProgramError(f"has command = {command!r}; expected a list of words, such as ['julia', 'peer.jl']")
    seconds = said.get("seconds", SECONDS)
    if not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise ProgramError(f"has seconds = {seconds!r}; expected a number above 0")
    strange = [name for name in said.get("functions", ()) if name not in EVERY]
    if strange:
        raise ProgramError(f"offers {strange[0]!r}; functions of the contract are {', '.join(EVERY)}")
    return Declaration(said, Program(_found(command, path.parent), path.parent, float(seconds)))


def _found(command: list[str], folder: Path) -> list[str]:
    """With the whole path of what is started: a program that lies beside the file, or one of the system."""
    beside = folder / command[0]
    first = str(beside.absolute()) if beside.is_file() else shutil.which(command[0])
    if first is None:
        raise ProgramError(f"has command = {command!r}, and there is no {command[0]} on this machine")
    return [first, *command[1:]]


def example(name: str) -> dict[str, Any]:
    """Arguments of a function: three frogs in each of four buckets, two red and two blue."""
    frogs = twelve_frogs()
    values = {
        "n_buckets": 4,
        "n_within": 3,
        "colors": ["red", "blue"],
        "mu": 65.0,
        "sigma_bucket": 8.0,
        "sigma_within": 3.0,
        "seed": 1,
        "data": frogs.data,
        "labels": frogs.color,
        "intercept": True,
        "group": frogs.group,
        "Vb": 69.0,
        "Ve": 9.0,
        "X0": np.ones((12, 1)),
        "X": frogs.cell_means,
        "y": frogs.y,
        "V": frogs.V(69.0, 9.0),
        "first_id": 1,
        "second_id": 2,
        "terms": [(np.ones((12, 1)), frogs.group)],
    }
    return {argument: values[argument] for argument in EVERY[name].arguments}
