"""The door of the suite: which implementation is judged, with how many examples, and whether R is asked."""

import gc
import os
from importlib.metadata import version

from lmm_verification import door

from tests.grading.sandbox import early

early.begin(door.GIVEN)  # before what takes a second to import
gc.set_threshold(100_000)  # objects: to look for garbage as often as Python does takes a tenth of the time

# ruff: noqa: E402
import hypothesis
import numpy as np
import pytest

import lmm_core
from reference import r
from tests.grading.reports.terminal import harmless
from tests.grading.session import STATE

pytest_plugins = ["tests.grading.options", "tests.grading.plugin", "tests.peers.plugin", "tests.accuracy"]

PROFILES = {"dev": 5, "default": 30, "thorough": 10_000}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lmm", "linear mixed models")
    group.addoption(
        "--live-r",
        choices=("auto", "require", "off"),
        default="auto",
        help="compare with lme4 and lmerTest in live R: where R is found, or fail without it, or never",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name, max_examples in PROFILES.items():
        hypothesis.settings.register_profile(
            name, max_examples=max_examples, derandomize=name != "thorough", deadline=None, database=None
        )
    if STATE in config.stash:  # its examples are chosen already
        return
    profile = config.getoption("--hypothesis-profile") or os.environ.get("HYPOTHESIS_PROFILE")
    if profile or not config.getoption("--implementation"):
        hypothesis.settings.load_profile(profile or "default")
    if config.getoption("--live-r") == "require" and r.unavailable():
        raise pytest.UsageError(f"--live-r require: {r.unavailable()}; {r.install()}")


def pytest_report_header(config: pytest.Config) -> list[str]:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "pandas"))
    return [
        f"implementation: {_implementation(config)}",
        f"libraries: {libraries}, BLAS {blas['name']} {blas['version']}",
        f"live R: {_live_r(config)}",
    ]


def _implementation(config: pytest.Config) -> str:
    submissions = config.getoption("--submission") or config.getoption("--implementation")
    if isinstance(submissions, str):
        return submissions
    return harmless(", ".join(submissions)) if submissions else f"lmm_core ({lmm_core.__path__[0]})"


def _live_r(config: pytest.Config) -> str:
    if config.getoption("--live-r") == "off" or STATE in config.stash:
        return "off"
    return f"not used, {r.unavailable()}; to install: {r.install()}" if r.unavailable() else r.versions()


@pytest.fixture(scope="session")
def core():
    """lmm_core itself, for what it owes beyond the contract."""
    return lmm_core


@pytest.fixture(scope="session")
def live_r(pytestconfig: pytest.Config):
    """The bridge to R, or a skip that says why."""
    if pytestconfig.getoption("--live-r") == "off":
        pytest.skip("--live-r off")
    if r.unavailable():
        pytest.skip(f"{r.unavailable()}; to install: {r.install()}")
    return r
