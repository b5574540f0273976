"""`lmm-verify judge --base`: the base's package is the base's, wherever it lies and however it is installed."""

import subprocess
import sys

import pytest

from reference import r
from tests.peers import base
from tests.peers.base import InstallError, Libraries
from tests.peers.judge import judge

PYTHON = (
    "import lmm_core\nSCALE = 1.0\ndef fit_reml(X, y, group):\n    fit = lmm_core.fit_reml(X, y, group)\n"
    "    return {'Vb': fit.Vb * SCALE, 'Ve': fit.Ve, 'coef': fit.coef, 'se': fit.se, 'criterion': fit.criterion}\n"
)
IN_R = (
    "SCALE = 1.0\nfit_reml <- function(X, y, group) {\n"
    "  fit <- lme4::lmer(y ~ 0 + X + (1 | group), control = lme4::lmerControl('bobyqa'))\n"
    "  v <- as.data.frame(lme4::VarCorr(fit))$vcov\n"
    "  list(Vb = v[1] * SCALE, Ve = v[2], coef = lme4::fixef(fit), se = sqrt(diag(as.matrix(vcov(fit)))),\n"
    "       criterion = lme4::REMLcrit(fit))\n}\n"
)
HATCH = (
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[project]\nname = "mixed"\nversion = "1.0"\n[tool.hatch.build.targets.wheel]\n'
)
PEER = {"lmm_peer.py": "from mixed import fit_reml\nVERSION = 'mixed 1.0'\n"}
PACKAGES = {  # the folder that is installed, and the files; the first is the one with the scale
    "top level": (".", {"mixed.py": PYTHON, "pyproject.toml": f'{HATCH}only-include = ["mixed.py"]\n', **PEER}),
    "subfolder": (
        "bindings/python",
        {
            "bindings/python/src/mixed/__init__.py": PYTHON,
            "bindings/python/pyproject.toml": f'{HATCH}packages = ["src/mixed"]\n',
            "docs/pyproject.toml": '[project]\nname = "pages"\nversion = "1.0"\n',
            "pyproject.toml": "[tool.ruff]\nline-length = 99\n",
            **PEER,
        },
    ),
    "setup.py": (
        ".",
        {
            "mixed.py": PYTHON,
            "setup.py": "from setuptools import setup\nsetup(name='mixed', version='1.0', py_modules=['mixed'])\n",
            **PEER,
        },
    ),
    "R": (
        "r-package",
        {
            "r-package/R/fit.R": IN_R,
            "r-package/DESCRIPTION": (
                "Package: mixed\nVersion: 1.0\nTitle: Mixed\nDescription: Mixed.\nLicense: MIT\nImports: lme4\n"
                "Author: A\nMaintainer: A <a@example.org>\n"
            ),
            "r-package/NAMESPACE": "export(fit_reml)\nimportFrom(stats, vcov)\n",
            "lmm_peer.R": "library(mixed)\nVERSION <- 'mixed 1.0'\nfit_reml <- mixed::fit_reml\n",
        },
    ),
}
ONE = ["-k", "test_reml_by_hand", "-p", "no:cacheprovider"]


def _git(folder, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _committed(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if not (folder / ".git").exists():
        _git(folder, "init", "--quiet")
    _git(folder, "add", "-A")
    _git(folder, "commit", "--quiet", "--allow-empty", "-m", "a change")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Of a package: its base is committed as `files` are, then changed by `changes`, and that is installed."""

    def made(name, changes):
        if name == "R" and r.unavailable():
            pytest.skip(r.unavailable())
        project, files = PACKAGES[name]
        root = tmp_path / "repository"
        root.mkdir()
        _committed(root, files)
        _git(root, "tag", "base")
        _committed(root, changes(files))
        library = tmp_path / "library"
        library.mkdir()
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(library)]
        install = ["R", "CMD", "INSTALL", f"--library={library}"] if name == "R" else install
        subprocess.run([*install, str(root / project)], check=True, capture_output=True)
        monkeypatch.setenv("R_LIBS" if name == "R" else "PYTHONPATH", str(library))
        return next(root.glob("lmm_peer.*"))

    return made


def _off(files):
    """The same with Vb 2 % off."""
    first, text = next(iter(files.items()))
    return {**files, first: text.replace("SCALE = 1.0", "SCALE = 1.02")}


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKAGES)
def test_two_percent_lost_against_the_base_is_a_failure(repository, name, capfd):
    """At the top, in a subfolder, by setup.py, in R: exit 1, and the base was the base's package."""
    status = judge(repository(name, _off), "base", ONE)
    said = capfd.readouterr().out
    assert status == 1, said
    assert "LOST" in said and "mixed: changed, at the base from " in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["subfolder", "R"])
def test_the_same_package_is_unchanged(repository, name, capfd):
    """Another path with the same bytes: exit 0, and it says so."""
    status = judge(repository(name, lambda files: {**files, "NEWS": "nothing"}), "base", ONE)
    said = capfd.readouterr().out
    assert status == 0, said
    assert "mixed: unchanged, at the base from " in said


@pytest.mark.slow
def test_a_base_that_loads_this_commits_package_is_a_failure(repository, tmp_path, capfd):
    """A peer that looks for its package in one place finds the same twice."""
    text = f"import sys\nsys.path.insert(0, {str(tmp_path / 'library')!r})\n{PEER['lmm_peer.py']}"
    files = PACKAGES["top level"][1]
    files["lmm_peer.py"], before = text, files["lmm_peer.py"]
    try:
        peer = repository("top level", _off)
    finally:
        files["lmm_peer.py"] = before
    assert judge(peer, "base", ONE) == 1
    assert "base was judged by the package of this commit: both runs loaded mixed from " in capfd.readouterr().out


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"pyproject.toml": "[build-system\n"}, "base cannot be installed: "),
        ({"a/setup.py": "", "b/setup.py": ""}, "base has packages in the folders a, b; lmm_peer.py names 0 of them"),
    ],
)
def test_a_base_that_cannot_be_installed_is_a_failure(tmp_path, capfd, files, words):
    """Exit 1 with a sentence; nothing is judged in its place."""
    _committed(tmp_path, {**files, "lmm_peer.py": PYTHON})
    _git(tmp_path, "tag", "base")
    assert judge(tmp_path / "lmm_peer.py", "base", ONE) == 1
    assert capfd.readouterr().out.startswith(words)


def test_a_base_without_a_package_where_this_commit_has_one_is_a_failure(tmp_path, capfd):
    """It could only be judged by this commit's."""
    _committed(tmp_path, PEER)
    _git(tmp_path, "tag", "base")
    _committed(tmp_path, PACKAGES["top level"][1])
    assert judge(tmp_path / "lmm_peer.py", "base", ONE) == 1
    assert capfd.readouterr().out == "base has no package to install, and this commit has one\n"


# --- the parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKAGES)
def test_the_project_that_a_peer_names_is_found(tmp_path, name):
    """Settings of tools and the project of its pages are none."""
    project, files = PACKAGES[name]
    _committed(tmp_path, files)
    peer = next(tmp_path.glob("lmm_peer.*"))
    found = base.projects(tmp_path, base.R if name == "R" else base.PYTHON)
    assert base._named(peer, tmp_path, found) == tmp_path / project


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("import data", True),
        ("import numpy as np, data", True),
        ("    from data.fit import fit_reml", True),
        ("data, formula = frame(X, y, group)", False),
        ("from mixed import data", False),
        ("import database", False),
    ],
)
def test_a_word_that_is_no_import_names_no_project(text, imports):
    """`data` is what many variables are called."""
    assert base._mentions(f"VERSION = '1'\n{text}\n", "data", ".py") == imports


def test_what_git_does_not_track_is_no_project(tmp_path):
    """An environment in the repository has DESCRIPTIONs and setup.pys of others."""
    _committed(tmp_path, {".gitignore": "env/\n"})
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "setup.py").touch()
    assert base.projects(tmp_path, base.PYTHON) == []


@pytest.fixture
def places(tmp_path):
    """The libraries of a base with `mixed`, and a repository that tracks `beside.py`."""
    root = tmp_path / "root"
    root.mkdir()
    _committed(root, {"beside.py": "a = 1\n"})
    for folder, text in (("base", "a = 1\n"), ("site", "a = 2\n"), ("same", "a = 1\n")):
        (tmp_path / folder / "mixed").mkdir(parents=True)
        (tmp_path / folder / "mixed" / "__init__.py").write_text(text)
    return Libraries(tmp_path, root, tmp_path / "tree", ("mixed",))


def _places(folder, **others):
    return {"numpy": "/usr/lib/numpy", "mixed": str(folder / "mixed"), **others}


@pytest.mark.parametrize(("here", "word"), [("site", "changed"), ("same", "unchanged")])
def test_both_places_are_said(places, here, word):
    """numpy is the same twice, and nobody's business."""
    there, here = places.folder / "base", places.folder / here
    said = base.compared(places, _places(there), _places(here))
    assert said == [f"mixed: {word}, at the base from {there}/mixed, here from {here}/mixed"]


@pytest.mark.parametrize(
    ("there", "here", "words"),
    [
        ({"mixed": "site"}, {"mixed": "site"}, "both runs loaded mixed from"),
        ({}, {"mixed": "site"}, "was judged without its package: no run loaded mixed"),
        ({"mixed": "base"}, {}, "was judged without its package: no run loaded mixed"),
        (
            {"mixed": "base", "beside": "root"},
            {"mixed": "site", "beside": "root"},
            "both runs loaded beside from",
        ),
    ],
)
def test_no_comparison_with_itself(places, there, here, words):
    """What was installed for the base, and what this repository tracks, is at two places, or it fails."""
    leaf = {"mixed": "mixed", "beside": "beside.py"}
    runs = ({name: str(places.folder / at / leaf[name]) for name, at in run.items()} for run in (there, here))
    with pytest.raises(InstallError, match=words):
        base.compared(places, *runs)


def test_a_path_into_the_repository_leads_into_the_base(places, monkeypatch):
    """PYTHONPATH=src, where nothing is installed at all."""
    monkeypatch.setenv("PYTHONPATH", f"{places.root}/src:{places.folder}/elsewhere")
    expected = f"{places.folder}/python:{places.tree}/src:{places.folder}/elsewhere"
    assert places.environment()["PYTHONPATH"] == expected
