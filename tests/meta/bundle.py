"""Submissions made of lmm_core: one file that carries the whole package, as it stands or with one function wrong."""

import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import lmm_core
from tests.contract import CONTRACT
from tests.grading.judgement.misconceptions import ingredients

LOADER = """
import sys, types
for name, source in SOURCES.items():
    module = types.ModuleType(name)
    module.__package__ = "lmm_core"
    sys.modules[name] = module
sys.modules["lmm_core"].__path__ = []
for name, source in SOURCES.items():
    exec(compile(source, name, "exec"), sys.modules[name].__dict__)
    if "." in name:
        setattr(sys.modules["lmm_core"], name.partition(".")[2], sys.modules[name])
"""
ORDER = (
    *("checks", "simulation", "design", "covariance", "least_squares", "basis", "sums", "profile", "search"),
    *("reml", "inference"),
)


def correct() -> str:
    """lmm_core as a submission."""
    folder = Path(lmm_core.__path__[0])
    sources = {f"lmm_core.{name}": (folder / f"{name}.py").read_text() for name in ORDER}
    exports = "\n".join(
        f"from lmm_core.{getattr(lmm_core, n).__module__.partition('.')[2]} import {n}" for n in CONTRACT
    )
    return f"SOURCES = { ({'lmm_core': ''} | sources)!r}\n{LOADER}\n{exports}\n"


def wrong(function: str, implementation: Callable[..., Any]) -> str:
    """lmm_core with one function replaced by a misconception's implementation."""
    source = inspect.getsource(implementation)
    body = source[source.index("def _(") :].replace("def _(", f"def {function}(", 1)
    return f"{correct()}\n{HELPERS}\n{textwrap.dedent(body)}"


def _without_imports(module: ModuleType) -> str:
    """What the wrong implementations call, without the grader's own modules."""
    text = inspect.getsource(module)
    return text[text.index("def ") :]


HELPERS = f"""
import numpy as np
import pandas as pd
from scipy import stats
from types import SimpleNamespace


def indicators(labels):
    return (labels[:, None] == np.unique(labels)[None, :]).astype(float)


class exact:
    @staticmethod
    def reml(X, y, group):
        fit = fit_reml_right(X, y, group)
        from lmm_core.inference import satterthwaite_df
        numbers = {{n: getattr(fit, n) for n in ("Vb", "Ve", "criterion", "coef", "se")}}
        return SimpleNamespace(**numbers, df=satterthwaite_df(X, y, group))

    @staticmethod
    def ddf_range(X, y, group, L):
        from lmm_core.inference import contrasts_f_test
        df = contrasts_f_test(fit_reml_right(X, y, group), L).df_den
        return df, df


fit_reml_right = sys.modules["lmm_core.reml"].fit_reml
right_anova = sys.modules["lmm_core.inference"].anova_reml
{_without_imports(ingredients)}
"""
