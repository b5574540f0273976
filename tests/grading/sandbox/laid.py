"""The one place where a path of a hand-in becomes a file.

    below(home, name) = home / name with every link and `..` followed, where that lies below home

A name is checked after it is joined and resolved, as the system will read it: whatever a name looks like, what is
written lies below home.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def below(home: Path, name: str) -> Path:
    """Where a file of this name lies; raises ValueError where that is not below home."""
    home = home.resolve()
    path = (home / name).resolve()
    if home not in path.parents:
        raise ValueError(f"{name!r} does not lie below {home}")
    return path


def lay(home: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write new files below home; what cannot be is not there.

    A file where another has a folder, a name too long or that leads away, folders without end.
    """
    for name, content in files:
        with suppress(OSError, ValueError, RecursionError):
            path = below(home, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
