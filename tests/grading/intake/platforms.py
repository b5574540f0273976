"""Whose a download is, by the names that learning platforms give to files and folders.

Canvas: doejane_LATE_12345_678910_student-2.py
    name, perhaps LATE, the ids of person and upload, the file (instructure/canvas-lms, lib/content_zipper.rb)
Moodle: Jane Doe_987654_assignsubmission_file_/student.py, or without the folder
    name, the participant's id, the kind, the file (moodle, mod/assign/locallib.php, download_submissions)
Blackboard: Exercise 4_jdoe_attempt_2026-11-25-10-30-00_student.py
    assignment, login, time, file (the form that vangef/BBGradebookOrganiser reads)
Brightspace: 12345-67890 - Jane Doe - Nov 25, 2026 1155 PM/student.py
    ids, name, time; a folder, or the beginning of the file's name
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

FORMS = {
    "Moodle": re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)$", re.DOTALL),
    "Blackboard": re.compile(
        r"^(?P<assignment>.+?)_(?P<login>[^_]+)_attempt_(?P<upload>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)$",
        re.DOTALL,
    ),
    "Brightspace": re.compile(
        r"^(?P<id>\d+)-(?P<number>\d+) ?- ?(?P<name>.+?) ?- ?"
        r"(?P<upload>[A-Z][a-z]{2,8} \d{1,2}, \d{4} \d{3,4} [AP]M)(?: ?- ?(?P<file>.+))?$",
        re.DOTALL,
    ),
    "Canvas": re.compile(r"^(?P<name>.+?)(?:_(?P<late>LATE))?_(?P<id>\d+)_(?P<upload>\d+)_(?P<file>.+)$", re.DOTALL),
}
VERSION = re.compile(r"-(\d+)(?=\.[^.]*$|$)")  # Canvas numbers a file that is handed in again


@dataclass(frozen=True)
class Label:
    """What a platform says of an upload."""

    name: str = ""
    id: str = ""  # of the person, on the platform
    login: str = ""
    late: bool = False
    upload: str = ""  # grows with time
    file: str = ""  # as the student called it; "" where a folder carries the label

    @property
    def person(self) -> str:
        """What tells this person from others."""
        return self.id or self.login

    @property
    def version(self) -> tuple[int, tuple[int, str]]:
        """Later ones are larger: the number that Canvas appends, then that of the upload."""
        found = VERSION.search(self.file)
        return int(found.group(1)) if found else 0, (len(self.upload) if self.upload.isdigit() else 0, self.upload)


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
            known = {part: parts.get(part) or "" for part in ("name", "id", "login", "upload", "file")}
            return Label(**known, late=bool(parts.get("late")))
    return None
