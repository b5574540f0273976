"""A package adopts the suite: installed from its wheel it harms nothing, and its lines of CI survive reality."""

import json
import os
import re
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.contract import CONTRACT
from tests.grading.sandbox import tiers
from tests.grading.sandbox.tiers import TIERS
from tests.meta import bundle
from tests.meta.graded import PROJECT, rubric

# A package with everything that can clash: names, an option, a fixture, a configuration of its own.
PACKAGE = {
    "pyproject.toml": (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "mixed"\nversion = "1.0"\n[tool.hatch.build.targets.wheel]\nonly-include = ["mixed.py"]\n'
        '[tool.pytest.ini_options]\naddopts = "-p no:doctest"\ntestpaths = ["tests"]\n'
    ),
    "mixed.py": "import warnings\nimport numpy as np\nSCALE = 1.0\ndef ols(X, y):\n    warnings.warn('mixed warns')\n"
    "    C = np.linalg.inv(X.T @ X)\n    b = C @ X.T @ y\n    s = ((y - X @ b) ** 2).sum() / (len(y) - X.shape[1])\n"
    "    return {'coef': b * SCALE, 'se': (s * C.diagonal()) ** 0.5, 'sigma2': s, 'df_resid': len(y) - X.shape[1]}\n",
    ".gitignore": "__pycache__/\n",
    "conftest.py": "def pytest_report_header():\n    return 'the package itself'\n",
    "reference/__init__.py": "WHOSE = 'mixed'\n",
    "tests/__init__.py": "",
    "tests/conftest.py": (
        "import pytest\ndef pytest_addoption(parser):\n    parser.addoption('--seed', default='theirs')\n"
        "    parser.addoption('--report', default='theirs')\n"
        "@pytest.fixture\ndef impl(request):\n    return request.config.getoption('--seed')\n"
    ),
    "tests/contract.py": "CONTRACT = 'mixed'\n",
    "tests/test_own.py": (
        "from reference import WHOSE\nfrom tests.contract import CONTRACT\nimport mixed\n"
        "def test_own(impl):\n    assert (impl, WHOSE, CONTRACT, mixed.SCALE) == ('theirs', 'mixed', 'mixed', 1.0)\n"
    ),
}
OTHERS = tuple(name for name in CONTRACT if name != "ols")
PEER = f"from mixed import ols\nVERSION = 'mixed 1.0'\nCONTRACT = 1\nNOT_OFFERED = {OTHERS}\n"


def _run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    # a pytest of the suite, not of the environment that this test runs in
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "PYTHONPATH", "HYPOTHESIS"))}
    environment |= variables
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment of its own, which sees the libraries of this one, and nothing that is installed editable."""
    folder = tmp_path_factory.mktemp("bare") / "env"
    venv.create(folder, with_pip=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")  # its own .pth files are not read
    return folder / "bin"


@pytest.fixture(scope="module")
def installed(bare, tmp_path_factory):
    """The wheel in it."""
    dist = tmp_path_factory.mktemp("dist")
    pip = (str(bare / "python"), "-m", "pip")
    built = _run(*pip, "wheel", "--quiet", "--no-deps", "-w", str(dist), str(PROJECT), cwd=dist)
    assert built.returncode == 0, built.stderr
    (wheel,) = dist.glob("*.whl")
    done = _run(
        str(bare / "python"),
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--ignore-installed",
        str(wheel),
        cwd=dist,
    )
    assert done.returncode == 0, done.stderr
    return bare


@pytest.fixture
def package(tmp_path):
    """Its repository, with one commit."""
    _write(tmp_path / "mixed", PACKAGE | {"lmm_peer.py": PEER})
    _commit(tmp_path / "mixed", "first", new=True)
    return tmp_path / "mixed"


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    run = _run("git", *identity, *arguments, cwd=folder)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def _commit(folder: Path, message: str, *, new: bool = False) -> None:
    if new:
        _git(folder, "init", "--quiet")
    _git(folder, "add", "-A")
    _git(folder, "commit", "--quiet", "-m", message)


@pytest.mark.slow
def test_a_packages_own_tests_run_as_before(installed, bare, package, tmp_path):
    """With every clash there is; no option of ours, no module of ours, the same words."""
    own = [str(bare / "python"), "-m", "pytest", "--seed=theirs"]
    after = _run(*own, cwd=package, PYTHONPATH=str(package))
    assert after.returncode == 0 and "the package itself" in after.stdout, after.stdout + after.stderr
    unknown = _run(*own, "--baseline=x", cwd=package, PYTHONPATH=str(package))
    assert "unrecognized arguments: --baseline=x" in unknown.stderr
    names = _run(str(bare / "python"), "-c", "import tests", cwd=tmp_path)
    assert "No module named 'tests'" in names.stderr


@pytest.mark.slow
def test_a_package_is_judged_from_its_own_root(installed, package):
    """By the installed wheel: its configuration is ignored, its warning stays one, and the table is there."""
    run = _run(
        str(installed / "python"), "-m", "pytest", "--implementation=lmm_peer.py", cwd=package, PYTHONPATH=str(package)
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr
    assert re.search(r"4\.2  ols +\d+ passed\n", run.stdout) and "mixed warns" in run.stdout
    assert "the package itself" not in run.stdout


@pytest.mark.slow
@pytest.mark.parametrize("start", ["-um pytest", "-mpytest", "-Im pytest"])
def test_a_wheel_has_the_door(installed, tmp_path, start):
    """What lies beside hand-ins is no configuration and no module."""
    for name in ("conftest.py", "pytest.py", "evil.py"):
        (tmp_path / name).write_text("open('was_run', 'w')\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p evil\npythonpath = .\n")
    run = _run(str(installed / "python"), *start.split(), "--submission", ".", "--rubric=missing.toml", cwd=tmp_path)
    assert run.returncode == 4 and "missing.toml cannot be read" in run.stderr, run.stdout + run.stderr
    assert not (tmp_path / "was_run").exists()


@pytest.mark.slow
def test_a_failure_is_short_and_its_declaration_can_be_pasted(installed, package):
    """At most 30 lines each, without a repr of ours; what is printed makes the next run pass."""
    _write(package, {"mixed.py": PACKAGE["mixed.py"].replace("SCALE = 1.0", "SCALE = 1.1")})
    command = (str(installed / "python"), "-m", "pytest", "--implementation=lmm_peer.py")
    run = _run(*command, cwd=package, PYTHONPATH=str(package))
    assert run.returncode == 1
    shown = run.stdout.partition("= FAILURES =")[2].partition("warnings summary")[0]
    sections = re.split(r"^_+ \w.* _+$", shown, flags=re.MULTILINE)[1:]
    assert sections and max(len(section.strip().splitlines()) for section in sections) <= 30
    assert "Implementation" not in shown and "To see it, paste:" in shown
    block = re.search(r"^KNOWN_FAILURES = \{\n.*?^\}", run.stdout, re.MULTILINE | re.DOTALL)
    _write(package, {"lmm_peer.py": f"{PEER}{block.group(0)}\n"})
    again = _run(*command, cwd=package, PYTHONPATH=str(package))
    assert again.returncode == 0 and "known failures" in again.stdout, again.stdout[-2000:]


def _action() -> str:
    """What the composite action runs, but for the installation."""
    text = (PROJECT / ".github" / "actions" / "judge" / "action.yml").read_text()
    scripts = [part.partition("\n    - ")[0].strip() for part in text.split("run: |\n")[1:]]
    *_, (install, judge) = [[line.strip() for line in script.splitlines()] for script in scripts]
    assert install == 'python -m pip install --quiet "$GITHUB_ACTION_PATH/../../..[$EXTRAS]"'
    return judge


SITUATIONS = {
    "the first commit": ("0" * 40, 0, "nothing to compare with: there is no commit"),
    "no base named": ("", 0, "4.2  ols"),
    "a base without the file": ("bare", 0, "nothing to compare with: bare has no lmm_peer.py"),
    "a base that fails": ("broken", 0, "0 lost of"),
    "a base that cannot be installed": ("unbuilt", 1, "unbuilt cannot be installed: "),
    "nothing lost": ("main", 0, "0 lost of"),
    "a digit lost": ("main", 1, "LOST"),
}


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_lines_of_ci_survive(installed, package, tmp_path, situation):
    """`bash -e`, a checkout of depth 1, a base of every kind: the status is the comparison's, or the peer's alone."""
    base, status, words = SITUATIONS[situation]
    _git(package, "branch", "start")
    for branch, files in (
        ("bare", {"lmm_peer.py": None}),
        ("broken", {"mixed.py": PACKAGE["mixed.py"].replace("SCALE = 1.0", "SCALE = 1.1")}),
        ("unbuilt", {"pyproject.toml": "[build-system\n"}),
    ):
        _git(package, "switch", "--quiet", "-c", branch, "start")
        for name, text in files.items():
            (package / name).unlink() if text is None else (package / name).write_text(text)
        _commit(package, branch)
    _git(package, "switch", "--quiet", "-c", "change", "start")
    digits = {"a digit lost": "1 + 1e-11"}.get(situation, "1.0")
    (package / "mixed.py").write_text(PACKAGE["mixed.py"].replace("SCALE = 1.0", f"SCALE = {digits}") + "# changed\n")
    _commit(package, "change")
    checkout = tmp_path / "checkout"
    _git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=change", package.as_uri(), str(checkout))
    path = f"{installed}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "PEER": "lmm_peer.py", "BASE": base, "PYTHONPATH": str(checkout)}
    run = _run("bash", "-e", "-c", _action(), cwd=checkout, **variables)
    assert run.returncode == status, run.stdout[-3000:] + run.stderr[-2000:]
    assert words in run.stdout
    assert _git(checkout, "status", "--porcelain") == ""


# --- a grader installed from its wheel ------------------------------------------------------------------

# Looks for the answers by every name and in every folder, past what says in words that they are not there.
SEARCH = """
import importlib, os, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "stand_ins" not in str(finder)]
through, seen = [], False
for name in ("lmm_core", "lmm_core.reml", "lmm_verification.command", "tests.contract", "reference.exact"):
    try:
        through += [name] * (importlib.import_module(name).__file__ is not None)
    except Exception: pass
OURS = ("least_squares.py", "sums.py", "strategies.py", "test_4_2_gls.py", "dyestuff.csv", "rubric.toml", "satterthwaite.py")
for folder, folders, files in (step for root in (*sys.path, sys.base_prefix, ENVIRONMENT, PROJECT) for step in os.walk(root)):
    seen |= "numpy" in folder and "version.py" in files
    for file in set(files) & set(OURS) if not any(name in folder for name in ("scipy", "statsmodels", "hypothesis")) else ():
        try: through.append(f"{folder}/{file}: {len(open(folder + '/' + file, 'rb').read())}")
        except OSError: pass
def denominator_df(data):
    raise ValueError(f"through: {through}, seen: {seen}.")
"""  # noqa: E501


@pytest.fixture(scope="module")
def complete(installed):
    """The libraries in the same folder as the wheel, as pip puts them there."""
    (site,) = installed.parent.glob("lib/python*/site-packages")
    (site / "libraries.pth").unlink()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.suffix != ".pth" and "lmm" not in path.name and not (site / path.name).exists():
            subprocess.run(["cp", "-al", path, site], check=True)
    return installed


@pytest.mark.slow
@pytest.mark.parametrize("tier", TIERS)
def test_the_answers_of_a_wheel_are_not_within_reach(complete, tier, tmp_path):
    """Nothing is imported or read of the suite, where the fences stand; a star of it earns nothing, in words."""
    if tiers.unusable(tier) or tiers.best(tier)[0].open:
        pytest.skip(str(tiers.unusable(tier) or tiers.best(tier)[0].open))
    told = f"ENVIRONMENT, PROJECT = {str(complete.parent)!r}, {str(PROJECT)!r}\n"
    _write(tmp_path, {"class/star.py": "from lmm_core import *\n", "class/search.py": told + SEARCH})
    _write(tmp_path, {"class/right.py": bundle.correct()})
    chosen = rubric(tmp_path / "rubric.toml", "denominator_df")
    options = (f"--submission={tmp_path / 'class'}", f"--rubric={chosen}", f"--isolation={tier}")
    run = _run(str(complete / "python"), "-m", "pytest", *options, f"--report={tmp_path / 'out'}", cwd=tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    results = {path.parent.name: json.loads(path.read_text()) for path in (tmp_path / "out").glob("*/results.json")}
    assert {name: result["score"] for name, result in results.items()} == {"right": 10, "search": 0, "star": 0}
    assert "through: [], seen: True." in results["search"]["tests"][0]["output"]
    assert "lmm_core is not installed here" in results["star"]["output"]
