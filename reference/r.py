"""The bridge to live R: lme4 and lmerTest through rpy2, which is imported nowhere else.

rpy2 starts R inside this process. It installs without R and fails at import, and each of its releases
fits some releases of R only; `unavailable` says in one line what is missing.
"""

import importlib.metadata
import importlib.util
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PACKAGES = ("lme4", "lmerTest", "pbkrtest", "jsonlite")
DEBIAN = "apt-get install -y --no-install-recommends r-base-core " + " ".join(f"r-cran-{p.lower()}" for p in PACKAGES)
IN_R = "install.packages(c(" + ", ".join(f"'{name}'" for name in PACKAGES) + "))"

LMER = """
function(data, formula, tight = TRUE) {
  control <- lme4::lmerControl("bobyqa", calc.derivs = FALSE,
    optCtrl = if (tight) list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e5) else list())
  control$check.conv.singular$action <- "ignore"
  data$bucket <- factor(data$bucket)
  fit <- suppressWarnings(suppressMessages(lmerTest::lmer(as.formula(formula), data, control = control)))
  table <- coef(summary(fit))
  test <- if (nrow(table) > 1) as.list(anova(fit)[1, ]) else NULL
  list(v = as.data.frame(lme4::VarCorr(fit))$vcov, coef = table[, "Estimate"], se = table[, "Std. Error"],
       df = table[, "df"], criterion = lme4::REMLcrit(fit),
       F = test[["F value"]], df_num = test[["NumDF"]], df_den = test[["DenDF"]], p_value = test[["Pr(>F)"]])
}
"""


@dataclass(frozen=True)
class LmerFit:
    """What lmerTest says of one fit; the test of the first fixed term is None without one."""

    Vb: float
    Ve: float
    coef: NDArray[np.float64]
    se: NDArray[np.float64]
    df: NDArray[np.float64]
    criterion: float
    F: float | None
    df_num: float | None
    df_den: float | None
    p_value: float | None


def install() -> str:
    """The one line that installs what is missing of R and its bridge, here and from any folder."""
    if shutil.which("R"):
        return install_bridge()
    return f"{DEBIAN} && {install_bridge()}"


def install_bridge() -> str:
    """The one line that installs rpy2 into this Python, from any folder.

    RPY2_CFFI_MODE=ABI: nothing is compiled; without it a C compiler and R's headers are needed.
    """
    wanted = importlib.metadata.requires("lmm-verification") or []
    names = " ".join(name.split(";")[0].strip() for name in wanted if re.search(r"extra == ['\"]r['\"]", name))
    python = shlex.quote(sys.executable)
    has_pip = importlib.util.find_spec("pip") or not shutil.which("uv")
    return (
        f"RPY2_CFFI_MODE=ABI {f'{python} -m pip install' if has_pip else f'uv pip install --python {python}'} {names}"
    )


@cache
def unavailable() -> str | None:
    """Why live R cannot be used, in one line; None where it can."""
    if shutil.which("R") is None:
        return "no R on this machine"
    try:
        _robjects()
    except ModuleNotFoundError as error:
        return f"R is here but {error.name} is not installed"
    except Exception as error:  # rpy2 raises whatever the linker says when it does not fit R
        return f"rpy2 {_version('rpy2')} does not fit {_r_version()}: {str(error).splitlines()[0]}"
    missing = [name for name in ("lme4", "lmerTest", "pbkrtest") if not _has_package(name)]
    return f"R lacks the packages {', '.join(missing)}" if missing else None


@cache
def versions() -> str:
    """R, lme4, lmerTest and rpy2 in one line."""
    package = _robjects().r("function(name) as.character(packageVersion(name))")
    names = ", ".join(f"{name} {package(name)[0]}" for name in ("lme4", "lmerTest"))
    return f"{_r_version()}, {names}, rpy2 {_version('rpy2')}"


def lmer(data: pd.DataFrame, formula: str, *, tight: bool = True) -> LmerFit:
    """Fit by lmerTest::lmer with bobyqa, stopped at 1e-11 (`tight`) or where lme4's default stops it.

    Args:
        data: a table with columns `weight`, `bucket`, and what else the formula names; strings become factors.
        formula: R's, for example "weight ~ color + (1 | bucket)".
        tight: see above.
    """
    result = dict(_call(LMER, _data_frame(data), formula, tight))
    v = np.array(result.pop("v"))
    vectors = {name: np.array(result[name], dtype=float) for name in ("coef", "se", "df")}
    rest = ("criterion", "F", "df_num", "df_den", "p_value")
    scalars = {name: float(result[name][0]) if len(result.get(name) or ()) else None for name in rest}
    return LmerFit(Vb=float(v[0]), Ve=float(v[1]), **vectors, **scalars)  # type: ignore[arg-type]


def evaluate(code: str, **arguments: pd.DataFrame | str | float) -> list[float]:
    """The numbers that an R expression yields; the arguments are its variables."""
    names = ", ".join(arguments)
    values = [_data_frame(v) if isinstance(v, pd.DataFrame) else v for v in arguments.values()]
    return [float(value) for value in _robjects().r(f"function({names}) {{ {code} }}")(*values)]


def get(name: str, environment: Any) -> Any:
    """What a name stands for in an R environment, or R's NULL."""
    return _robjects().r("function(name, env) get0(name, env, inherits = FALSE)")(name, environment)


def define(code: str, environment: Any) -> None:
    """Run code in an R environment."""
    _robjects().r("function(text, env) eval(parse(text = text), env)")(code, environment)


def loaded() -> dict[str, str]:
    """The folder of each package that R has loaded."""
    paths = _robjects().r('sapply(setdiff(loadedNamespaces(), "base"), function(name) getNamespaceInfo(name, "path"))')
    return dict(zip(map(str, paths.names), map(str, paths), strict=True))


def _call(function: str, *arguments: Any) -> Any:
    result = _robjects().r(function)(*arguments)
    return zip(result.names, list(result), strict=True)


def _data_frame(data: pd.DataFrame) -> Any:
    """Strings cross as factors, numbers as doubles."""
    robjects = _robjects()
    columns: dict[str, Any] = {}
    for name, column in data.items():
        if pd.api.types.is_numeric_dtype(column):
            columns[str(name)] = robjects.FloatVector(column.to_numpy(dtype=float))
        else:
            columns[str(name)] = robjects.FactorVector(robjects.StrVector(column.astype(str).tolist()))
    return robjects.DataFrame(columns)


@cache
def _robjects() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("rpy2").setLevel(logging.ERROR)
        os.environ.setdefault("R_LIBS_USER", "NULL")  # what a user installed by hand does not judge
        libraries = os.environ.get("LD_LIBRARY_PATH")
        from rpy2 import robjects  # noqa: PLC0415 - starts R

        os.environ["LD_LIBRARY_PATH"] = libraries or ""  # R's own would give processes that we start another Python
    robjects.r('invisible(Sys.setlocale("LC_COLLATE", "C"))')
    return robjects


def _has_package(name: str) -> bool:
    return bool(_robjects().r(f'(requireNamespace("{name}", quietly = TRUE))')[0])


def _r_version() -> str:
    line = subprocess.run(["R", "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(line.split()[:3])


def _version(package: str) -> str:
    return importlib.metadata.version(package)
