"""What Python runs when it starts: a finder that finds nothing, and sees pytest come.

Up to Python 3.17 the line in lmm_verification.pth runs it; from 3.15 on lmm_verification.start does (PEP 829), and the
line is passed over. Every start of Python pays for it, so it imports nothing that is not there already.
"""

import os
import sys


class Watch:
    """Stands before the other finders; when pytest's configuration is imported it puts the door before it."""

    closed: tuple = ()  # entries of sys.path that nothing may be imported from, until the door is passed

    def find_spec(self, name, path=None, target=None):
        """Nothing but `_pytest.config`, as the others find it."""
        if self.closed and path is None:
            sys.path[:] = [entry for entry in sys.path if entry not in self.closed]
        if name != "_pytest.config":
            return None
        others = [finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")]
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                from lmm_verification import door  # noqa: PLC0415 - in runs of pytest alone

                door.stand_before(module)

            spec.loader.exec_module = exec_module
        return spec


def watch() -> None:
    """Where Python was told to grade, the folder it was started in lends it no module: hand-ins may lie there."""
    if any(isinstance(finder, Watch) for finder in sys.meta_path):
        return
    watching = Watch()
    sys.meta_path.insert(0, watching)
    if any("pytest" in word or "py.test" in word for word in getattr(sys, "orig_argv", ())):
        from lmm_verification import door  # noqa: PLC0415

        if door.asks_for_grading(sys.orig_argv[1:]):
            watching.closed = ("", os.getcwd())
