"""What is said of a slug: a misconception's hint, what is said of any function, or the course's own words."""

from collections.abc import Mapping

from tests.grading.judgement import misconceptions
from tests.grading.judgement.excuses import CONSEQUENCE, FLAWS, ROUNDED, SEARCH
from tests.grading.judgement.slips import HARD_CODED, HINTS, IMPRECISE, NOT_A_NUMBER, RETURNS_NOTHING, SWAPPED

OF_ANY = {  # what may be wrong about any function, said to a class
    RETURNS_NOTHING: HINTS[RETURNS_NOTHING],
    IMPRECISE: HINTS[IMPRECISE],
    NOT_A_NUMBER: HINTS[NOT_A_NUMBER],
    SWAPPED: "Arguments are in each other's place.",
    HARD_CODED: "The same number comes out whatever the arguments are.",
    **{one.slug: one.said.format("those of the exercise") for one in (ROUNDED, SEARCH, *FLAWS.values()) if one.slug},
    CONSEQUENCE: "It follows from another function that is wrong, and keeps half of its points.",
}


def slugs() -> list[str]:
    """All that a hint may be about."""
    return sorted({one.slug for one in misconceptions.every()} | set(OF_ANY))


def hint(slug: str, said: str, own: Mapping[str, str]) -> str:
    """The course's words about a slug, "" for none; what is said else."""
    return own.get(slug, said)


def to_a_class(function: str, slug: str, own: Mapping[str, str]) -> str:
    """The sentence to say in a lecture."""
    of_function = {one.slug: one.hint for one in misconceptions.of(function)}
    return hint(slug, of_function.get(slug, OF_ANY.get(slug, "")), own)
