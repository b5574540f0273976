"""The wing's pictures, under the name that a notebook imports: `from lmm_core import plots`."""

from lmm_core.chapter.pictures import *  # noqa: F403
