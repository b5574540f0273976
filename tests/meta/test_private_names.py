"""What others may rename or number anew without a word: private names that are set, and the kernel's numbers of calls.

A private name that is read and gone is an error by itself; one that is set and gone does nothing, in silence.
"""

import ctypes
import importlib
import inspect
import re

import pytest

from tests.grading.sandbox import confinement

SET = {
    "MAX_SHRINKS": "hypothesis.internal.conjecture.engine",  # grading/examples.py
    "global_force_seed": "hypothesis.core",  # grading/examples.py
    "_get_plot_backend": "pandas.plotting._core",  # grading/sandbox/stand_ins.py
}
UNKNOWN = -1  # to libseccomp; below it: known, and not on this machine
MACHINES = list(confinement.ARCHITECTURES)
TABLES = (confinement.REFUSED, confinement.CHANGES_OF_FILES)
PAIRS = {"clone": confinement.CLONE, "fcntl": confinement.FCNTL, "ioctl": confinement.IOCTL}
PAIRS |= confinement.ONLY_MYSELF | confinement.ONLY_ZERO
TRIPLES = [triple for table in TABLES for triple in re.findall(r"(\w+) (\d+) (\d+)", table)]
NUMBERS = {name: (int(first), int(second)) for name, first, second in TRIPLES} | PAIRS
NEW = {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", confinement.NEW_AND_REFUSED)}
NUMBERS |= {name: (number, number) for name, number in NEW.items()} | {"clone3": (confinement.CLONE3,) * 2}


@pytest.mark.parametrize("name", SET)
def test_a_private_name_that_is_set_is_read(name):
    """By the module that has it: in a line other than the one that defines it."""
    source = inspect.getsource(importlib.import_module(SET[name]))
    assert len(re.findall(rf"\b{name}\b", source)) > 1


@pytest.fixture(scope="module")
def resolve():
    """The number of a call on a machine by libseccomp; below 0 where the machine has none, or the library is older."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp is not there to ask")
    return lambda machine, name: library.seccomp_syscall_resolve_name_arch(
        ctypes.c_uint32(confinement.ARCHITECTURES[machine]), name.encode()
    )


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", NUMBERS)
def test_a_call_has_the_number_that_libseccomp_says(resolve, name, machine):
    """On both machines; 0 in our table: it has none there."""
    number = NUMBERS[name][MACHINES.index(machine)]
    found = resolve(machine, name)
    is_newer = found == UNKNOWN and name in NEW  # than the library
    assert is_newer or found == number or (found < UNKNOWN and number == 0)


def test_most_calls_are_known_to_libseccomp(resolve):
    """So that the test above asks something."""
    assert sum(resolve("x86_64", name) > 0 for name in NUMBERS) > 0.9 * len(NUMBERS)
