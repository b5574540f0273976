"""This project's own implementation, as a package names its own (see .github/workflows/ci.yml)."""

from lmm_core import *  # noqa: F403

VERSION = "lmm_core"
