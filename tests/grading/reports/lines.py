"""One submission's line in what is written of a class."""

from dataclasses import dataclass

from tests.grading.judgement.verdict import Result


@dataclass(frozen=True)
class Line:
    """One submission in the class's files."""

    name: str
    file: str
    score: float
    max_score: float
    tier: str
    points: dict[str, float]  # by function
    max_points: dict[str, float]
    misconceptions: dict[str, str]  # by function, where there is one

    @classmethod
    def of(cls, name: str, result: Result) -> "Line":
        """The line of a result."""
        tests = {test["tags"][0]: test for test in result["tests"]}
        slugs = {function: test["extra_data"]["misconception"] for function, test in tests.items()}
        return cls(
            name=name,
            file=result["extra_data"]["file"],
            score=result["score"],
            max_score=maximum(result),
            tier=result["extra_data"]["isolation"],
            points={function: test["score"] for function, test in tests.items()},
            max_points={function: test["max_score"] for function, test in tests.items()},
            misconceptions={function: slug for function, slug in slugs.items() if slug},
        )


def maximum(result: Result) -> float:
    """Points that can be had."""
    return float(sum(test["max_score"] for test in result["tests"]))
