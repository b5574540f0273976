"""What stands in for packages that a submission imports. Runs in the sandbox, beside worker.py."""

import dis
import importlib.util
import sys
import types

import numpy
import pandas.plotting._core

# Packages that draw, or that belong to a notebook's surroundings: installed or not, they cost nothing and earn nothing.
PICTURES = (
    *("matplotlib", "mpl_toolkits", "pylab", "seaborn", "plotly", "altair", "bokeh", "plotnine", "pydot", "graphviz"),
    *("IPython", "ipywidgets", "google", "tqdm_notebook", "itables", "marimo"),
)


class Drawing(types.ModuleType):
    """Stands in for whatever draws: it can be called, indexed, entered, counted with, and does nothing."""

    __path__: list = []  # noqa: RUF012 - what makes a module a package

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_, **__):
        return self

    def __getitem__(self, _):
        return self

    def __setitem__(self, *_):
        pass

    def __iter__(self):  # figure, axes = plt.subplots(); counts, edges, bars = plt.hist(x)
        return iter((self,) * _names_to_the_left(sys._getframe(1)))

    def __array__(self, *_, **__):
        return numpy.zeros(())

    def __int__(self):
        return 0

    def __len__(self):
        return 2

    def __bool__(self):
        return True

    def __float__(self):
        return 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def _names_to_the_left(frame) -> int:
    """Of the assignment that takes something apart there; 2 where it is none."""
    operation, argument = frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2]
    return argument if operation == dis.opmap["UNPACK_SEQUENCE"] else 2


for _name in ("neg", "pos", "abs"):
    setattr(Drawing, f"__{_name}__", lambda self: self)
for _name in ("add", "sub", "mul", "truediv", "pow", "mod"):
    setattr(Drawing, f"__{_name}__", lambda self, _: self)
    setattr(Drawing, f"__r{_name}__", lambda self, _: self)
for _name in ("lt", "le", "gt", "ge"):
    setattr(Drawing, f"__{_name}__", lambda *_: False)


class DrawingFinder:
    """Finds these packages and everything in them."""

    @staticmethod
    def find_spec(name: str, path=None, target=None):
        """A module that is a Drawing."""
        if name.partition(".")[0] not in PICTURES:
            return None
        return importlib.util.spec_from_loader(name, DrawingFinder, is_package=True)

    @staticmethod
    def create_module(spec):
        """See find_spec."""
        return Drawing(spec.name)

    @staticmethod
    def exec_module(module):
        """Nothing is to be run."""


def replace_pictures() -> None:
    """DataFrame.plot, .hist and .boxplot draw nothing either."""
    pandas.plotting._core._get_plot_backend = lambda *_: Drawing("plots")


class Forbidding:
    """Says in words what the rubric does not allow, and of what answers the exercise that it is not there.

    Who removes this finds nothing (see launch.py).
    """

    def __init__(self, names: list, absent: list) -> None:
        self.names, self.absent = names, absent

    def find_spec(self, name: str, path=None, target=None):
        """Nothing, or an error in words."""
        package = name.partition(".")[0]
        if package in self.names:
            raise ModuleNotFoundError(f"{name} may not be used in this exercise", name=name)
        if package in self.absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
