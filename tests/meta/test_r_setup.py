"""What R needs is said before it is missed, with the line that works from where one is."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from reference import r
from tests.grading.intake import template
from tests.grading.sandbox import tiers

FOUND, WHICH = importlib.util.find_spec, shutil.which


@pytest.fixture
def without(monkeypatch):
    """A machine on which some modules and commands are not there."""

    def leave_out(*names: str) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in names else FOUND(name))
        monkeypatch.setattr(shutil, "which", lambda name: None if name in names else f"/usr/bin/{name}")

    return leave_out


@pytest.mark.parametrize("name", ["student.R", "student.Rmd"])
def test_a_template_in_r_says_what_r_needs_on_each_system(name):
    """Packages, the bridge, and whether anything is compiled."""
    said = "\n".join(template.needs(Path(name)))
    words = (
        "Debian, Ubuntu:  sudo apt-get install",
        "install.packages(c('lme4'",
        "WSL",
        "rpy2==",
        "nothing is compiled",
    )
    assert [word for word in words if word not in said] == []


def test_a_template_in_python_needs_nothing_more():
    """Nor does a notebook."""
    assert template.needs(Path("student.py")) == template.needs(Path("student.ipynb")) == []


@pytest.mark.parametrize(
    ("missing", "begins"),
    [
        ("uv", f"RPY2_CFFI_MODE=ABI {sys.executable} -m pip install rpy2"),
        ("pip", "RPY2_CFFI_MODE=ABI uv pip install --py"),
    ],
)
def test_the_bridge_is_installed_into_this_python_by_what_is_there(without, missing, begins):
    """From any folder: the interpreter is named, and the releases are those of the extra."""
    without(missing)
    assert r.install_bridge().startswith(begins) and "rpy2==" in r.install_bridge()


def test_where_the_bridge_alone_is_missing_its_line_alone_is_named(without):
    """No sentence about R, which is here."""
    without("rpy2")
    assert tiers.r_unusable.__wrapped__("none") == "R is here, and its bridge to Python, rpy2, is not installed"
    assert r.install() == r.install_bridge()


def test_where_r_is_missing_both_are_named(without):
    """In one line."""
    without("R")
    assert tiers.r_unusable.__wrapped__("none") == "no R on this machine"
    assert r.install().startswith("apt-get install") and r.install().endswith(r.install_bridge())
