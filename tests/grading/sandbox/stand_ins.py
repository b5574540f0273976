"""What stands in for packages that a submission imports. Runs in the sandbox, beside worker.py."""

import importlib.util
import types


class Drawing(types.ModuleType):
    """Stands in for matplotlib: a picture earns nothing and costs nothing, installed or not."""

    __path__: list = []  # noqa: RUF012 - what makes a module a package

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_, **__):
        return self

    def __getitem__(self, _):
        return self

    def __iter__(self):  # figure, axes = plt.subplots()
        return iter((self, self))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class DrawingFinder:
    """Finds matplotlib and everything in it."""

    @staticmethod
    def find_spec(name: str, path=None, target=None):
        """A module that is a Drawing."""
        if name.partition(".")[0] != "matplotlib":
            return None
        return importlib.util.spec_from_loader(name, DrawingFinder, is_package=True)

    @staticmethod
    def create_module(spec):
        """See find_spec."""
        return Drawing(spec.name)

    @staticmethod
    def exec_module(module):
        """Nothing is to be run."""


class Forbidding:
    """Says in words what the rubric does not allow; who removes this finds nothing (see launch.py)."""

    def __init__(self, names: list) -> None:
        self.names = names

    def find_spec(self, name: str, path=None, target=None):
        """Nothing, or an error in words."""
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} may not be used in this exercise", name=name)
