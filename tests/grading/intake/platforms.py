"""Whose a download is, by the names that learning platforms give to files and folders.

Canvas: doejane_LATE_12345_678910_student-2.py
    name, perhaps LATE, the ids of person and upload, the file (instructure/canvas-lms, lib/content_zipper.rb)
    LATE_anon_k3x9q_678910_student.py where names are hidden: perhaps LATE, a number of letters and digits
Moodle: Jane Doe_987654_assignsubmission_file_/student.py, or without the folder
    name, the participant's id, the kind, the file (moodle, mod/assign/locallib.php, download_submissions)
Blackboard: Exercise 4_jdoe_attempt_2026-11-25-10-30-00_student.py
    assignment, login, time, file (the form that vangef/BBGradebookOrganiser reads)
Brightspace: 12345-67890 - Jane Doe - Nov 25, 2026 1155 PM/student.py
    ids, name, time; a folder, or the beginning of the file's name
Sakai: Doe, Jane(jdoe)/Submission attachment(s)/student.py
    name and login
Gradescope: submission_1001/student.py, and whose it is in submission_metadata.yml beside
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

import yaml

FORMS = {
    "Moodle": re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)$", re.DOTALL),
    "Blackboard": re.compile(
        r"^(?P<whose>.+?_(?P<login>[^_]+))_attempt_(?P<upload>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)$",
        re.DOTALL,
    ),
    "Brightspace": re.compile(
        r"^(?P<id>\d+)-(?P<number>\d+) ?- ?(?P<name>.+?) ?- ?"
        r"(?P<upload>[A-Z][a-z]{2,8} \d{1,2}, \d{4} \d{3,4} [AP]M)(?: ?- ?(?P<file>.+))?$",
        re.DOTALL,
    ),
    "Sakai": re.compile(r"^(?P<name>[^(),]+,[^(),]+)\((?P<login>[^()]+)\)(?P<file>)$", re.DOTALL),
    "Canvas, anonymous": re.compile(
        r"^(?:(?P<late>LATE)_)?(?P<name>anon_[A-Za-z0-9]+)_(?P<upload>\d+)_(?P<file>.+)$", re.DOTALL
    ),
    "Canvas": re.compile(r"^(?P<name>.+?)(?:_(?P<late>LATE))?_(?P<id>\d+)_(?P<upload>\d+)_(?P<file>.+)$", re.DOTALL),
}
METADATA = "submission_metadata.yml"
RECEIPT = re.compile(r"\A\s*Name: (?P<name>[^\n]+) \((?P<login>[^()\n]+)\)[ \t]*$", re.MULTILINE)  # Blackboard's
VERSION = re.compile(r"-(\d+)(?=\.[^.]*$|$)")  # Canvas numbers a file that is handed in again


@dataclass(frozen=True)
class Label:
    """What a platform says of an upload."""

    name: str = ""
    id: str = ""  # of the person, on the platform
    login: str = ""
    late: bool = False
    upload: str = ""  # a number that grows with time, or the time itself
    file: str = ""  # as the student called it; "" where a folder carries the label
    whose: str = ""  # on Blackboard, the assignment's name and the login, which may both hold an underscore

    @property
    def person(self) -> tuple[str, str]:
        """What tells this person from others; two empty texts where nothing does."""
        return self.id, self.login

    @property
    def attempt(self) -> str:
        """When it was handed in, in letters that grow with time; "" where the platform does not say."""
        if self.upload.isdigit() or not self.upload:
            return ""
        day = re.match(r"([A-Z][a-z]{2})[a-z]* (\d+), (\d{4}) (\d{3,4}) ([AP]M)", self.upload)
        if not day:
            return self.upload
        month, number, year, clock, half = day.groups()
        try:
            time = datetime.strptime(f"{month} {number} {year} {clock.zfill(4)} {half}", "%b %d %Y %I%M %p")
        except ValueError:  # a month in another language
            return self.upload
        return time.isoformat()

    @property
    def version(self) -> tuple[int, tuple[int, str]]:
        """Later ones are larger: the number that Canvas appends, then that of the upload."""
        found = VERSION.search(self.file)
        time = self.attempt or self.upload
        return int(found.group(1)) if found else 0, (len(time) if time.isdigit() else 0, time)


def platform(names: Iterable[str]) -> str:
    """Whose form most of these names have: a student chooses the end of one name, and may imitate another's there."""
    all_of_them = list(names)
    return max(FORMS, key=lambda form: sum(bool(FORMS[form].match(name)) for name in all_of_them))


def label(name: str, likely: str = "Moodle") -> Label | None:
    """The label in a file's or folder's name, if it has a platform's form; the likely platform's is tried first."""
    for form in (FORMS[likely], *FORMS.values()):
        found = form.match(name)
        if found:
            parts = found.groupdict()
            known = {part: parts.get(part) or "" for part in ("name", "id", "login", "upload", "file", "whose")}
            if form is FORMS["Canvas, anonymous"]:
                known["login"] = known["name"]  # no id of anybody's
            return Label(**known, late=bool(parts.get("late")))
    return None


def labels(names: Iterable[str], receipts: Mapping[str, str], knows: Callable[[str], bool]) -> dict[str, Label | None]:
    """Of all names of a class: where a form leaves open what a login is, the platform and the roster decide.

    Blackboard writes ASSIGNMENT_LOGIN_attempt_..., and both may hold an underscore: its receipts have the login; else
    the assignment is what the names begin with alike, up to where the roster knows most logins.
    """
    all_of_them = list(names)
    likely = platform(all_of_them)
    found = {name: label(name, likely) for name in all_of_them}
    said = {about.whose: read for name, about in found.items() if about and (read := _receipt(receipts.get(name, "")))}
    parts = [tuple(about.whose.split("_")) for about in found.values() if about and about.whose]
    shortest = min(map(len, parts), default=1)
    alike = takewhile(lambda same: len(set(same)) == 1, zip(*parts, strict=False))
    common = min(len(list(alike)), shortest - 1)

    def logins(depth: int) -> tuple[int, int]:
        known = sum(knows("_".join(part[depth:])) for part in parts)
        return known, -depth if known else depth

    depth = max(range(1, common + 1), key=logins, default=0)

    def refined(about: Label | None) -> Label | None:
        if not about or not about.whose:
            return about
        name, login = said.get(about.whose, ("", ""))
        if login and about.whose.endswith(f"_{login}"):
            return replace(about, name=name, login=login)
        own = about.whose.split("_")
        ends = ["_".join(own[k:]) for k in range(1, len(own))]
        return replace(about, login="_".join(own[depth:]) if depth else next(filter(knows, ends), ends[-1]))

    return {name: refined(about) for name, about in found.items()}


def _receipt(text: str) -> tuple[str, str] | None:
    found = RECEIPT.search(text[:1000])
    return (found["name"].strip(), found["login"].strip()) if found else None


def submitters(metadata: str) -> dict[str, list[Label]]:
    """Of Gradescope's submission_metadata.yml: who handed in each folder, several where they worked together."""
    if re.search(r"<<\s*:", metadata):  # merged keys may grow to any size; Gradescope writes none
        return {}
    try:
        read: Any = yaml.load(metadata, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    found: dict[str, list[Label]] = {}
    for folder, about in read.items() if isinstance(read, dict) else ():
        people = about.get(":submitters") if isinstance(about, dict) else None
        for person in people if isinstance(people, list) else ():
            if isinstance(person, dict):
                name, number, email = (str(person.get(part) or "") for part in (":name", ":sid", ":email"))
                found.setdefault(str(folder), []).append(Label(name, number, email))
    return found
