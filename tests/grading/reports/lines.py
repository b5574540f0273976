"""One submission's line in what is written of a class."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.grading.judgement.verdict import Result


@dataclass(frozen=True)
class Line:
    """One submission in the class's files."""

    name: str
    file: str
    score: float
    max_score: float
    tier: str
    person: dict[str, str]  # name, id, sis, login, email, section, as far as known
    late: bool
    not_graded: str  # why, where it was not
    remarks: list[str]
    points: dict[str, float]  # by function
    max_points: dict[str, float]
    misconceptions: dict[str, str]  # by function, where there is one
    unexplained: dict[str, str]  # what the first failing check of a function says, where there is none
    broken: str  # why the file as a whole could not be called
    names: dict[str, str] = field(default_factory=dict)  # of functions, in the course
    uploads: list[tuple[str, float, bool]] = field(default_factory=list)  # file, points, whether it counts
    overrides: dict[str, str] = field(default_factory=dict)  # by function: points, instead of which, and why

    @classmethod
    def of(cls, name: str, result: Result, uploads: Iterable[tuple[str, float, bool]] = ()) -> "Line":
        """The line of a result; `uploads`: file, points and whether it counts, of who has several."""
        tests = {test["tags"][-1]: test for test in result["tests"]}
        about = result["extra_data"]
        slugs = {function: test["extra_data"]["misconception"] for function, test in tests.items()}
        return cls(
            name=name,
            file=about["file"],
            score=result["score"],
            max_score=maximum(result),
            tier=about["isolation"],
            person=about["person"],
            late=about["late"],
            not_graded=about.get("not_graded", ""),
            remarks=about["remarks"],
            points={function: test["score"] for function, test in tests.items()},
            max_points={function: test["max_score"] for function, test in tests.items()},
            misconceptions={function: slug for function, slug in slugs.items() if slug},
            unexplained={
                function: test["extra_data"]["remark"]
                for function, test in tests.items()
                if test["status"] == "failed" and not slugs[function] and test["extra_data"]["remark"]
            },
            broken=about["broken"],
            uploads=list(uploads),
            overrides={
                function: "{points:g} instead of {was:g}, {why}".format(**test["extra_data"]["override"])
                for function, test in tests.items()
                if "override" in test["extra_data"]
            },
            names={function: test["tags"][0] for function, test in tests.items()},
        )

    def called(self, function: str) -> str:
        """What the course calls a function."""
        return self.names.get(function, function)


def maximum(result: Result) -> float:
    """Points that can be had."""
    return float(sum(test["max_score"] for test in result["tests"]))
