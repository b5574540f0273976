"""What one person hands in, however much, deep or strange, is that person's line: everybody else is graded."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.grading.intake import files, folders
from tests.grading.intake.handin import HandIn, taken
from tests.grading.judgement import copies, normal
from tests.meta import attacks
from tests.meta.test_intake import GLS, OLS, lay, zipped
from tests.meta.test_paths import EVIL, spelled

ZEROS = bytes(31 * 2**20)


def bomb(levels: int, width: int) -> bytes:
    """Zips in zips of zeros."""
    if not levels:
        return bytes(2**20)
    inner = bomb(levels - 1, width)
    return zipped({f"{k}.{'zip' if levels > 1 else 'txt'}": inner for k in range(width)})


def environment(name: str, count: int) -> dict[str, str]:
    """A file with the functions, and so many installed beside it."""
    return {"student.py": GLS, **{f"{name}/lib/m{k}.py": GLS for k in range(count)}}


# Each as the files of one folder: graded, or not, and the words that say why.
HEAVY = {
    "venv": (lambda: environment("venv", 20_000), ""),
    "hidden venv": (lambda: environment(".venv", 200), ""),
    "venv by another name": (lambda: environment("myenv/lib/python3.12/site-packages", 200), ""),
    "node": (lambda: environment("web/node_modules", 200), ""),
    "renv": (lambda: environment("renv", 200), ""),
    "caches": (lambda: environment("__pycache__", 200) | {".git/objects/aa/x.py": GLS}, ""),
    "files": (lambda: {f"f/{k}.txt": "" for k in range(20_001)}, "holds more than 20,000 files"),
    "bytes": (lambda: {"student.py": GLS} | {f"{k}.ipynb": ZEROS for k in range(17)}, ""),
    "archives": (lambda: {f"{k}.zip": ZEROS for k in range(17)}, "no zip archive that can be read"),
    "bomb": (lambda: {"a.zip": bomb(4, 12)}, "is a zip in a zip in a zip"),
    "wide bomb": (lambda: {"a.zip": bomb(2, 100)}, "holds more than 134,217,728 bytes|is a zip in a zip in a zip"),
    "deep": (lambda: {"d/" * 400 + "x.py": GLS}, "folders deep"),
    "long": (lambda: {"d/" * 10 + "x" * 240 + ".py": GLS, "y.csv": bytes(2**21)}, ""),
}


def in_folder(place: Path, contents: dict[str, str | bytes]) -> Path:
    """Each person a folder."""
    for name, content in contents.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def as_archive(place: Path, contents: dict[str, str | bytes]) -> Path:
    """What a platform gives: all of it in one zip."""
    path = place.with_suffix(".zip")
    path.write_bytes(zipped(contents))
    return path


def as_archives(place: Path, contents: dict[str, str | bytes]) -> Path:
    """Each person a zip."""
    people = {name.partition("/")[0] for name in contents}
    parts = {who: {n.partition("/")[2]: c for n, c in contents.items() if n.startswith(f"{who}/")} for who in people}
    return in_folder(place, {f"{who}.zip": zipped(part) for who, part in parts.items()})


def graded(path: Path) -> dict[str, HandIn]:
    """By name."""
    return {one.name: one for one in taken([str(path)])}


@pytest.mark.slow
@pytest.mark.parametrize("case", HEAVY)
@pytest.mark.parametrize("made", [in_folder, as_archive, as_archives])
def test_one_heavy_hand_in_costs_nobody_else_anything(made, case, tmp_path):
    """The others are graded, the one is too or is told why."""
    contents, words = HEAVY[case]
    heavy = {f"heavy/{name}": content for name, content in contents().items()}
    found = graded(made(tmp_path / "class", heavy | {"ann/student.py": GLS, "zoe/student.py": GLS}))
    shutil.rmtree(tmp_path / "class", ignore_errors=True)
    assert set(found) == {"ann", "heavy", "zoe"}
    assert found["ann"].source.text == found["zoe"].source.text == GLS
    assert found["heavy"].source.text == GLS if not words else re.search(words, found["heavy"].refused)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["bytes", "files", "archives", "wide bomb"])
@pytest.mark.parametrize("made", [in_folder, as_archive, as_archives])
def test_what_is_beyond_a_limit_is_not_read(made, case, tmp_path):
    """Of 2 GB in one hand-in at most 128 MB and one file more."""
    contents = {f"heavy/{name}": content for name, content in HEAVY[case][0]().items()}
    entry = folders.entries(made(tmp_path / "class", contents | {"ann/student.py": GLS}), set())[-1]
    assert entry.size <= files.MAX_ENTRY + max(files.MAX_FILE.values())
    assert sum(map(len, entry.files.values())) <= files.MAX_ENTRY


def test_a_thousand_folders_in_one_another_stop_nobody(tmp_path):
    """More than Python calls itself, and a longer path than the system takes."""
    lay(tmp_path, {"deep/student.py": GLS, "ann.py": GLS})
    here = os.open(tmp_path / "deep", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        here, outer = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(outer)
    os.close(here)
    found = graded(tmp_path)
    subprocess.run(["rm", "-rf", tmp_path / "deep"], check=True)
    assert found["ann"].source.text == found["deep"].source.text == GLS
    assert "folders deep" in found["deep"].remarks[0]


SAID = [name for name in attacks.WAYS_OUT if name.strip("./\0")]


@pytest.mark.parametrize("name", SAID)
def test_a_strangers_path_in_a_hand_in_is_its_owners(name, tmp_path):
    """Whatever it looks like: the others are graded, and so is what else he handed in."""
    contents = {f"all/evil/{name}": EVIL, "all/evil/student.py": OLS.encode(), "all/ann/student.py": GLS.encode()}
    (tmp_path / "class.zip").write_bytes(spelled(contents))
    found = graded(tmp_path / "class.zip")
    assert (found["ann"].source.text, found["evil"].source.text) == (GLS, OLS)


LEADS_OUT = [name for name in SAID if "\0" not in name and not files.stays(name.replace("\\", "/"))]


@pytest.mark.parametrize("name", LEADS_OUT)
def test_a_path_that_leads_out_of_a_class_is_a_sentence(name, tmp_path):
    """It is nobody's, and does not hide in whose folders the class lies."""
    contents = {name: EVIL, "all/bob/student.py": OLS.encode(), "all/ann/student.py": GLS.encode()}
    (tmp_path / "class.zip").write_bytes(spelled(contents))
    found = graded(tmp_path / "class.zip")
    assert (found.pop("ann").source.text, found.pop("bob").source.text) == (GLS, OLS)
    assert ["leads out of it" in one.refused or "folders deep" in one.refused for one in found.values()] == [True]


# --- texts that take long to read -----------------------------------------------------------------------

OPEN = "gls <- function(X, y, V) {\n"
BODY = "\n".join(f"  a{k} <- a{k} + {k} * X" for k in range(40))
ENDLESS = {  # in R and in Python, a megabyte each
    "text never closed": (".R", OPEN + "x <- '" + 'b"' * 2**19),
    "texts that begin": (".R", OPEN + '"\\' * 2**19),
    "braces never closed": (".R", OPEN * 35_000),
    "percent signs": (".R", OPEN + "% " * 2**19),
    "no bracket": (".R", "gls <- function" + " x" * 2**18),
    "comments": (".R", "#'" * 2**19 + "\n" + OPEN),
    "a list": (".py", f"def gls(X, y, V):\n    return [{'1, ' * 340_000}]\n"),
    "a sum": (".py", f"def gls(X, y, V):\n    return {'1 + ' * 200_000}1\n"),
    "brackets": (".py", "(" * 2**20),
    "names": (".py", "def gls(X, y, V):\n" + "".join(f"    a{k} = {k}\n" for k in range(60_000))),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_an_endless_text_costs_seconds_and_hides_nobodys_copies(case, tmp_path):
    """In processor seconds of all processes; two who share a function beside it are found."""
    suffix, text = ENDLESS[case]
    shared = f"{OPEN}{BODY}\n}}\n"
    lay(tmp_path, {f"evil{suffix}": text[: 2**20], "ann.R": shared, "bob.R": shared.replace("a1", "b1")})
    handed_in = [one for one in taken([str(tmp_path)]) if one.source]
    began = os.times()
    found = copies.copies(handed_in)
    used = sum(os.times()[:4]) - sum(began[:4])
    assert ("ann", "bob") in {cluster.names for cluster in found}
    assert used < 5 * normal.SECONDS
