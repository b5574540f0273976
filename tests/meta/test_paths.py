"""No path of a hand-in reaches the disk but through one function, and none leads out of its folder."""

import ast
import io
import stat
import zipfile
from pathlib import Path

import pytest

from tests.grading.intake.handin import taken
from tests.grading.sandbox import launch, view
from tests.grading.sandbox.laid import lay
from tests.grading.sandbox.limits import Limits
from tests.meta import attacks
from tests.meta.graded import PROJECT
from tests.meta.test_intake import GLS, OLS, zipped

GRADING = PROJECT / "tests" / "grading"
WRITERS = {
    *("write_bytes", "write_text", "write_whole", "writestr", "touch", "mkdir", "makedirs", "mkfifo", "symlink_to"),
    *("hardlink_to", "rename", "replace", "copy", "copy2", "copyfile", "copytree", "move", "extract", "extractall"),
    *("unpack_archive", "mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory"),
}
MODULES = {"os", "shutil", "tempfile", "zipfile"}


def writes(call: ast.Call) -> bool:
    """Whether a call may make a file or folder; dataclasses.replace and str.replace do not."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = call.func.value.id if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""
    if name == "open":
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        text = " ".join(ast.unparse(argument) for argument in given)
        return any(mode in text for mode in ("'w", "'x", "'a", "'r+", "O_WRONLY", "O_RDWR", "O_CREAT"))
    return name in WRITERS and (name not in ("replace", "copy", "rename") or owner in MODULES)


def written_by(folder: Path) -> set[str]:
    """Functions that may make a file or folder."""
    return {
        f"{path.relative_to(GRADING)}: {function.name}"
        for path in folder.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        if any(isinstance(node, ast.Call) and writes(node) for node in ast.walk(function))
    }


def test_only_one_function_writes_what_has_a_hand_ins_path():
    """The others write what is their own: the worker's parts, its folder, a template, a probe's unpacked nothing."""
    assert written_by(GRADING / "intake") == {"intake/template.py: write"}
    assert written_by(GRADING / "sandbox") == {
        "sandbox/confinement.py: confine",  # /proc/self/oom_score_adj, in the worker
        "sandbox/forks.py: served",  # a folder for the zygote's socket
        "sandbox/forks.py: start",  # a worker's config, for the zygote
        "sandbox/home.py: start",
        "sandbox/laid.py: lay",
        "sandbox/launch.py: start",
        "sandbox/scratch.py: folder",
    }


def test_what_lies_beside_the_source_is_handed_to_that_function_alone():
    """`source.beside` is read by nothing else."""
    read = [
        (path.name, ast.unparse(call.func))
        for path in (GRADING / "sandbox").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and any(ast.unparse(argument) == "source.beside" for argument in call.args)
    ]
    assert sorted(read) == [("home.py", "laid.lay"), ("launch.py", "laid.lay")]
    text = "".join(path.read_text() for path in (GRADING / "sandbox").rglob("*.py"))
    assert text.count(".beside") == len(read)


@pytest.mark.parametrize("name", attacks.WAYS_OUT)
def test_nothing_is_written_out_of_its_folder(name, tmp_path):
    """Whatever the name looks like; a folder is no file, either."""
    home = tmp_path / "a" / "b" / "home"
    home.mkdir(parents=True)
    lay(home, [(name, b"x"), ("plain.txt", b"y")])
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and home not in path.parents]
    assert not outside and (home / "plain.txt").read_bytes() == b"y"


def test_a_link_is_not_written_through(tmp_path):
    """Neither a folder's nor a file's."""
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    other.mkdir()
    (home / "link").symlink_to(other)
    (home / "file").symlink_to(other / "file")
    lay(home, [("link/x", b"x"), ("file", b"x")])
    assert not list(other.iterdir())


EVIL, RIGHT = b"raise SystemExit", {"student.py": (GLS + OLS).encode()}


def spelled(contents: dict[str, bytes], mode: int = stat.S_IFREG) -> bytes:
    """An archive with these names, to the byte; `mode` is that of the first."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo("x")
            info.filename = name.encode(errors="replace").decode()  # the constructor would cut it
            info.external_attr, mode = (mode | 0o777) << 16, stat.S_IFREG
            archive.writestr(info, content)
    return buffer.getvalue()


def nested(names: list[str]) -> bytes:
    """An archive of archives with these names."""
    return spelled(RIGHT | dict.fromkeys(names, zipped({"grader/worker.py": EVIL, "worker.py": EVIL, "gls.py": GLS})))


def linked(target: str) -> bytes:
    """An archive with a link, and a file behind it."""
    return spelled({"link": target.encode(), "link/worker.py": EVIL} | RIGHT, stat.S_IFLNK)


ARCHIVES = {
    "spelled": lambda: spelled(RIGHT | dict.fromkeys(filter(None, attacks.WAYS_OUT), EVIL)),
    "zips": lambda: nested([f"{name}.zip" for name in attacks.WAYS_OUT]),
    "dots": lambda: nested(["..zip", "...zip", "....zip", "a/...zip", "a/b/...zip", ".zip", " ..zip", "...ZIP"]),
    "link": lambda: linked("../grader"),
    "link to the root": lambda: linked("/"),
}


@pytest.mark.parametrize("case", ARCHIVES)
@pytest.mark.parametrize("way", ["in a class", "as the class", "as a folder"])
def test_an_archive_leaves_the_workers_files_as_they_are(case, way, tmp_path):
    """Beside the submission lies what is its own, below its home; the worker's parts are to the byte the project's."""
    (tmp_path / "class" / "jo").mkdir(parents=True)
    place = {"in a class": "class/jo.zip", "as the class": "class.zip", "as a folder": "class/jo/...zip"}[way]
    (tmp_path / "class" / "jo" / "student.py").write_text(GLS + OLS)
    (tmp_path / place).write_bytes(ARCHIVES[case]())
    handed_in = taken([str(tmp_path / "class.zip" if way == "as the class" else tmp_path / "class")])
    for one in [one for one in handed_in if one.source]:
        worker = launch.start(one.source, "process", Limits())
        parts = {path.name: path.read_bytes() for path in (worker.folder / "grader").rglob("*") if path.is_file()}
        beside = {path.name for path in worker.folder.parent.iterdir()}
        in_it = {path.name for path in worker.folder.iterdir()}
        worker.stop()
        assert parts.pop("submission.json")
        assert parts == {name: (view.HERE / name).read_bytes() for name in launch.PARTS}
        assert (beside, in_it) == ({worker.folder.name}, {"grader", "home"})
