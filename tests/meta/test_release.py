"""A release in one command: what is written where, what is refused before anything is, what is built."""

import datetime
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.door import release
from tests.meta.graded import PROJECT

DAY = datetime.date(2030, 1, 2)


@pytest.fixture
def checkout(tmp_path):
    """The files that have a version, and the vectors."""
    for name in (*release.LINES, ".github/CHANGELOG.md", f"{release.VECTORS}/CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_the_version_is_written_where_it_is_read(checkout):
    """Once in each file; the changelog keeps what was unreleased, below the version and the day."""
    texts = {path.name: text for path, text in release.written(checkout, "9.0.0", DAY).items()}
    assert '\nversion = "9.0.0"\n' in texts["pyproject.toml"]
    assert "/actions/judge@v9.0.0\n" in texts["README.md"]
    assert "ref: v9.0.0\n" in texts["grade.yml"]
    assert "## Unreleased\n\n## 9.0.0 (2030-01-02)\n\n- Contract 2" in texts["CHANGELOG.md"]


def test_a_release_follows_a_release(checkout):
    """What one has written, the next one finds."""
    for path, text in release.written(checkout, "9.0.0", DAY).items():
        path.write_text(text.replace("## Unreleased\n", "## Unreleased\n\n- More.\n"))
    texts = {path.name: text for path, text in release.written(checkout, "9.1.0", DAY).items()}
    assert "/actions/judge@v9.1.0\n" in texts["README.md"] and "v9.0.0" not in texts["grade.yml"]
    assert "## 9.1.0 (2030-01-02)\n\n- More.\n\n## 9.0.0" in texts["CHANGELOG.md"]


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0rc1", ""])
def test_what_is_no_version_is_refused(checkout, version):
    with pytest.raises(release.ReleaseError, match="is no version of three numbers"):
        release.written(checkout, version, DAY)


@pytest.mark.parametrize("version", ["0.0.9", "0.1.0"])
def test_a_version_goes_up(checkout, version):
    with pytest.raises(release.ReleaseError, match=f"{version} is not above 0.1.0"):
        release.written(checkout, version, DAY)


def test_versions_are_numbers(checkout):
    """0.10.0 is above 0.9.0, though not as a text."""
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0.1.0"', 'version = "0.9.0"'))
    assert release.written(checkout, "0.10.0", DAY)


def test_the_vectors_have_their_own_version(checkout):
    """The newest of their changelog."""
    changes = checkout / release.VECTORS / "CHANGELOG.md"
    changes.write_text("# Changes\n\n## 3.1.0\n\nMore.\n\n## 3.0.0\n\nSome.\n")
    with zipfile.ZipFile(release.vectors(checkout, checkout)) as archive:
        assert (archive.filename or "").endswith("lmm-vectors-3.1.0.zip")
        assert archive.namelist() == ["lmm-vectors-3.1.0/CHANGELOG.md"]


def test_nothing_unreleased_is_no_release(checkout):
    changelog = checkout / ".github" / "CHANGELOG.md"
    changelog.write_text("# Changes\n\n## Unreleased\n\n## 0.1.0\n\n- All.\n")
    with pytest.raises(release.ReleaseError, match="has nothing below"):
        release.written(checkout, "0.2.0", DAY)


@pytest.mark.parametrize("name", release.LINES)
def test_a_line_that_is_gone_is_named(checkout, name):
    """Before anything is written."""
    (checkout / name).write_text('version = "0.1.0"\nversion = "0.1.0"\n' * (name == "pyproject.toml"))
    with pytest.raises(release.ReleaseError, match=f"{name} has . lines with a version; expected 1"):
        release.written(checkout, "0.2.0", DAY)


def _git(folder, *arguments):
    who = ("-c", "user.name=A", "-c", "user.email=a@b")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_checkout_with_changes_is_refused(checkout, capsys):
    """What is released is a commit; nothing is written."""
    _git(checkout, "init", "-q")
    before = (checkout / "pyproject.toml").read_text()
    assert release.main("0.2.0", project=checkout) == 1
    assert "are changed and not committed" in capsys.readouterr().err
    assert (checkout / "pyproject.toml").read_text() == before


@pytest.mark.slow
def test_a_release_builds_a_wheel_an_sdist_and_the_vectors(tmp_path):
    """From a clone, in one command; the vectors have their own version."""
    pytest.importorskip("build", reason="`build` is not installed: `tox -e release` has it")
    folder = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(PROJECT), str(folder)], check=True)
    command = [sys.executable, "-m", "tests.door.release", "9.0.0"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    made = sorted(path.name for path in (folder / "dist").iterdir())
    assert made[1:] == ["lmm_verification-9.0.0-py3-none-any.whl", "lmm_verification-9.0.0.tar.gz"]
    vectors = zipfile.ZipFile(folder / "dist" / made[0])
    assert f"{made[0].removesuffix('.zip')}/slopes.json" in vectors.namelist()
    assert "git tag v9.0.0" in run.stdout


@pytest.mark.parametrize("workflow", sorted((PROJECT / ".github" / "workflows").iterdir()), ids=lambda path: path.name)
def test_actions_of_others_are_what_was_read(workflow):
    """By commit, which nobody can move; the tag beside it is for the reader, and for who renews both."""
    used = re.findall(r"uses: (?!\./)(.*)", workflow.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
