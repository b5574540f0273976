"""From the paths that a teacher names to hand-ins: whose each is, what is run of it, and what its report is called."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePosixPath

from tests.grading.intake import files, folders
from tests.grading.intake.definitions import ASKED
from tests.grading.intake.documents import READERS, DocumentError, source_of
from tests.grading.intake.encodings import text_of
from tests.grading.intake.files import Entry, IntakeError, suffix
from tests.grading.intake.folders import EXPECTED, content_defines, entry_defines
from tests.grading.intake.platforms import METADATA, VERSION, Label, labels, submitters
from tests.grading.intake.roster import Person, Roster
from tests.grading.intake.source import Source
from tests.grading.intake.text import printable

RESERVED = (  # the class's own in a report
    *("gradebook.csv", "index.html", "lecture.html", "nbgrader.csv", "canvas.csv", "moodle.csv"),
    *("changed.csv", "overrides.csv"),
)
OF_PLATFORMS = ("index.html", "grades.csv", "grades.xls")  # beside hand-ins
SCRIPTS = (".py", ".r")
UPLOADS = "uploads"  # a folder in a person's report
EARLIER = ": an earlier version, not graded"
MOST_UNREAD = 3  # sentences about what could not be read
OLD = re.compile(r"(?:^|[/ _.-])(?:old|backup|bak|archive|copy)(?=[/ _.-]|$)", re.IGNORECASE)
LATER = re.compile(r"(?:^|/)version (\d+)/| \((\d+)\)(?=\.[^./]*$)", re.IGNORECASE)
MAX_NAME = 200  # bytes; a folder's name may have 255


@dataclass(frozen=True)
class HandIn:
    """What one person handed in."""

    name: str  # of its report
    file: str  # as it was called, fit to be shown
    source: Source | None = None
    refused: str = ""  # why there is none, in words
    person: Person | None = None
    late: bool = False
    remarks: tuple[str, ...] = ()
    earlier: tuple["HandIn", ...] = ()  # other uploads of this person, in the order in which they came


@dataclass(frozen=True)
class _Upload:
    """One entry, and what a platform says of it."""

    entry: Entry
    label: Label | None
    person: Person | None
    together: tuple[str, ...] = ()  # with whom it was handed in
    in_part: bool = False  # whether only a part of its name is the person's, which another may have given it


def taken(
    wanted: Iterable[str], roster: Roster | None = None, without: Iterable[Path] = (), asked: tuple[str, ...] = ASKED
) -> list[HandIn]:
    """The hand-ins behind some paths; raises IntakeError for a path that is none.

    `asked`: what the functions are called.
    """
    roster, skipped, paths = roster or Roster(), {path.resolve() for path in without}, list(map(Path, wanted))
    entries = [entry for path in paths for entry in _behind(path, skipped, asked, is_only=len(paths) == 1)]
    people: dict[object, list[_Upload]] = defaultdict(list)
    for number, upload in enumerate(_uploads(entries, roster)):
        named = upload.label.person if upload.label else ("", "")
        known = (upload.person, upload.in_part) if upload.person in roster.people else number
        people[(*named, upload.label.name) if upload.label and any(named) else known].append(upload)
    return _called(_twice([_hand_in(of_one, asked) for of_one in people.values()], roster))


def _behind(path: Path, skipped: set[Path], asked: tuple[str, ...], *, is_only: bool) -> list[Entry]:
    """What a path stands for; where others are named, too, one that cannot be graded is a line and stops nobody."""
    try:
        return folders.entries(path, skipped, asked)
    except IntakeError as error:
        if is_only or not path.exists():
            raise
        return [] if files.is_noise(path.name) else [Entry(path.name, unread={path.name: str(error)})]


def is_class(wanted: list[str]) -> bool:
    """Whether a teacher grades: a folder, an archive, or several."""
    return len(wanted) > 1 or Path(wanted[0]).is_dir() or suffix(wanted[0]) == ".zip"


def _uploads(entries: list[Entry], roster: Roster) -> list[_Upload]:
    """Whose each is: the platform's own lists say it before a pattern does."""
    texts = {entry.name: text_of(content) for entry in entries for content in entry.files.values() if _is_text(entry)}
    about = labels((entry.name for entry in entries), texts, roster.knows)
    people = submitters(texts.get(METADATA, ""))
    found = []
    for entry in entries:
        one = about[entry.name]
        if entry.name in people:
            names = [label.name for label in people[entry.name]]
            found += [
                _Upload(entry, label, roster.person(label), tuple(name for name in names if name != label.name))
                for label in people[entry.name]
            ]
        elif not (entry.name in OF_PLATFORMS or (people and entry.name == METADATA) or _is_receipt(entry, one)):
            stem = PurePosixPath(entry.name).stem if suffix(entry.name) in (*READERS, ".zip") else entry.name
            whole = roster.person(one) if one else roster.named(stem)
            found.append(_Upload(entry, one, whole or roster.named_in_part(stem), in_part=not whole))
    return found


def _is_text(entry: Entry) -> bool:
    """Whether it may be what a platform says about hand-ins."""
    return list(entry.files) == [entry.name] and (entry.name == METADATA or suffix(entry.name) == ".txt")


def _is_receipt(entry: Entry, about: Label | None) -> bool:
    return bool(about and not about.file and suffix(entry.name) == ".txt")


def _hand_in(uploads: list[_Upload], asked: tuple[str, ...]) -> HandIn:
    """Of one person: the newest of each file, and what was handed in before."""
    in_order = sorted(uploads, key=lambda one: one.label.version if one.label else (0, (0, "")))
    uploads, left = _newest(in_order, asked)
    before = [[one for one in left if _attempt(one) == time] for time in dict.fromkeys(map(_attempt, left))]
    newest: dict[str, _Upload] = {}
    older = list(left)
    for upload in uploads:
        called = (upload.label and upload.label.file) or ""
        key = (
            VERSION.sub("", called) if upload.label and upload.label.upload.isdigit() and called else upload.entry.name
        )
        if key in newest:
            before.append(list(newest.values()))
            older.append(newest[key])
        newest[key] = upload
    remarks = tuple(f"{printable(one.entry.name)}{EARLIER}" for one in older)
    earlier = [_of_uploads(some, (), asked) for some in before if any(entry_defines(one.entry, asked) for one in some)]
    last = uploads if len(uploads) == 1 else list(newest.values())
    return replace(_of_uploads(last, remarks, asked), earlier=tuple(one for one in earlier if one.source))


def _attempt(upload: _Upload) -> str:
    return upload.label.attempt if upload.label else ""


def _of_uploads(uploads: list[_Upload], remarks: tuple[str, ...], asked: tuple[str, ...]) -> HandIn:
    """Of several, the one that has the functions, or all that share them."""
    last, entry = uploads[-1], _merged(uploads)
    unread = list(dict.fromkeys(entry.unread.values()))
    unread = [*unread[:MOST_UNREAD], *([f"and {len(unread) - MOST_UNREAD} more"] if len(unread) > MOST_UNREAD else [])]
    one = HandIn(
        name=_name(last),
        file=printable(last.entry.name),
        person=last.person,
        late=any(upload.label.late for upload in uploads if upload.label),
        remarks=(*remarks, *unread, *(f"handed in together with {printable(name)}" for name in last.together)),
    )
    if not entry.gradable:
        names = ", ".join(printable(path) for path in list(entry.files)[:3])
        return replace(one, refused="; ".join(unread) or f"{names or 'nothing'}: {EXPECTED}")
    return _sourced(one, entry, asked)


def _newest(uploads: list[_Upload], asked: tuple[str, ...]) -> tuple[list[_Upload], list[_Upload]]:
    """Of attempts with a date the last that has functions, and earlier ones with others; and the earlier ones left."""
    attempts: dict[str, list[_Upload]] = defaultdict(list)
    for upload in uploads:
        attempts[_attempt(upload)].append(upload)
    kept, left, names = [], [], set()
    for attempt in sorted(attempts, reverse=True):
        own = {name for upload in attempts[attempt] for name in entry_defines(upload.entry, asked)}
        if not names or (own and not own & names):
            kept += attempts[attempt]
        else:
            left += attempts[attempt]
        names |= own
    return [upload for upload in uploads if upload in kept], [upload for upload in uploads if upload in left]


def _merged(uploads: list[_Upload]) -> Entry:
    if len(uploads) == 1:
        return uploads[0].entry
    merged = Entry(uploads[-1].entry.name)
    for upload in uploads:
        called = (upload.label and upload.label.file) or upload.entry.name
        is_file = list(upload.entry.files) == [upload.entry.name]
        merged.files |= {called if is_file else path: data for path, data in upload.entry.files.items()}
        merged.unread |= upload.entry.unread
    return merged


def _sourced(one: HandIn, entry: Entry, asked: tuple[str, ...]) -> HandIn:
    """With the source: of the file that defines most of the functions, or of all if none defines what another does."""
    defined = {path: content_defines(content, asked) for path, content in entry.gradable.items()}
    most = sorted(defined, key=lambda path: (-len(defined[path]), *_age(path), suffix(path) not in SCRIPTS, path))
    chosen, remarks = [most[0]], list(one.remarks)
    for path in most[1:]:
        if defined[path] and suffix(path) == suffix(most[0]) and not any(defined[path] & defined[c] for c in chosen):
            chosen.append(path)
        elif defined[path]:
            remarks.append(f"{printable(path)}: has the functions, too; {printable(most[0])} was graded")
    try:
        sources = {path: source_of(suffix(path), entry.files[path], asked) for path in sorted(chosen)}
    except DocumentError as error:
        return replace(one, refused=printable(f"{most[0]}: {error}"))
    chunks = tuple(
        (", ".join(filter(None, (place, printable(path) if len(chosen) > 1 else ""))), text)
        for path, source in sources.items()
        for place, text in source.chunks
    )
    folder = f"{PurePosixPath(most[0]).parent}/".removeprefix("./")
    beside = [
        (path.removeprefix(folder), content)
        for path, content in entry.files.items()
        if len(entry.files) > 1 and path.startswith(folder)
    ][: files.MAX_BESIDE]
    if sum(len(content) for _, content in beside) > files.MAX_BESIDE_BYTES:
        beside = [(path, content) for path, content in beside if suffix(path) in READERS]
    beside += [file for read in sources.values() for file in read.beside]
    remarks += [remark for read in sources.values() for remark in read.remarks]
    elsewhere = tuple(where for read in sources.values() for where in read.elsewhere)
    source = Source(next(iter(sources.values())).language, chunks, tuple(beside), elsewhere=elsewhere)
    return replace(one, source=source, remarks=tuple(map(printable, remarks)))


def _age(path: str) -> tuple[bool, int]:
    """The newer first: what is not called old or a copy; the higher version (Teams), the higher number (Drive)."""
    versions = [int(number) for numbers in LATER.findall(path) for number in numbers if number]
    return bool(OLD.search(path)), -max(versions, default=0)


def _name(upload: _Upload) -> str:
    if upload.person and upload.person.name:
        return upload.person.name
    name = upload.entry.name
    return PurePosixPath(name).stem if suffix(name) in (*READERS, ".zip") else name


def _twice(handed_in: list[HandIn], roster: Roster) -> list[HandIn]:
    """Who hands in under two ids is told to the teacher: both are graded."""
    counts = Counter(one.person for one in handed_in if one.person in roster.people)
    said = "the roster gives several of these hand-ins to {}: each is graded"
    return [
        replace(one, remarks=(*one.remarks, said.format(one.person.name)))
        if one.person and counts[one.person] > 1
        else one
        for one in handed_in
    ]


def _called(handed_in: Iterable[HandIn]) -> list[HandIn]:
    """Names that differ, and that neither leave the report's folder nor are one of its own files.

    Two of one name are told apart by the person's id, by the file's ending, or by a number.
    """
    all_of_them = list(handed_in)
    plain = [_safe(one.name) for one in all_of_them]
    names: dict[str, HandIn] = {}
    for one, short in zip(all_of_them, plain, strict=True):
        longer = _safe(f"{short} ({one.person.id})" if one.person and one.person.id else one.file)
        name = short if plain.count(short) == 1 else longer
        numbered = (f"{name}~{number}" for number in count(2))
        unique = name if name not in names else next(other for other in numbered if other not in names)
        earlier = [replace(before, name=f"{unique}/{UPLOADS}/{k}") for k, before in enumerate(one.earlier, start=1)]
        names[unique] = replace(one, name=unique, earlier=tuple(earlier))
    return list(names.values())


def _safe(name: str) -> str:
    name = re.sub(r"[/\\\n\t]", "_", printable(name)).strip() or "_"
    name = f"_{name}" if name.startswith((".", *RESERVED)) else name
    return name.encode()[:MAX_NAME].decode(errors="ignore")
